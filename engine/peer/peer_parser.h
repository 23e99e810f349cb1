// PeerParser: bytes of a route or leaf connection → what the peer says, resumable at every byte.
//
// Decides syntax only: verbs, argument counts, sizes, limits, payload terminators. It never looks
// at subjects, JSON or payload content. The same bytes in any chunks give the same results and the
// same ending (split invariance, property-tested). Time is linear in the bytes fed; memory is
// bounded by two control lines, their arguments and one payload, and a payload's memory grows with
// the bytes received.
//
//   start ─verb─▶ blanks ─▶ argument ─LF─▶ result            CONNECT INFO -ERR, interest lines
//     │                        └────LF─▶ payload ─CRLF─▶ message       RMSG HMSG LMSG
//     └─verb─▶ rest of line ─LF─▶ result                     PING PONG +OK
//
// Stricter than nats-server: a CR inside a line with arguments is an argument error.
// Source: cluster_protocol.md sections A, C and D.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/block.h"
#include "engine/peer/peer_command.h"
#include "engine/wire/payload_assembly.h"

namespace rubus {

enum class PeerResult : std::uint8_t {
  need_more,
  connect,      // argument() is the JSON
  info,         // argument() is the JSON
  interest,     // interest() is set: RS+ LS+
  no_interest,  // interest() is set: RS- LS-
  message,      // message() is set
  ping,
  pong,
  ok,
  error,  // argument() is the text without its quotes
  // Endings: nothing may be parsed after one of these.
  unknown_operation,
  argument_error,
  control_line_exceeded,
  payload_exceeded,
};

struct PeerParserLimits {
  std::int64_t max_control_line = 65'536;
  std::int64_t max_payload = 1'048'576;  // -1: unlimited
};

class PeerParser {
 public:
  PeerParser(BlockPool& pool, PeerFlavour flavour) : flavour_(flavour), payload_(pool) {}
  PeerParser(const PeerParser&) = delete;
  PeerParser& operator=(const PeerParser&) = delete;

  PeerParserLimits limits;
  // Routes: false on a connection that is dedicated to one account.
  bool has_account_token = true;
  // Routes: how a count of arguments that fits both forms of LS- is read. True if this end
  // announced lnocu.
  bool has_leaf_unsub_origin = true;

  // The next bytes; the ones before must be used up (next() said need_more).
  void feed(Slice bytes);
  // The next thing said. Views stay valid until the next call of next() or feed().
  PeerResult next();

  std::string_view argument() const { return argument_; }
  const PeerInterest& interest() const { return interest_; }
  const PeerMessage& message() const { return message_; }

  bool has_input() const { return at_ < input_.size(); }
  // Everything fed was used up, and no line has begun.
  bool is_between_lines() const { return state_ == State::start && !has_input(); }
  // Bytes of the payload begun that are still to come; the shell reads them in one go.
  std::size_t missing_payload() const;
  // Bytes kept between reads, for the memory bound.
  std::size_t kept_bytes() const;

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
    info,
    error,
    ping,
    pong,
    ok,
    route_interest,     // RS+
    route_no_interest,  // RS-
    leaf_interest,      // LS+
    leaf_no_interest,   // LS-
    route_message,      // RMSG
    header_message,     // HMSG
    leaf_message,       // LMSG
  };
  struct KnownVerb {
    std::string_view text;
    Verb verb;
  };

  // The verb that the bytes so far can still become, or null.
  const KnownVerb* known_verb() const;
  bool next_repeated_message();
  bool next_fast_message(PeerResult& result);
  PeerResult next_slowly();
  PeerResult on_verb_byte(char byte);
  PeerResult on_blanks();
  PeerResult on_argument();
  PeerResult on_rest_of_line();
  PeerResult on_payload();
  void let_go();
  PeerResult end(PeerResult result) {
    state_ = State::ended;
    return result;
  }

  // peer_parser_lines.cc
  PeerResult on_line(std::string_view argument, bool is_in_input);
  PeerResult parse_interest(std::string_view argument);
  PeerResult parse_message(std::string_view argument, bool is_in_input);
  bool split(std::string_view argument);
  bool parse_names(std::size_t names);
  bool parse_sizes(std::size_t first, std::size_t count);
  void note_subject();
  void build_line_tail(std::size_t sizes, bool is_in_input);
  PeerResult begin_payload(std::string_view argument, bool is_in_input);
  void move_views_off_input(std::string_view argument);

  const PeerFlavour flavour_;
  Slice input_;
  std::size_t at_ = 0;

  State state_ = State::start;
  Verb verb_ = Verb::none;
  bool blank_seen_ = false;
  bool has_last_ = false;  // a message was parsed before
  std::uint8_t verb_size_ = 0;
  char verb_text_[8] = {};

  std::string line_;        // argument bytes of a line that began in an earlier read
  std::string spare_line_;  // the last such line: views of what was said point into it
  std::string tail_text_;   // line_tail when it cannot be a view of the input
  // "[account ]subject " of the last message, with blanks as a peer writes them.
  std::string last_names_;
  std::size_t last_account_size_ = 0;
  std::vector<std::string_view> words_;
  std::string_view argument_;
  PeerInterest interest_;
  PeerMessage message_;

  PayloadAssembly payload_;
};

}  // namespace rubus
