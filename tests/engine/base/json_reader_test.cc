#include "engine/base/json_reader.h"

#include <gtest/gtest.h>

#include "engine/client/connect_options.h"

namespace rubus::test {
namespace {

bool is_valid(std::string_view json) {
  JsonReader reader(json);
  return reader.skip_value() && reader.at_end();
}

TEST(JsonReader, accepts_what_is_json_and_refuses_what_is_not) {
  for (const std::string_view good : {"{}", " { } ", "[1,2.5,-0.1e+9]", R"({"a":{"b":[null]}})",
                                      R"("\u00e9\ud83d\ude00")", "0", "true"}) {
    EXPECT_TRUE(is_valid(good)) << good;
  }
  for (const std::string_view bad :
       {"", "{", "{,}", "[1,]", "{\"a\"}", "{\"a\":}", "01", "1.", ".5", "+1", "'a'", "\"\n\"",
        "\"\\q\"", "\"\\u12\"", "nul", "{} x"}) {
    EXPECT_FALSE(is_valid(bad)) << bad;
  }
}

TEST(JsonReader, nesting_is_bounded) {
  EXPECT_TRUE(is_valid(std::string(60, '[') + std::string(60, ']')));
  EXPECT_FALSE(is_valid(std::string(70, '[') + std::string(70, ']')));
}

TEST(JsonReader, escapes_are_decoded_and_bad_utf8_is_replaced) {
  JsonReader reader("\"a\\n\\u00e9\\ud83d\\ude00\\ud83dx\xff\"");
  std::string value;
  ASSERT_TRUE(reader.read_string(value));
  EXPECT_EQ(value, "a\n\xC3\xA9\xF0\x9F\x98\x80\xEF\xBF\xBDx\xEF\xBF\xBD");
}

TEST(JsonString, is_escaped_as_go_does) {
  std::string json;
  append_json_string(json, "<a>&\"\\\n\x01\xff\x7f");
  EXPECT_EQ(json, "\"\\u003ca\\u003e\\u0026\\\"\\\\\\n\\u0001\\ufffd\x7f\"");
}

TEST(ConnectOptions, keys_are_matched_in_any_case_and_unknown_ones_are_ignored) {
  ConnectOptions options;
  EXPECT_TRUE(merge_connect_options(R"({"VERBOSE":false,"zzz":{"a":[1]},"Name":"n"})", options));
  EXPECT_FALSE(options.verbose);
  EXPECT_EQ(options.name, "n");
}

TEST(ConnectOptions, a_value_of_the_wrong_type_is_refused) {
  for (const std::string_view bad :
       {R"({"verbose":"yes"})", R"({"protocol":1.5})", R"({"name":1})", "[]", "1", "{} {}"}) {
    ConnectOptions options;
    EXPECT_FALSE(merge_connect_options(bad, options)) << bad;
  }
}

TEST(ConnectOptions, null_leaves_a_value_as_it_was) {
  ConnectOptions options;
  options.verbose = false;
  EXPECT_TRUE(merge_connect_options(R"({"verbose":null})", options));
  EXPECT_TRUE(merge_connect_options("null", options));
  EXPECT_FALSE(options.verbose);
}

}  // namespace
}  // namespace rubus::test
