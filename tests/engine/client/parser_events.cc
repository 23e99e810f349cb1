#include "tests/engine/client/parser_events.h"

#include <algorithm>

namespace rubus::test {

namespace {

std::string line_of(const ClientParser& parser, ParseResult result) {
  switch (result) {
    case ParseResult::connect:
      return "CONNECT " + std::string(parser.argument());
    case ParseResult::info:
      return "INFO " + std::string(parser.argument());
    case ParseResult::publish: {
      const PublishCommand& publish = parser.publish();
      std::string line = publish.has_headers ? "HPUB <" : "PUB <";
      line.append(publish.subject).append("> <").append(publish.reply).append("> <");
      line.append(publish.line_tail.substr(0, publish.line_tail.size() - 2)).append("> <");
      return line.append(publish.body).append(">");
    }
    case ParseResult::subscribe: {
      const SubscribeCommand& subscribe = parser.subscribe();
      return "SUB <" + std::string(subscribe.subject) + "> <" + std::string(subscribe.queue) +
             "> <" + std::string(subscribe.sid) + ">";
    }
    case ParseResult::unsubscribe:
      return "UNSUB <" + std::string(parser.unsubscribe().sid) + "> " +
             std::to_string(parser.unsubscribe().max);
    case ParseResult::ping:
      return "PING";
    case ParseResult::pong:
      return "PONG";
    case ParseResult::ok:
      return "+OK";
    case ParseResult::connect_required:
      return "connect required";
    case ParseResult::unknown_operation:
      return "unknown operation";
    case ParseResult::argument_error:
      return "argument error";
    case ParseResult::control_line_exceeded:
      return "control line exceeded";
    case ParseResult::payload_exceeded:
      return "payload exceeded";
    case ParseResult::client_error:
      return "client error";
    case ParseResult::need_more:
      break;
  }
  return "need more";
}

bool is_ending(ParseResult result) { return result >= ParseResult::connect_required; }

}  // namespace

ParserEvents parse_in_chunks(std::string_view bytes, const std::vector<std::size_t>& cuts,
                             const ParserLimits& limits) {
  BlockPool pool;
  ParserEvents events;
  {
    ClientParser parser(pool);
    parser.limits = limits;
    std::size_t cut = 0;
    while (!bytes.empty()) {
      const std::size_t size = std::min(bytes.size(), std::max<std::size_t>(1, cuts[cut]));
      cut = std::min(cut + 1, cuts.size() - 1);
      parser.feed(Slice::copy_of(pool, bytes.substr(0, size)));
      bytes.remove_prefix(size);
      for (;;) {
        const ParseResult result = parser.next();
        events.kept_bytes_max = std::max(events.kept_bytes_max, parser.kept_bytes());
        if (result == ParseResult::need_more) {
          break;
        }
        events.lines.push_back(line_of(parser, result));
        if (is_ending(result)) {
          return events;
        }
      }
    }
  }
  return events;
}

}  // namespace rubus::test
