// Goal: files become trees, or one clear sentence. Method: texts in a world of files and variables
// in memory; trees are compared as JSON. The reference's own table of verdicts is played in
// tests/transcripts/config; here is what that table cannot show.
#include <gtest/gtest.h>

#include "io/config_digest.h"
#include "io/config_lexer.h"
#include "io/config_parser.h"
#include "tests/io/config_support.h"

namespace rubus::io {
namespace {

std::string json_of(const std::string& text, const MemoryWorld& world = {}) {
  const ConfigTree tree = parse_config_text(text, "f.conf", world.source());
  return tree.error ? "error: " + *tree.error : config_json(tree.root);
}

TEST(ConfigParser, every_kind_of_value_is_told_apart) {
  EXPECT_EQ(json_of("a: 1\nb: -2k\nc: 1.5\nd: yes\ne: OFF\nf: word\ng: \"q\\x41\"\nh: 'r\\n'\n"
                    "i: 127.0.0.1:4222\nj: 10s\nk: 2020-01-02T03:04:05Z\nl: [1, a\n b]\n"
                    "m: {x: 1}\nn: 1KiB\n"),
            R"({"a":1,"b":-2000,"c":1.5,"d":true,"e":false,"f":"word","g":"qA","h":"r\\n",)"
            R"("i":"127.0.0.1:4222","j":"10s","k":"2020-01-02T03:04:05Z","l":[1,"a","b"],)"
            R"("m":{"x":1},"n":1024})");
}

TEST(ConfigParser, a_key_given_again_replaces_the_value) {
  EXPECT_EQ(json_of("a: 1\nb: {x: 1}\na: 2\nb: {y: 2}\n"), R"({"a":2,"b":{"y":2}})");
}

TEST(ConfigParser, a_variable_is_looked_up_inside_out_and_then_in_the_environment) {
  const MemoryWorld world{{}, {{"E", "8080"}, {"LIST", "[1, 2 ]"}, {"CHAIN", "$E"}}};
  EXPECT_EQ(json_of("X: 1\na { X: 2, y: $X }\nz: $X\n", world),
            R"({"X":1,"a":{"X":2,"y":2},"z":1})");
  EXPECT_EQ(json_of("p: $E\nq: $LIST\nr: $CHAIN\n", world), R"({"p":8080,"q":[1,2],"r":8080})");
}

TEST(ConfigParser, the_environment_cannot_run_in_circles) {
  const MemoryWorld world{{}, {{"A", "$B"}, {"B", "$A"}}};
  EXPECT_NE(json_of("x: $A\n", world).find("variable reference cycle for 'A'"), std::string::npos);
}

TEST(ConfigParser, an_included_file_is_found_beside_the_file_that_includes_it) {
  const MemoryWorld world{
      {{"/etc/nats/parts/a.conf", "include ../b.conf\nx: 1\n"}, {"/etc/nats/b.conf", "y: 2\n"}},
      {}};
  const ConfigTree tree =
      parse_config_text("include parts/a.conf\nz: $x\n", "/etc/nats/main.conf", world.source());
  ASSERT_FALSE(tree.error) << *tree.error;
  EXPECT_EQ(config_json(tree.root), R"({"x":1,"y":2,"z":1})");
  EXPECT_EQ(place_text(tree.root.find("y")->place), "/etc/nats/b.conf:1:0");
}

TEST(ConfigParser, an_include_cycle_is_an_error_and_no_crash) {
  const MemoryWorld world{{{"a.conf", "include './b.conf'\n"}, {"b.conf", "include a.conf\n"}}, {}};
  const ConfigTree tree = parse_config_file("a.conf", world.source());
  EXPECT_EQ(tree.error.value_or(""),
            "error parsing include file './b.conf', error parsing include file 'a.conf', include "
            "cycle");
}

TEST(ConfigParser, includes_cannot_multiply_without_end) {
  MemoryWorld world;
  for (int i = 0; i < 40; ++i) {
    const std::string next = std::to_string(i + 1) + ".conf'\n";
    world.files[std::to_string(i) + ".conf"] = "include './" + next + "include './" + next;
  }
  world.files["40.conf"] = "x: 1\n";
  const ConfigTree tree = parse_config_file("0.conf", world.source());
  EXPECT_NE(tree.error.value_or("").find("too many include files"), std::string::npos);
}

TEST(ConfigParser, variables_cannot_grow_a_small_text_into_a_huge_tree) {
  std::string text = "v0: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1 ]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string one = "$v" + std::to_string(i - 1);
    text += "v" + std::to_string(i) + ": [" + one;
    for (int j = 1; j < 10; ++j) {
      text += ", " + one;
    }
    text += "]\n";
  }
  EXPECT_NE(json_of(text).find("expand to too many values"), std::string::npos);
}

TEST(ConfigParser, nesting_has_a_bound_of_its_own) {
  const auto nested = [](std::size_t depth) {
    return "a: " + std::string(depth, '[') + std::string(depth, ']') + "\n";
  };
  EXPECT_EQ(json_of(nested(400)).substr(0, 5), "{\"a\":");
  EXPECT_EQ(json_of(nested(100'000)),
            "error: Parse error on line 1: 'Maps and arrays are nested too deeply.'");
}

TEST(ConfigParser, places_count_from_zero_on_line_one_and_from_one_later) {
  const MemoryWorld world;
  const ConfigTree tree =
      parse_config_text("  a: 1\n  b: {\n c: x }\n\"d\": [\n  e ]\n", "f", world.source());
  ASSERT_FALSE(tree.error);
  EXPECT_EQ(place_text(tree.root.find("a")->place), "f:1:2");
  EXPECT_EQ(place_text(tree.root.find("b")->place), "f:2:3");
  EXPECT_EQ(place_text(tree.root.find("b")->find("c")->place), "f:3:2");
  EXPECT_EQ(place_text(tree.root.find("d")->place), "f:4:2");
  EXPECT_EQ(place_text(tree.root.find("d")->items[0].place), "f:5:3");
}

TEST(ConfigParser, the_digest_is_the_one_nats_server_shows) {
  const MemoryWorld world;
  const ConfigTree tree = parse_config_text("port: 4222\n", "f", world.source());
  EXPECT_EQ(config_digest(tree.root),
            "sha256:797533ebd0dfba7d34a0f9337ecf147e442871f48ddfd07ed751575a5737267e");
}

TEST(ConfigParser, markup_and_invalid_bytes_are_escaped_for_the_digest) {
  EXPECT_EQ(json_of("a: \"<&>\\x01\xFF\"\n"), "{\"a\":\"\\u003c\\u0026\\u003e\\u0001\\ufffd\"}");
}

}  // namespace
}  // namespace rubus::io
