// Goal: text is read by Go's definitions. Method: tables of text and reading.
#include <gtest/gtest.h>

#include "io/config_text.h"
#include "io/config_value.h"

namespace rubus::io {
namespace {

TEST(ConfigText, durations_are_read_as_go_reads_them) {
  struct Row {
    const char* text;
    std::int64_t nanoseconds;
  };
  for (const Row& row :
       {Row{"0", 0}, Row{"10s", 10'000'000'000}, Row{"1m30s", 90'000'000'000},
        Row{"100ms", 100'000'000}, Row{"-1.5h", -5'400'000'000'000}, Row{".5s", 500'000'000},
        Row{"1.s", 1'000'000'000}, Row{"+5ns", 5}, Row{"1h1m1s1ms1us1ns", 3'661'001'001'001},
        Row{"0.3333333333333333333h", 1'200'000'000'000}, Row{"9223372036854775807ns", INT64_MAX},
        Row{"-9223372036854775808ns", INT64_MIN}}) {
    const DurationReading reading = parse_duration(row.text);
    EXPECT_FALSE(reading.error) << row.text << ": " << reading.error.value_or("");
    EXPECT_EQ(reading.value.nanoseconds, row.nanoseconds) << row.text;
  }
}

TEST(ConfigText, what_is_no_duration_says_why) {
  struct Row {
    const char* text;
    const char* error;
  };
  for (const Row& row :
       {Row{"", "time: invalid duration \"\""}, Row{"10", "time: missing unit in duration \"10\""},
        Row{"1d", "time: unknown unit \"d\" in duration \"1d\""},
        Row{"abc", "time: invalid duration \"abc\""}, Row{"-", "time: invalid duration \"-\""},
        Row{".s", "time: invalid duration \".s\""}, Row{"+.s", "time: invalid duration \"+.s\""},
        Row{"3000000h", "time: invalid duration \"3000000h\""},
        Row{"9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""}}) {
    EXPECT_EQ(parse_duration(row.text).error.value_or("none"), row.error);
  }
}

TEST(ConfigText, a_duration_is_shown_as_go_shows_it) {
  EXPECT_EQ(duration_text(seconds(120)), "2m0s");
  EXPECT_EQ(duration_text(seconds(3'600)), "1h0m0s");
  EXPECT_EQ(duration_text(milliseconds(1'500)), "1.5s");
  EXPECT_EQ(duration_text(milliseconds(100)), "100ms");
  EXPECT_EQ(duration_text(microseconds(1'050)), "1.05ms");
  EXPECT_EQ(duration_text(nanoseconds(7)), "7ns");
  EXPECT_EQ(duration_text(Duration{}), "0s");
  EXPECT_EQ(duration_text(seconds(-1)), "-1s");
}

TEST(ConfigText, storage_sizes_are_powers_of_1024) {
  EXPECT_EQ(parse_storage_size("10K").value, 10'240);
  EXPECT_EQ(parse_storage_size("10M").value, 10'485'760);
  EXPECT_EQ(parse_storage_size("2T").value, std::int64_t{2} << 40);
  EXPECT_EQ(parse_storage_size("").value, 0);
  EXPECT_EQ(parse_storage_size("10X").error.value_or(""),
            "sizes defined as strings must end in K, M, G, T");
  EXPECT_EQ(parse_storage_size("10MB").error.value_or(""),
            "strconv.ParseInt: parsing \"10M\": invalid syntax");
}

TEST(ConfigText, quoting_escapes_what_cannot_be_seen) {
  EXPECT_EQ(go_quote("a\"b\\\n\t"), "\"a\\\"b\\\\\\n\\t\"");
  EXPECT_EQ(go_quote("\xEF\xBB\xBFport"), "\"\\ufeffport\"");
  EXPECT_EQ(go_quote("\xC3\xA9\xFF"), "\"\xC3\xA9\\xff\"");
  EXPECT_EQ(go_quote(std::string_view("\0\x01", 2)), "\"\\x00\\x01\"");
}

TEST(ConfigText, the_nearest_name_is_at_most_two_edits_away) {
  const std::vector<std::string_view> names = {"port", "host", "ping_interval", "tls"};
  EXPECT_EQ(nearest_name("prt", names), "port");
  EXPECT_EQ(nearest_name("prot", names), "port");
  EXPECT_EQ(nearest_name("PORTS", names), "port");
  EXPECT_EQ(nearest_name("ping_intervall", names), "ping_interval");
  EXPECT_EQ(nearest_name("ping_intrvl", names), "ping_interval");
  EXPECT_EQ(nearest_name("ping_intrv", names), std::nullopt);
  EXPECT_EQ(nearest_name("x", names), std::nullopt);
  EXPECT_EQ(nearest_name("", names), std::nullopt);
}

}  // namespace
}  // namespace rubus::io
