// Single facts about the peer parser and the lines it is the inverse of; the recorded conversations
// of nats-server, read and written again.
#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "engine/base/text_number.h"
#include "engine/peer/peer_lines.h"
#include "tests/engine/peer/capture.h"
#include "tests/engine/peer/peer_events.h"

namespace rubus::test {
namespace {

using Lines = std::vector<std::string>;

PeerSetting route() { return {}; }

PeerSetting leaf() {
  PeerSetting setting;
  setting.flavour = PeerFlavour::leaf;
  return setting;
}

PeerSetting dedicated() {
  PeerSetting setting;
  setting.has_account_token = false;
  return setting;
}

Lines parse(std::string_view bytes, const PeerSetting& setting) {
  return parse_peer(bytes, {bytes.size() + 1}, setting).lines;
}

TEST(PeerParser, interest_of_a_route_names_account_subject_and_queue_with_weight) {
  EXPECT_EQ(parse("RS+ $G foo\r\nRS+ $G q G 3\r\nrs- $G foo\r\nRS- $G q G\r\n", route()),
            (Lines{"+ <> <$G> <foo> <> 1", "+ <> <$G> <q> <G> 3", "- <> <$G> <foo> <>",
                   "- <> <$G> <q> <G>"}));
}

TEST(PeerParser, a_queue_without_weight_is_refused_and_a_weight_of_zero_is_not) {
  EXPECT_EQ(parse("RS+ $G q G\r\n", route()), Lines{"argument error"});
  EXPECT_EQ(parse("RS+ $G q G x\r\n", route()), Lines{"argument error"});
  EXPECT_EQ(parse("RS+ $G q G 0\r\n", route()), Lines{"+ <> <$G> <q> <G> 0"});
  EXPECT_EQ(parse("LS+ q G\r\n", leaf()), Lines{"argument error"});
}

TEST(PeerParser, interest_without_account_is_refused_on_an_ordinary_route_only) {
  EXPECT_EQ(parse("RS+ foo\r\n", route()), Lines{"argument error"});
  EXPECT_EQ(parse("RS+ foo\r\nRS+ q G 2\r\nRS- q G\r\n", dedicated()),
            (Lines{"+ <> <> <foo> <> 1", "+ <> <> <q> <G> 2", "- <> <> <q> <G>"}));
}

TEST(PeerParser, leaf_interest_on_a_route_names_its_origin) {
  EXPECT_EQ(parse("LS+ MC $G foo\r\nLS+ MC $G fq Q 2\r\n", route()),
            (Lines{"+ <MC> <$G> <foo> <> 1", "+ <MC> <$G> <fq> <Q> 2"}));
}

TEST(PeerParser, the_end_of_leaf_interest_is_read_by_its_count_of_words) {
  EXPECT_EQ(parse("LS- MC $G foo\r\nLS- MC $G foo Q\r\nLS- $G foo\r\n", route()),
            (Lines{"- <MC> <$G> <foo> <>", "- <MC> <$G> <foo> <Q>", "- <> <$G> <foo> <>"}));
  PeerSetting old = route();
  old.has_leaf_unsub_origin = false;
  EXPECT_EQ(parse("LS- $G foo Q\r\nLS- MC $G foo Q\r\nLS- $G foo\r\n", old),
            (Lines{"- <> <$G> <foo> <Q>", "- <MC> <$G> <foo> <Q>", "- <> <$G> <foo> <>"}));
}

TEST(PeerParser, interest_of_a_leaf_names_neither_origin_nor_account) {
  EXPECT_EQ(parse("LS+ l.x\r\nLS+ l.q G 2\r\nLS- l.x\r\nLS- l.q G\r\n", leaf()),
            (Lines{"+ <> <> <l.x> <> 1", "+ <> <> <l.q> <G> 2", "- <> <> <l.x> <>",
                   "- <> <> <l.q> <G>"}));
}

TEST(PeerParser, what_only_routes_say_is_unknown_on_a_leaf_and_client_verbs_on_both) {
  EXPECT_EQ(parse("RS+ $G foo\r\n", leaf()), Lines{"unknown operation"});
  EXPECT_EQ(parse("RMSG $G foo 0\r\n\r\n", leaf()), Lines{"unknown operation"});
  EXPECT_EQ(parse("PUB foo 0\r\n\r\n", leaf()), Lines{"unknown operation"});
  EXPECT_EQ(parse("SUB foo 1\r\n", route()), Lines{"unknown operation"});
}

TEST(PeerParser, a_message_tells_reply_queues_and_sizes_in_every_form) {
  EXPECT_EQ(parse("RMSG $G w 0\r\n\r\nRMSG $G w r 2\r\nhi\r\nRMSG $G q | G H 2\r\nhi\r\n"
                  "RMSG $G q + r G 2\r\nhi\r\nHMSG $G q + r G H 12 13\r\nNATS/1.0\r\n\r\n!\r\n"
                  "LMSG MC $G q | Q 0 2\r\nhi\r\nLMSG MC $G b r 12 12\r\nNATS/1.0\r\n\r\n\r\n",
                  route()),
            (Lines{"MSG <> <$G> <w> <> [ ] <0> <\r\n>", "MSG <> <$G> <w> <r> [ ] <r 2> <hi\r\n>",
                   "MSG <> <$G> <q> <> [ <G> <H> ] <2> <hi\r\n>",
                   "MSG <> <$G> <q> <r> [ <G> ] <r 2> <hi\r\n>",
                   "HMSG <> <$G> <q> <r> [ <G> <H> ] <r 12 13> <NATS/1.0\r\n\r\n!\r\n>",
                   "MSG <MC> <$G> <q> <> [ <Q> ] <2> <hi\r\n>",
                   "HMSG <MC> <$G> <b> <r> [ ] <r 12 12> <NATS/1.0\r\n\r\n\r\n>"}));
}

TEST(PeerParser, a_message_of_a_leaf_has_no_header_size_unless_it_is_an_hmsg) {
  EXPECT_EQ(
      parse("LMSG h.x r.2 2\r\nup\r\nLMSG h.q | G 2\r\nup\r\nHMSG h 0 2\r\nup\r\n", leaf()),
      (Lines{"MSG <> <> <h.x> <r.2> [ ] <r.2 2> <up\r\n>",
             "MSG <> <> <h.q> <> [ <G> ] <2> <up\r\n>", "MSG <> <> <h> <> [ ] <2> <up\r\n>"}));
}

TEST(PeerParser, words_behind_the_subject_without_indicator_are_refused) {
  EXPECT_EQ(parse("RMSG $G q r G 2\r\nhi\r\n", route()), Lines{"argument error"});
  EXPECT_EQ(parse("RMSG $G 2\r\nhi\r\n", route()), Lines{"argument error"});
  EXPECT_EQ(parse("HMSG $G q 5 3\r\nabc\r\n", route()), Lines{"argument error"});
  EXPECT_EQ(parse("LMSG\r\n", leaf()), Lines{"unknown operation"});
  EXPECT_EQ(parse("LMSG \r\n", leaf()), Lines{"argument error"});
}

TEST(PeerParser, a_carriage_return_inside_a_line_is_refused) {
  EXPECT_EQ(parse("RS+ $G f\roo\r\n", route()), Lines{"argument error"});
  EXPECT_EQ(parse("RMSG $G f\roo 0\r\n\r\n", route()), Lines{"argument error"});
}

TEST(PeerParser, json_is_trimmed_and_the_text_of_an_error_loses_its_quotes) {
  EXPECT_EQ(parse("INFO {\"a\":1} \r\nCONNECT {}\r\n-ERR 'Stale Connection'\r\n-ERR\t'\r\n+OK\r\n",
                  leaf()),
            (Lines{"INFO {\"a\":1}", "CONNECT {}", "-ERR Stale Connection", "-ERR '", "+OK"}));
}

TEST(PeerParser, a_line_of_exactly_the_limit_passes_and_one_byte_more_does_not) {
  PeerSetting setting = leaf();
  setting.limits.max_control_line = 8;
  EXPECT_EQ(parse("LS+ 12345678\r\n", setting), Lines{"+ <> <> <12345678> <> 1"});
  EXPECT_EQ(parse_peer("LS+ 12345678\r\n", {1}, setting).lines, Lines{"+ <> <> <12345678> <> 1"});
  EXPECT_EQ(parse("LS+ 123456789", setting), Lines{"control line exceeded"});
  EXPECT_EQ(parse("LMSG 1234567 0\r\n\r\n", setting), Lines{"control line exceeded"});
}

TEST(PeerParser, a_payload_over_the_limit_is_refused_at_its_line) {
  PeerSetting setting = leaf();
  setting.limits.max_payload = 3;
  EXPECT_EQ(parse("LMSG a 3\r\nxyz\r\nLMSG a 3\r\nxyz\r\nLMSG a 4\r\n", setting),
            (Lines{"MSG <> <> <a> <> [ ] <3> <xyz\r\n>", "MSG <> <> <a> <> [ ] <3> <xyz\r\n>",
                   "payload exceeded"}));
}

TEST(PeerParser, memory_for_a_payload_grows_with_what_arrived_and_what_is_missing_is_told) {
  BlockPool pool;
  PeerParser parser(pool, PeerFlavour::route);
  parser.limits.max_payload = -1;
  parser.feed(Slice::copy_of(pool, "RMSG $G a 999999999\r\nx"));
  ASSERT_EQ(parser.next(), PeerResult::need_more);
  EXPECT_LE(pool.bytes_in_use(), std::size_t{64} << 10U);
  EXPECT_EQ(parser.missing_payload(), 1'000'000'000U);
}

struct Sameness {
  bool account;
  bool subject;
  friend bool operator==(const Sameness&, const Sameness&) = default;
};

std::vector<Sameness> sameness_of(std::string_view bytes, PeerFlavour flavour) {
  BlockPool pool;
  PeerParser parser(pool, flavour);
  parser.feed(Slice::copy_of(pool, bytes));
  std::vector<Sameness> found;
  while (parser.next() == PeerResult::message) {
    found.push_back({parser.message().same_account, parser.message().message.same_subject});
  }
  return found;
}

TEST(PeerParser, a_message_is_like_the_one_before_if_account_and_subject_are) {
  EXPECT_EQ(sameness_of("RMSG A foo 0\r\n\r\nRMSG A foo 0\r\n\r\nRMSG B foo 0\r\n\r\n"
                        "RMSG B bar 0\r\n\r\nRMSG B bar r 0\r\n\r\nLMSG O B bar 0 0\r\n\r\n"
                        "RMSG B ba 0\r\n\r\n",
                        PeerFlavour::route),
            (std::vector<Sameness>{{false, false},
                                   {true, true},
                                   {false, false},
                                   {true, false},
                                   {true, true},
                                   {true, true},
                                   {true, false}}));
  EXPECT_EQ(sameness_of("LMSG foo 0\r\n\r\nLMSG foo 0\r\n\r\nLMSG fo 0\r\n\r\n", PeerFlavour::leaf),
            (std::vector<Sameness>{{false, false}, {true, true}, {true, false}}));
}

TEST(PeerLines, a_peer_without_headers_gets_the_bare_payload) {
  PublishCommand publish;
  publish.reply = "r";
  publish.header_size = 12;
  publish.total_size = 13;
  publish.has_headers = true;
  publish.line_tail = "r 12 13\r\n";
  publish.body = "NATS/1.0\r\n\r\n!\r\n";
  PeerLineForm form;
  form.headers = false;
  const PeerMessageHead head{"", "$G", "foo", {}, &publish};
  std::string text(message_head_size_max(head), '\0');
  text.resize(static_cast<std::size_t>(write_message_head(text.data(), form, head) - text.data()));
  EXPECT_EQ(text, "RMSG $G foo r 1\r\n");
  EXPECT_EQ(message_body(form, publish), "!\r\n");
}

TEST(PeerLines, a_peer_without_lnoc_is_told_of_leafs_as_of_clients) {
  PeerLineForm form;
  form.leaf_origin = false;
  std::string text;
  append_interest(text, form, {"MC", "$G", "foo", "Q", 2});
  append_no_interest(text, form, {"MC", "$G", "foo", "Q", 2});
  form.leaf_origin = true;
  form.leaf_unsub_origin = false;
  append_interest(text, form, {"MC", "$G", "foo", "", 1});
  append_no_interest(text, form, {"MC", "$G", "foo", "", 1});
  EXPECT_EQ(text, "RS+ $G foo Q 2\r\nRS- $G foo Q\r\nLS+ MC $G foo\r\nLS- $G foo\r\n");
}

// What the parser said, written again with the lines of this code; empty: not a line it writes.
std::string written_again(const PeerParser& parser, PeerResult result, const PeerLineForm& form) {
  std::string text;
  if (result == PeerResult::interest) {
    append_interest(text, form, parser.interest());
  } else if (result == PeerResult::no_interest) {
    append_no_interest(text, form, parser.interest());
  } else if (result == PeerResult::message) {
    const PeerMessage& message = parser.message();
    const PeerMessageHead head{message.origin, message.account, message.message.subject,
                               message.queues, &message.message};
    text.resize(message_head_size_max(head));
    char* const end = write_message_head(text.data(), form, head);
    text.resize(static_cast<std::size_t>(end - text.data()));
    text += message_body(form, message.message);
  }
  return text;
}

// Why: some payloads of the captures are placeholders, shorter than what was sent.
void fit_payload(CaptureLine& line) {
  if (line.is_message) {
    const std::string size = line.text.substr(line.text.rfind(' ') + 1);
    line.payload.resize(parse_size(size).value(), '.');
  }
}

bool is_dedicated(const std::vector<CaptureLine>& lines, int connection) {
  for (const CaptureLine& line : lines) {
    if (line.connection == connection && line.text.find("\"route_account\"") != std::string::npos &&
        line.text.find("route_acc_add_reqid") == std::string::npos) {
      return true;
    }
  }
  return false;
}

TEST(PeerParser, every_line_of_the_captures_is_read_and_written_again_byte_by_byte) {
  std::size_t written = 0;
  for (const std::string& name : capture_names()) {
    std::vector<CaptureLine> lines = read_capture(name);
    for (CaptureLine& line : lines) {
      if (line.text.starts_with("MSG ")) {
        continue;  // what a client got
      }
      fit_payload(line);
      SCOPED_TRACE(name + ": " + line.text);
      BlockPool pool;
      PeerLineForm form;
      form.flavour = name.starts_with("leaf") ? PeerFlavour::leaf : PeerFlavour::route;
      form.has_account_token = !is_dedicated(lines, line.connection);
      PeerParser parser(pool, form.flavour);
      parser.has_account_token = form.has_account_token;
      const std::string bytes = bytes_of(line);
      parser.feed(Slice::copy_of(pool, bytes));
      const PeerResult result = parser.next();
      ASSERT_FALSE(is_ending(result)) << text_of(parser, result);
      const std::string again = written_again(parser, result, form);
      if (!again.empty()) {
        EXPECT_EQ(again, bytes);
        ++written;
      }
      EXPECT_EQ(parser.next(), PeerResult::need_more);
    }
  }
  EXPECT_GE(written, 150U);
}

}  // namespace
}  // namespace rubus::test
