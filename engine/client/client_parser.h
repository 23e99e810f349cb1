// ClientParser: bytes of a client connection → commands, resumable at every byte.
//
// Decides syntax only: verbs, argument counts, sizes, control-line and payload limits, payload
// terminators. It never looks at subjects or payload content. Feeding the same bytes in any
// chunks gives the same commands and the same ending (split invariance, property-tested).
// Time is linear in the bytes fed; memory is bounded by one control line and one payload, and a
// payload's memory grows with the bytes received, not with the size announced.
//
//   start ─verb─▶ blanks ─▶ argument ─LF─▶ command        CONNECT INFO SUB UNSUB -ERR
//     │                        └────LF─▶ payload ─CRLF─▶ command     PUB HPUB
//     └─verb─▶ rest of line ─LF─▶ command                 PING PONG +OK
//
// Source: client_protocol.md §1 and §5.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/block.h"
#include "engine/wire/payload_assembly.h"

namespace rubus {

enum class ParseResult : std::uint8_t {
  need_more,
  connect,      // argument() is the JSON
  info,         // argument() is the JSON
  publish,      // publish() is set
  subscribe,    // subscribe() is set
  unsubscribe,  // unsubscribe() is set
  ping,
  pong,
  ok,
  connect_required,  // gate closed, and the next byte is not that of CONNECT; it is not used up
  // Endings: nothing may be parsed after one of these.
  unknown_operation,
  argument_error,  // closed without -ERR
  control_line_exceeded,
  payload_exceeded,
  client_error,  // -ERR from a client: closed without -ERR
};

struct ParserLimits {
  std::int64_t max_control_line = 4096;
  std::int64_t max_payload = 1'048'576;  // -1: unlimited
  bool headers = false;                  // HPUB allowed
};

struct PublishCommand {
  std::string_view subject;
  std::string_view reply;  // empty: none
  std::uint32_t header_size = 0;
  std::uint32_t total_size = 0;  // headers and payload, without the CRLF
  bool has_headers = false;      // HPUB with a header size above 0
  bool same_subject = false;     // as the publish before on this connection
  // "[reply ]size\r\n" or "[reply ]header total\r\n", the sizes as the publisher wrote them.
  std::string_view line_tail;
  // Headers, payload and CRLF. Often follows line_tail in memory.
  std::string_view body;
  // The bytes of `body`, for referencing instead of copying.
  const Slice* source = nullptr;
};

struct SubscribeCommand {
  std::string_view subject;
  std::string_view queue;
  std::string_view sid;
};

struct UnsubscribeCommand {
  std::string_view sid;
  std::uint32_t max = 0;  // 0: now
};

class ClientParser {
 public:
  explicit ClientParser(BlockPool& pool) : payload_(pool) {}
  ClientParser(const ClientParser&) = delete;
  ClientParser& operator=(const ClientParser&) = delete;

  ParserLimits limits;
  // While closed only CONNECT may begin a command.
  bool is_gate_open = true;

  // The next bytes; the ones before must be used up (next() said need_more).
  void feed(Slice bytes);
  // The next command. Views stay valid until the next call of next() or feed().
  ParseResult next();

  const PublishCommand& publish() const { return publish_; }
  const SubscribeCommand& subscribe() const { return subscribe_; }
  const UnsubscribeCommand& unsubscribe() const { return unsubscribe_; }
  std::string_view argument() const { return argument_; }

  bool has_input() const { return at_ < input_.size(); }
  // Bytes of the payload begun that are still to come; the shell reads them in one go.
  std::size_t missing_payload() const;
  // Bytes kept between reads, for the memory bound.
  std::size_t kept_bytes() const { return line_.capacity() + payload_.kept_bytes(); }

  template <class V>
  void visit(V& v) const {
    v("state", state_);
    v("verb", std::string_view(verb_text_, verb_size_));
    v("line", line_.size());
    v("assembled", payload_.kept_bytes());
    v("payload_wanted", payload_.wanted());
  }

 private:
  enum class State : std::uint8_t { start, verb, blanks, argument, rest_of_line, payload, ended };
  enum class Verb : std::uint8_t {
    none,
    connect,
    publish,
    header_publish,
    subscribe,
    unsubscribe,
    ping,
    pong,
    info,
    ok,
    error
  };

  struct KnownVerb {
    std::string_view text;
    Verb verb;
  };

  // The verb that the bytes so far can still become, or null.
  const KnownVerb* known_verb() const;
  bool next_repeated_publish();
  bool next_fast_publish(ParseResult& result);
  ParseResult next_slowly();
  ParseResult on_verb_byte(char byte);
  ParseResult on_blanks();
  ParseResult on_argument();
  ParseResult on_rest_of_line();
  ParseResult on_line(std::string_view argument);
  ParseResult on_payload();
  ParseResult parse_publish(std::string_view argument);
  ParseResult parse_subscribe(std::string_view argument);
  ParseResult parse_unsubscribe(std::string_view argument);
  ParseResult begin_payload(std::string_view subject);
  void build_line_tail(std::string_view header_text, std::string_view total_text);
  void let_go();
  ParseResult end(ParseResult result) {
    state_ = State::ended;
    return result;
  }

  Slice input_;
  std::size_t at_ = 0;

  State state_ = State::start;
  Verb verb_ = Verb::none;
  bool blank_seen_ = false;
  bool carriage_return_seen_ = false;
  std::uint8_t verb_size_ = 0;
  char verb_text_[8] = {};

  std::string line_;        // argument bytes of a line that began in an earlier read
  std::string spare_line_;  // the last such line: views of the command point into it
  std::string tail_text_;   // line_tail when it cannot be a view of the input
  std::string last_subject_;
  std::string_view argument_;
  PublishCommand publish_;
  SubscribeCommand subscribe_;
  UnsubscribeCommand unsubscribe_;

  PayloadAssembly payload_;
};

}  // namespace rubus
