// Laws of the peer parser: split invariance, agreement with the naive grammar, bounded memory, and
// that what peer_lines writes is read back as what was meant.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/text_number.h"
#include "engine/peer/peer_lines.h"
#include "tests/engine/peer/naive_peer_grammar.h"
#include "tests/engine/peer/peer_events.h"

namespace rubus::test {
namespace {

using Texts = std::vector<std::string>;

rc::Gen<std::string> piece() {
  return rc::gen::oneOf(
      rc::gen::elementOf(Texts{"RS+ ",    "RS- ",   "LS+ ",     "ls- ",  "RMSG ",    "HMSG ",
                               "LMSG ",   "lmsg\t", "CONNECT ", "INFO ", "PING\r\n", "PONG",
                               "+OK\r\n", "-ERR ",  "'x'",      "\r\n",  "\n",       "\r",
                               " ",       "\t",     "$G ",      "foo ",  "q ",       "+ ",
                               "| ",      "0",      "3",        "12 ",   "0005",     "1000000000"}),
      rc::gen::elementOf(Texts{
          "RMSG $G foo 3\r\nabc\r\n", "RMSG $G foo r 3\r\nabc\r\n", "RMSG foo 3\r\nabc\r\n",
          "RMSG $G foo | q w 3\r\nabc\r\n", "HMSG $G foo + r q 12 14\r\nNATS/1.0\r\n\r\nhi\r\n",
          "HMSG foo 0 2\r\nhi\r\n", "LMSG foo 2\r\nhi\r\n", "LMSG foo | q 2\r\nhi\r\n",
          "LMSG O $G foo 0 2\r\nhi\r\n", "LMSG O $G foo + r q 0 2\r\nhi\r\n", "RS+ $G foo\r\n",
          "RS+ $G foo q 3\r\n", "RS- $G foo q\r\n", "LS+ foo q 2\r\n", "LS+ O $G foo\r\n",
          "LS- O $G foo\r\n", "LS- foo\r\n", "INFO {} \r\n"}),
      rc::gen::container<std::string>(rc::gen::arbitrary<char>()));
}

std::string joined(const Texts& pieces) {
  std::string bytes;
  for (const std::string& piece : pieces) {
    bytes += piece;
  }
  return bytes;
}

std::string input() { return joined(*rc::gen::container<Texts>(piece())); }

PeerSetting setting() {
  PeerSetting setting;
  setting.flavour =
      *rc::gen::elementOf(std::vector<PeerFlavour>{PeerFlavour::route, PeerFlavour::leaf});
  setting.has_account_token = *rc::gen::arbitrary<bool>();
  setting.has_leaf_unsub_origin = *rc::gen::arbitrary<bool>();
  setting.limits.max_control_line = 40;
  setting.limits.max_payload = 20;
  return setting;
}

RC_GTEST_PROP(PeerParser, agrees_with_the_naive_grammar_on_the_whole_input, ()) {
  const std::string bytes = input();
  const PeerSetting chosen = setting();
  RC_ASSERT(parse_peer(bytes, {bytes.size() + 1}, chosen).lines ==
            read_peer_naively(bytes, chosen));
}

RC_GTEST_PROP(PeerParser, gives_the_same_results_for_every_cut_in_two, ()) {
  const std::string bytes = input();
  const PeerSetting chosen = setting();
  const PeerEvents whole = parse_peer(bytes, {bytes.size() + 1}, chosen);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    RC_ASSERT(parse_peer(bytes, {cut, bytes.size()}, chosen).lines == whole.lines);
  }
}

RC_GTEST_PROP(PeerParser, gives_the_same_results_for_any_chunks, ()) {
  const std::string bytes = input();
  const PeerSetting chosen = setting();
  std::vector<std::size_t> cuts =
      *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 12));
  cuts.push_back(1);
  const PeerEvents whole = parse_peer(bytes, {bytes.size() + 1}, chosen);
  RC_ASSERT(parse_peer(bytes, cuts, chosen).lines == whole.lines);
  RC_ASSERT(parse_peer(bytes, {1}, chosen).lines == whole.lines);
}

RC_GTEST_PROP(PeerParser, keeps_at_most_two_lines_and_one_payload, ()) {
  const PeerEvents events = parse_peer(input(), {1}, setting());
  RC_ASSERT(events.kept_bytes_max <= 2 * (2 * 42 + 16) + 22);
}

