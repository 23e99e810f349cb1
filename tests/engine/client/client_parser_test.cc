// Single facts about the client parser: exact limits, line ends, number forms.
#include <gtest/gtest.h>

#include "tests/engine/client/parser_events.h"

namespace rubus::test {
namespace {

using Lines = std::vector<std::string>;

Lines parse(std::string_view bytes, ParserLimits limits = {}) {
  return parse_in_chunks(bytes, {bytes.size() + 1}, limits).lines;
}

TEST(ClientParser, an_argument_of_exactly_max_control_line_passes) {
  const std::string subject(4094, 'a');
  EXPECT_EQ(parse("SUB " + subject + " 1\r\n"), Lines{"SUB <" + subject + "> <> <1>"});
}

TEST(ClientParser, an_argument_one_byte_over_max_control_line_is_refused) {
  EXPECT_EQ(parse("SUB " + std::string(4095, 'a') + " 1\r\n"), Lines{"control line exceeded"});
}

TEST(ClientParser, a_line_that_never_ends_is_refused_at_the_same_byte_however_it_is_cut) {
  const std::string bytes = "SUB " + std::string(4097, 'a');
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{7}, std::size_t{4096}}) {
    EXPECT_EQ(parse_in_chunks(bytes, {chunk}, {}).lines, Lines{"control line exceeded"});
  }
  EXPECT_EQ(parse_in_chunks(bytes.substr(0, 4100), {1}, {}).lines, Lines{});
}

TEST(ClientParser, a_payload_of_exactly_max_payload_passes_and_one_more_is_refused_at_the_line) {
  ParserLimits limits;
  limits.max_payload = 3;
  EXPECT_EQ(parse("PUB a 3\r\nxyz\r\n", limits), Lines{"PUB <a> <> <3> <xyz\r\n>"});
  EXPECT_EQ(parse("PUB a 4\r\n", limits), Lines{"payload exceeded"});
}

TEST(ClientParser, a_negative_control_line_limit_refuses_every_line_with_an_argument) {
  ParserLimits limits;
  limits.max_control_line = -1;
  EXPECT_EQ(parse("PING\r\nSUB a 1\r\n", limits), (Lines{"PING", "control line exceeded"}));
}

TEST(ClientParser, ten_digit_sizes_are_refused_without_an_answer) {
  EXPECT_EQ(parse("PUB a 0000000003\r\nxyz\r\n"), Lines{"argument error"});
}

TEST(ClientParser, a_header_publish_without_negotiated_headers_is_an_argument_error) {
  EXPECT_EQ(parse("HPUB a 12 12\r\nNATS/1.0\r\n\r\n\r\n"), Lines{"argument error"});
}

TEST(ClientParser, a_subject_or_reply_with_a_line_end_is_refused) {
  EXPECT_EQ(parse("PUB \nfoo 1\r\nx\r\n"), Lines{"argument error"});
  EXPECT_EQ(parse("PUB fo\ro 1\r\nx\r\n"), Lines{"argument error"});
  EXPECT_EQ(parse("PUB foo r\rx 1\r\nx\r\n"), Lines{"argument error"});
}

TEST(ClientParser, a_wrong_payload_terminator_is_noticed_at_its_first_byte) {
  EXPECT_EQ(parse("PUB a 2\r\nhiX"), Lines{"unknown operation"});
  EXPECT_EQ(parse_in_chunks("PUB a 2\r\nhiX", {1}, {}).lines, Lines{"unknown operation"});
}

TEST(ClientParser, the_gate_stops_at_the_first_byte_and_does_not_use_it_up) {
  BlockPool pool;
  ClientParser parser(pool);
  parser.is_gate_open = false;
  parser.feed(Slice::copy_of(pool, "PING\r\n"));
  ASSERT_EQ(parser.next(), ParseResult::connect_required);
  parser.is_gate_open = true;
  EXPECT_EQ(parser.next(), ParseResult::ping);
}

TEST(ClientParser, a_large_payload_in_pieces_reports_what_is_missing) {
  BlockPool pool;
  ClientParser parser(pool);
  parser.feed(Slice::copy_of(pool, "PUB a 100000\r\n" + std::string(1000, 'x')));
  ASSERT_EQ(parser.next(), ParseResult::need_more);
  EXPECT_EQ(parser.missing_payload(), 99002U);
}

TEST(ClientParser, memory_for_a_payload_grows_with_what_arrived_not_with_what_was_announced) {
  BlockPool pool;
  ClientParser parser(pool);
  parser.limits.max_payload = -1;
  parser.feed(Slice::copy_of(pool, "PUB a 999999999\r\nx"));
  ASSERT_EQ(parser.next(), ParseResult::need_more);
  EXPECT_LE(pool.bytes_in_use(), std::size_t{64} << 10U);
}

}  // namespace
}  // namespace rubus::test
