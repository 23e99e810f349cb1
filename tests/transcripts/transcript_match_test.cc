// Goal: the judge of the conversations is neither blind nor too strict.
// Method: small conversations with one thing wrong (or rightly different) each.

#include "tests/transcripts/transcript_match.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "tests/transcripts/nkey_pair.h"
#include "tests/transcripts/transcript.h"

namespace rubus::transcript {
namespace {

// What the expectation makes of these bytes, and no more.
Progress verdict(const std::string& pattern, const std::string& bytes, bool ended = false,
                 bool end_of_stream = false) {
  Inbox inbox(1);
  inbox.add(bytes);
  if (ended)
    inbox.end();
  Bindings bindings;
  return inbox.match(Expect{1, pattern, end_of_stream}, bindings);
}

std::string parse_problem(const std::string& lines) {
  const ParseOutcome outcome = parse_transcript("# server: no configuration\n# title\n" + lines);
  const ParseFailure* failure = std::get_if<ParseFailure>(&outcome);
  return failure == nullptr ? "" : failure->what;
}

TEST(TranscriptMatch, the_same_bytes_match) {
  EXPECT_EQ(verdict("+OK\r\nPONG\r\n", "+OK\r\nPONG\r\n"), Progress::matched);
}

TEST(TranscriptMatch, one_other_byte_is_a_mismatch) {
  EXPECT_EQ(verdict("-ERR 'Stale Connection'\r\n", "-ERR 'Stale connection'\r\n"),
            Progress::mismatched);
}

TEST(TranscriptMatch, a_line_nobody_expected_is_a_mismatch) {
  EXPECT_EQ(verdict("PONG\r\n", "+OK\r\nPONG\r\n"), Progress::mismatched);
}

TEST(TranscriptMatch, an_unfinished_line_asks_for_more_until_the_stream_ends) {
  EXPECT_EQ(verdict("PONG\r\n", "PON"), Progress::need_more);
  EXPECT_EQ(verdict("PONG\r\n", "PON", true), Progress::mismatched);
}

TEST(TranscriptMatch, bytes_left_before_the_end_of_the_stream_are_a_mismatch) {
  EXPECT_EQ(verdict("", "", true, true), Progress::matched);
  EXPECT_EQ(verdict("", "PING\r\n", true, true), Progress::matched);
  EXPECT_EQ(verdict("", "-ERR 'x'\r\n", true, true), Progress::mismatched);
  EXPECT_EQ(verdict("", "-ERR", true, true), Progress::mismatched);
}

TEST(TranscriptMatch, server_pings_may_come_anywhere_but_an_expected_one_must_come) {
  EXPECT_EQ(verdict("+OK\r\nPONG\r\n", "PING\r\n+OK\r\nPING\r\nPONG\r\n"), Progress::matched);
  EXPECT_EQ(verdict("PING\r\nPONG\r\n", "PONG\r\n"), Progress::mismatched);
}

TEST(TranscriptMatch, deliveries_of_one_message_may_change_places) {
  const std::string first = "MSG foo 1 2\r\nhi\r\n";
  const std::string second = "MSG foo 2 2\r\nhi\r\n";
  EXPECT_EQ(verdict(first + second, second + first), Progress::matched);
  EXPECT_EQ(verdict(first + second, first + first), Progress::mismatched);
}

TEST(TranscriptMatch, deliveries_of_two_messages_may_not_change_places) {
  const std::string first = "MSG foo 1 2\r\nhi\r\n";
  const std::string second = "MSG foo 2 2\r\nho\r\n";
  EXPECT_EQ(verdict(first + second, second + first), Progress::mismatched);
}

TEST(TranscriptMatch, a_payload_that_looks_like_a_ping_is_not_skipped) {
  EXPECT_EQ(verdict("MSG foo 1 4\r\nPING\r\n", "MSG foo 1 4\r\nPONG\r\n"), Progress::mismatched);
  EXPECT_EQ(verdict("PONG\r\n", "MSG foo 1 4\r\nPING\r\nPONG\r\n"), Progress::mismatched);
}

TEST(TranscriptMatch, either_of_the_named_members_may_be_chosen_and_no_other) {
  EXPECT_EQ(verdict("MSG x {a|b} 0\r\n\r\n", "MSG x b 0\r\n\r\n"), Progress::matched);
  EXPECT_EQ(verdict("MSG x {a|b} 0\r\n\r\n", "MSG x c 0\r\n\r\n"), Progress::mismatched);
}

TEST(TranscriptMatch, only_the_level_and_the_curve_key_of_info_may_be_missing) {
  const std::string pattern =
      "INFO {\"server_id\":\"{server_id}\",\"proto\":1,\"api_lvl\":5,\"xkey\":\"{xkey}\"} \r\n";
  EXPECT_EQ(verdict(pattern, "INFO {\"server_id\":\"NA\",\"proto\":1} \r\n"), Progress::matched);
  EXPECT_EQ(verdict(pattern, "INFO {\"server_id\":\"NA\",\"proto\":1,\"api_lvl\":2} \r\n"),
            Progress::matched);
  EXPECT_EQ(verdict(pattern, "INFO {\"server_id\":\"NA\",\"proto\":2} \r\n"), Progress::mismatched);
  EXPECT_EQ(verdict(pattern, "INFO {\"server_id\":\"NA\",\"proto\":1}\r\n"), Progress::mismatched);
  EXPECT_EQ(verdict(pattern, "INFO {\"server_id\":\"NA\",\"proto\":1,\"more\":1} \r\n"),
            Progress::mismatched);
}

TEST(TranscriptMatch, a_server_has_one_id_for_the_whole_conversation) {
  Inbox inbox(1);
  Bindings bindings;
  inbox.add("A {x} NA\r\nB NA\r\nC NB\r\n");
  EXPECT_EQ(inbox.match(Expect{1, "A {x} {server_id}\r\nB {server_id}\r\n", false}, bindings),
            Progress::matched);
  EXPECT_EQ(inbox.match(Expect{1, "C {server_id}\r\n", false}, bindings), Progress::mismatched);
}

TEST(TranscriptParser, lines_become_bytes) {
  const ParseOutcome outcome = parse_transcript(
      "# server: config: a: 1 ; b: 2\n# title\nC> SUB\\tfoo {x*3}\\c\nC> \nS2< \\\\ \n! pass "
      "20ms\n");
  const Transcript& transcript = std::get<Transcript>(outcome);
  EXPECT_EQ(transcript.configuration, "a: 1\nb: 2\n");
  ASSERT_EQ(transcript.steps.size(), 3U);
  EXPECT_EQ(std::get<Say>(transcript.steps[0].what).bytes, "SUB\tfoo xxx\r\n");
  EXPECT_EQ(std::get<Expect>(transcript.steps[1].what).pattern, "\\ \r\n");
  EXPECT_EQ(std::get<Expect>(transcript.steps[1].what).connection, 2);
  EXPECT_EQ(std::get<Action>(transcript.steps[2].what).duration, std::chrono::milliseconds(20));
}

TEST(TranscriptParser, a_line_without_meaning_is_refused) {
  EXPECT_NE(parse_problem("C>PING\n"), "");
  EXPECT_NE(parse_problem("X> PING\n"), "");
  EXPECT_NE(parse_problem("C0> PING\n"), "");
  EXPECT_NE(parse_problem("C> a\\q\n"), "");
  EXPECT_NE(parse_problem("! dance\n"), "");
  EXPECT_NE(parse_problem("! pass soon\n"), "");
  EXPECT_NE(parse_problem("\n"), "");
  EXPECT_NE(parse_problem(""), "");
  EXPECT_EQ(parse_problem("C> PING\n"), "");
}

TEST(TranscriptParser, an_order_left_to_chance_is_refused) {
  const std::string start = "S< INFO\nS2< INFO\nC> SUB a 1\n";
  EXPECT_NE(parse_problem(start + "C2> PUB a 0\n"), "");
  EXPECT_EQ(parse_problem(start + "C> PING\nS< PONG\nC2> PUB a 0\n"), "");
}

TEST(TranscriptParser, a_server_that_speaks_after_its_end_is_refused) {
  EXPECT_NE(parse_problem("S< \\eof\nS< PING\n"), "");
}

TEST(NkeyPair, keys_and_signatures_have_the_form_nats_expects) {
  const NkeyPair pair(0x51);
  EXPECT_EQ(pair.public_text().size(), 56U);
  EXPECT_EQ(pair.public_text()[0], 'U');
  EXPECT_EQ(base64_text("\xfb\xff", Base64::raw_url), "-_8");
  EXPECT_EQ(base64_text("\xfb\xff", Base64::padded_standard), "+/8=");
  EXPECT_NE(with_credentials("{signature}", "a"), with_credentials("{signature}", "b"));
}

}  // namespace
}  // namespace rubus::transcript
