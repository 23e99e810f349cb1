#include "tests/engine/peer/peer_events.h"

#include <algorithm>

namespace rubus::test {

namespace {

void add_word(std::string& text, std::string_view word) {
  text.append(" <").append(word).append(">");
}

}  // namespace

void apply(const PeerSetting& setting, PeerParser& parser) {
  parser.limits = setting.limits;
  parser.has_account_token = setting.has_account_token;
  parser.has_leaf_unsub_origin = setting.has_leaf_unsub_origin;
}

bool is_ending(PeerResult result) { return result >= PeerResult::unknown_operation; }

std::string text_of(const PeerInterest& interest, bool is_gone) {
  std::string text = is_gone ? "-" : "+";
  add_word(text, interest.origin);
  add_word(text, interest.account);
  add_word(text, interest.subject);
  add_word(text, interest.queue);
  return is_gone ? text : text + " " + std::to_string(interest.weight);
}

std::string text_of(const PeerMessage& message) {
  const PublishCommand& publish = message.message;
  std::string text = publish.has_headers ? "HMSG" : "MSG";
  add_word(text, message.origin);
  add_word(text, message.account);
  add_word(text, publish.subject);
  add_word(text, publish.reply);
  text.append(" [");
  for (const std::string_view queue : message.queues) {
    add_word(text, queue);
  }
  text.append(" ]");
  add_word(text, publish.line_tail.substr(0, publish.line_tail.size() - 2));
  add_word(text, publish.body);
  return text;
}

std::string text_of(const PeerParser& parser, PeerResult result) {
  switch (result) {
    case PeerResult::connect:
      return "CONNECT " + std::string(parser.argument());
    case PeerResult::info:
      return "INFO " + std::string(parser.argument());
    case PeerResult::interest:
      return text_of(parser.interest(), false);
    case PeerResult::no_interest:
      return text_of(parser.interest(), true);
    case PeerResult::message:
      return text_of(parser.message());
    case PeerResult::ping:
      return "PING";
    case PeerResult::pong:
      return "PONG";
    case PeerResult::ok:
      return "+OK";
    case PeerResult::error:
      return "-ERR " + std::string(parser.argument());
    case PeerResult::unknown_operation:
      return "unknown operation";
    case PeerResult::argument_error:
      return "argument error";
    case PeerResult::control_line_exceeded:
      return "control line exceeded";
    case PeerResult::payload_exceeded:
      return "payload exceeded";
    case PeerResult::need_more:
      break;
  }
  return "need more";
}

PeerEvents parse_peer(std::string_view bytes, const std::vector<std::size_t>& cuts,
                      const PeerSetting& setting) {
  BlockPool pool;
  PeerEvents events;
  PeerParser parser(pool, setting.flavour);
  apply(setting, parser);
  std::size_t cut = 0;
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), std::max<std::size_t>(1, cuts[cut]));
    cut = std::min(cut + 1, cuts.size() - 1);
    parser.feed(Slice::copy_of(pool, bytes.substr(0, size)));
    bytes.remove_prefix(size);
    for (;;) {
      const PeerResult result = parser.next();
      events.kept_bytes_max = std::max(events.kept_bytes_max, parser.kept_bytes());
      if (result == PeerResult::need_more) {
        break;
      }
      events.lines.push_back(text_of(parser, result));
      if (is_ending(result)) {
        return events;
      }
    }
  }
  return events;
}

}  // namespace rubus::test