std::string word() {
  return *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange('!', '~')));
}

std::string word_or_none() { return *rc::gen::arbitrary<bool>() ? word() : std::string(); }

PeerLineForm form_for(const PeerSetting& chosen) {
  PeerLineForm form;
  form.flavour = chosen.flavour;
  form.has_account_token = chosen.has_account_token;
  form.headers = *rc::gen::arbitrary<bool>();
  form.leaf_unsub_origin = chosen.has_leaf_unsub_origin;
  return form;
}

PeerSetting unlimited() {
  PeerSetting chosen = setting();
  chosen.limits = {};
  return chosen;
}

// What a line of this setting cannot say is not said.
struct Names {
  explicit Names(const PeerSetting& chosen) {
    const bool is_route = chosen.flavour == PeerFlavour::route;
    origin = is_route ? word_or_none() : "";
    account = is_route && chosen.has_account_token ? word() : "";
    subject = word();
  }
  std::string origin;
  std::string account;
  std::string subject;
};

RC_GTEST_PROP(PeerLines, interest_is_read_back_as_it_was_written, ()) {
  const PeerSetting chosen = unlimited();
  const PeerLineForm form = form_for(chosen);
  const Names names(chosen);
  const std::string queue = word_or_none();
  PeerInterest interest{names.origin, names.account, names.subject, queue,
                        queue.empty() ? 1 : *rc::gen::inRange<std::uint32_t>(0, 999'999'999)};
  std::string bytes;
  append_interest(bytes, form, interest);
  append_no_interest(bytes, form, interest);
  RC_ASSERT(bytes.size() <= 2 * interest_size_max(interest));
  Texts expected = {text_of(interest, false)};
  if (!form.leaf_unsub_origin) {
    interest.origin = {};
  }
  expected.push_back(text_of(interest, true));
  RC_ASSERT(parse_peer(bytes, {bytes.size()}, chosen).lines == expected);
}

RC_GTEST_PROP(PeerLines, messages_are_read_back_as_they_were_written, ()) {
  const PeerSetting chosen = unlimited();
  const PeerLineForm form = form_for(chosen);
  const Names names(chosen);
  const std::string reply = word_or_none();
  const std::string headers = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
  const std::string payload = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
  Texts groups;
  if (*rc::gen::arbitrary<bool>()) {
    groups.resize(*rc::gen::inRange<std::size_t>(1, 5));
    for (std::string& group : groups) {
      group = word();
    }
  }
  const std::string header_text = number_text(headers.size());
  const std::string tail_begin = reply.empty() ? "" : reply + " ";
  const std::string total_text = number_text(headers.size() + payload.size());
  const std::string tail =
      tail_begin + (headers.empty() ? "" : header_text + " ") + total_text + "\r\n";
  const std::string body = headers + payload + "\r\n";
  PeerMessage said;
  said.origin = names.origin;
  said.account = names.account;
  said.queues.assign(groups.begin(), groups.end());
  PublishCommand& publish = said.message;
  publish.subject = names.subject;
  publish.reply = reply;
  publish.header_size = static_cast<std::uint32_t>(headers.size());
  publish.total_size = static_cast<std::uint32_t>(headers.size() + payload.size());
  publish.has_headers = !headers.empty();
  publish.line_tail = tail;
  publish.body = body;
  const PeerMessageHead head{said.origin, said.account, publish.subject, said.queues, &publish};
  std::string bytes(message_head_size_max(head), '\0');
  char* const end = write_message_head(bytes.data(), form, head);
  bytes.resize(static_cast<std::size_t>(end - bytes.data()));
  bytes += message_body(form, publish);
  const std::string bare_tail = tail_begin + number_text(payload.size()) + "\r\n";
  if (!form.headers) {
    publish.has_headers = false;
    publish.line_tail = bare_tail;
    publish.body = publish.body.substr(headers.size());
  }
  // Twice: the second one takes the short way of repeated messages.
  const Texts expected = {text_of(said), text_of(said)};
  RC_ASSERT(parse_peer(bytes + bytes, {2 * bytes.size()}, chosen).lines == expected);
}

}  // namespace
}  // namespace rubus::test
