// Go's text forms against values printed by Go itself (package documentation and a running server).
#include "engine/monitor/go_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace rubus {

TEST(GoTime, trims_zeros_of_the_fraction_and_knows_the_calendar) {
  EXPECT_EQ(go_time_text({0}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(go_time_text({1'795'407'158'802'672'302}), "2026-11-23T04:12:38.802672302Z");
  EXPECT_EQ(go_time_text({1'795'407'158'802'670'000}), "2026-11-23T04:12:38.80267Z");
  EXPECT_EQ(go_time_text({951'782'400'000'000'000}), "2000-02-29T00:00:00Z");
  EXPECT_EQ(go_time_text({1'709'251'199'000'000'000}), "2024-02-29T23:59:59Z");
  EXPECT_EQ(go_time_text({4'107'542'400'000'000'000}), "2100-03-01T00:00:00Z");
  EXPECT_EQ(go_time_text({-1}), "1969-12-31T23:59:59.999999999Z");
}

TEST(GoDuration, changes_its_unit_with_its_size) {
  EXPECT_EQ(go_duration_text({0}), "0s");
  EXPECT_EQ(go_duration_text({999}), "999ns");
  EXPECT_EQ(go_duration_text({447'000}), "447µs");
  EXPECT_EQ(go_duration_text({447'010}), "447.01µs");
  EXPECT_EQ(go_duration_text({153'561'288}), "153.561288ms");
  EXPECT_EQ(go_duration_text({1'500'000'000}), "1.5s");
  EXPECT_EQ(go_duration_text({90'000'000'000}), "1m30s");
  EXPECT_EQ(go_duration_text({3'600'000'000'000}), "1h0m0s");
  EXPECT_EQ(go_duration_text({-2'000'000}), "-2ms");
}

TEST(RoundTripText, drops_nanoseconds_below_a_millisecond) {
  EXPECT_EQ(round_trip_text({447'999}), "447µs");
  EXPECT_EQ(round_trip_text({1'000}), "1µs");
  EXPECT_EQ(round_trip_text({900}), "900ns");
  EXPECT_EQ(round_trip_text({3'008'587}), "3.008587ms");
}

TEST(AgeText, shows_every_smaller_unit) {
  EXPECT_EQ(age_text(milliseconds(1999)), "1s");
  EXPECT_EQ(age_text(seconds(60)), "1m0s");
  EXPECT_EQ(age_text(seconds(3661)), "1h1m1s");
  EXPECT_EQ(age_text(seconds(93'784)), "1d2h3m4s");
  EXPECT_EQ(age_text(seconds(31'536'001)), "1y0d0h0m1s");
}

TEST(GoQuoted, escapes_what_cannot_be_seen) {
  EXPECT_EQ(go_quoted("abc"), R"("abc")");
  EXPECT_EQ(go_quoted("\"\\\x01\x7f\xc3\xa9\xff\n"), "\"\\\"\\\\\\x01\\x7f\xc3\xa9\\xff\\n\"");
  EXPECT_EQ(go_quoted("\xe2\x80\xa8\xc2\xad\xef\xbf\xbd\xf0\x9f\x98\x80"),
            "\"\\u2028\\u00ad\xef\xbf\xbd\xf0\x9f\x98\x80\"");
}

TEST(GoFraction, has_the_shortest_digits_of_the_nearest_double) {
  EXPECT_EQ(go_fraction_text(2, 1), "2");
  EXPECT_EQ(go_fraction_text(1, 4), "0.25");
  EXPECT_EQ(go_fraction_text(1, 3), "0.3333333333333333");
  EXPECT_EQ(go_fraction_text(2, 3), "0.6666666666666666");
  EXPECT_EQ(go_fraction_text(53, 90), "0.5888888888888889");
  EXPECT_EQ(go_fraction_text(113, 74), "1.527027027027027");
  EXPECT_EQ(go_fraction_text(2, 7), "0.2857142857142857");
  EXPECT_EQ(go_fraction_text(96, 102), "0.9411764705882353");
  EXPECT_EQ(go_fraction_text(13, 10), "1.3");
  EXPECT_EQ(go_fraction_text(100, 1), "100");
  EXPECT_EQ(go_fraction_text(1, 1'000'000), "0.000001");
  EXPECT_EQ(go_fraction_text(1, 8'000'000), "1.25e-7");
  EXPECT_EQ(go_fraction_text(0, 5), "0");
  EXPECT_EQ(go_fraction_text(5, 0), "0");
}

TEST(GoParseInteger, tells_the_first_fault) {
  std::int64_t value = 0;
  EXPECT_EQ(go_parse_integer("+5", value), NumberFault::none);
  EXPECT_EQ(value, 5);
  EXPECT_EQ(go_parse_integer("-9223372036854775808", value), NumberFault::none);
  EXPECT_EQ(value, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(go_parse_integer("9223372036854775808", value), NumberFault::range);
  EXPECT_EQ(go_parse_integer("99999999999999999999x", value), NumberFault::range);
  EXPECT_EQ(go_parse_integer("9x", value), NumberFault::syntax);
  EXPECT_EQ(go_parse_integer("-", value), NumberFault::syntax);
}

TEST(GoParseUnsigned, refuses_signs_and_what_does_not_fit) {
  std::uint64_t value = 0;
  EXPECT_EQ(go_parse_unsigned("18446744073709551615", value), NumberFault::none);
  EXPECT_EQ(value, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(go_parse_unsigned("18446744073709551616", value), NumberFault::range);
  EXPECT_EQ(go_parse_unsigned("-1", value), NumberFault::syntax);
}

}  // namespace rubus
