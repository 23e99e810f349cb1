#include "engine/peer/peer_parser.h"

#include <array>
#include <cstring>
#include <span>

#include "engine/base/ensure.h"

namespace rubus {

namespace {

constexpr std::size_t size_digits_max = 9;
constexpr std::size_t message_verb_size = 5;  // with the blank behind it

bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

char upper(char byte) { return byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 32) : byte; }

// Bytes of a line that count for its limit: all but a CR that may belong to the line end.
std::size_t counted(std::string_view line) {
  return line.size() - (line.ends_with('\r') ? std::size_t{1} : std::size_t{0});
}

}  // namespace

void PeerParser::feed(Slice bytes) {
  ensure(!has_input(), "the parser is fed only when it asked for more");
  input_ = std::move(bytes);
  at_ = 0;
}

std::size_t PeerParser::missing_payload() const {
  return state_ == State::payload ? payload_.missing() : 0;
}

std::size_t PeerParser::kept_bytes() const {
  return line_.capacity() + spare_line_.capacity() + payload_.kept_bytes();
}

PeerResult PeerParser::next() {
  ensure(state_ != State::ended, "nothing is parsed behind an ending");
  PeerResult result = PeerResult::need_more;
  if (state_ == State::start) {
    if (next_repeated_message()) [[likely]] {
      return PeerResult::message;
    }
    if (next_fast_message(result)) {
      if (result == PeerResult::need_more) {
        let_go();
      }
      return result;
    }
  }
  result = next_slowly();
  if (result == PeerResult::need_more) {
    let_go();
  }
  return result;
}

// The commonest case: a whole message without reply, queues and headers, to the subject of the one
// before, lies in this read. False: not so, or something is wrong; nothing was used up.
bool PeerParser::next_repeated_message() {
  const std::size_t names = last_names_.size();
  const char* const begin = input_.data() + at_;
  const std::size_t available = input_.size() - at_;
  const bool is_route = flavour_ == PeerFlavour::route;
  const char* const verb = is_route ? "RMSG " : "LMSG ";
  if (names == 0 || (last_account_size_ != 0) != (is_route && has_account_token) ||
      available < message_verb_size + names + size_digits_max + 4 ||
      std::memcmp(begin, verb, message_verb_size) != 0 ||
      std::memcmp(begin + message_verb_size, last_names_.data(), names) != 0) {
    return false;
  }
  const char* const first = begin + message_verb_size;
  const char* const digits = first + names;
  std::uint32_t size = 0;
  std::size_t count = 0;
  while (count < size_digits_max && digits[count] >= '0' && digits[count] <= '9') {
    size = size * 10 + static_cast<std::uint32_t>(digits[count] - '0');
    ++count;
  }
  const std::size_t line = message_verb_size + names + count + 2;
  const char* const body = begin + line;
  if (count == 0 || digits[count] != '\r' || digits[count + 1] != '\n' ||
      static_cast<std::int64_t>(names + count) > limits.max_control_line ||
      (limits.max_payload >= 0 && size > limits.max_payload) || available < line + size + 2 ||
      body[size] != '\r' || body[size + 1] != '\n') {
    return false;
  }
  const std::size_t before_subject = last_account_size_ == 0 ? 0 : last_account_size_ + 1;
  message_.origin = {};
  message_.account = {first, last_account_size_};
  message_.has_queues = false;
  message_.queues.clear();
  message_.same_account = true;
  PublishCommand& message = message_.message;
  message.subject = {first + before_subject, names - 1 - before_subject};
  message.reply = {};
  message.header_size = 0;
  message.total_size = size;
  message.has_headers = false;
  message.same_subject = true;
  message.line_tail = {digits, count + 2};
  message.body = {body, std::size_t{size} + 2};
  message.source = &input_;
  at_ += line + size + 2;
  return true;
}

// The common case: the whole line of a message lies in this read. False: take the slow way, which
// gives the same answer for every input.
bool PeerParser::next_fast_message(PeerResult& result) {
  const char* const begin = input_.data() + at_;
  const std::size_t available = input_.size() - at_;
  if (available < message_verb_size + 2 || std::memcmp(begin + 1, "MSG ", 4) != 0 ||
      is_blank(begin[message_verb_size])) {
    return false;
  }
  const bool is_route = flavour_ == PeerFlavour::route;
  Verb verb = Verb::leaf_message;
  if (*begin == 'H') {
    verb = Verb::header_message;
  } else if (*begin == 'R' && is_route) {
    verb = Verb::route_message;
  } else if (*begin != 'L') {
    return false;
  }
  const char* const argument = begin + message_verb_size;
  const void* found = std::memchr(argument, '\n', available - message_verb_size);
  if (found == nullptr) {
    return false;
  }
  const char* const line_feed = static_cast<const char*>(found);
  std::string_view line(argument, static_cast<std::size_t>(line_feed - argument));
  line.remove_suffix(line.size() - counted(line));
  at_ += static_cast<std::size_t>(line_feed + 1 - begin);
  verb_ = verb;
  if (static_cast<std::int64_t>(line.size()) > limits.max_control_line) {
    result = end(PeerResult::control_line_exceeded);
  } else {
    result = on_line(line, true);
  }
  return true;
}

// Nothing that was read stays in memory while the connection waits for more.
void PeerParser::let_go() {
  input_ = {};
  payload_.let_go();
  at_ = 0;
}

PeerResult PeerParser::next_slowly() {
  while (at_ < input_.size()) {
    PeerResult result = PeerResult::need_more;
    switch (state_) {
      case State::start:
      case State::verb:
        result = on_verb_byte(input_.data()[at_++]);
        break;
      case State::blanks:
        result = on_blanks();
        break;
      case State::argument:
        result = on_argument();
        break;
      case State::rest_of_line:
        result = on_rest_of_line();
        break;
      case State::payload:
        result = on_payload();
        break;
      case State::ended:
        ensure(false, "nothing is parsed behind an ending");
    }
    if (result != PeerResult::need_more) {
      return result;
    }
  }
  return PeerResult::need_more;
}

const PeerParser::KnownVerb* PeerParser::known_verb() const {
  // What only routes say comes first.
  static constexpr std::array<KnownVerb, 13> known = {{{"RMSG", Verb::route_message},
                                                       {"RS+", Verb::route_interest},
                                                       {"RS-", Verb::route_no_interest},
                                                       {"LMSG", Verb::leaf_message},
                                                       {"LS+", Verb::leaf_interest},
                                                       {"LS-", Verb::leaf_no_interest},
                                                       {"HMSG", Verb::header_message},
                                                       {"PING", Verb::ping},
                                                       {"PONG", Verb::pong},
                                                       {"INFO", Verb::info},
                                                       {"CONNECT", Verb::connect},
                                                       {"+OK", Verb::ok},
                                                       {"-ERR", Verb::error}}};
  constexpr std::size_t first_of_leaf = 3;
  const std::string_view seen(verb_text_, verb_size_);
  const std::span<const KnownVerb> all(known);
  for (const KnownVerb& verb : all.subspan(flavour_ == PeerFlavour::leaf ? first_of_leaf : 0)) {
    if (verb.text.starts_with(seen)) {
      return &verb;
    }
  }
  return nullptr;
}

PeerResult PeerParser::on_verb_byte(char byte) {
  if (state_ == State::start) {
    state_ = State::verb;
    verb_size_ = 0;
  }
  verb_text_[verb_size_++] = upper(byte);
  const KnownVerb* const known = known_verb();
  if (known == nullptr) {
    return end(PeerResult::unknown_operation);
  }
  if (verb_size_ < known->text.size()) {
    return PeerResult::need_more;
  }
  verb_ = known->verb;
  blank_seen_ = false;
  line_.clear();
  const bool has_argument = verb_ != Verb::ping && verb_ != Verb::pong && verb_ != Verb::ok;
  state_ = has_argument ? State::blanks : State::rest_of_line;
  return PeerResult::need_more;
}

PeerResult PeerParser::on_blanks() {
  while (at_ < input_.size() && is_blank(input_.data()[at_])) {
    blank_seen_ = true;
    ++at_;
  }
  if (at_ == input_.size()) {
    return PeerResult::need_more;
  }
  const bool needs_blank = verb_ != Verb::connect && verb_ != Verb::info && verb_ != Verb::error;
  if (needs_blank && !blank_seen_) {
    return end(PeerResult::unknown_operation);
  }
  state_ = State::argument;
  return PeerResult::need_more;
}

PeerResult PeerParser::on_argument() {
  const char* const begin = input_.data() + at_;
  const std::size_t available = input_.size() - at_;
  const void* found = std::memchr(begin, '\n', available);
  const std::size_t size = found == nullptr
                               ? available
                               : static_cast<std::size_t>(static_cast<const char*>(found) - begin);
  const bool is_in_input = line_.empty();
  std::string_view argument(begin, size);
  if (!is_in_input || found == nullptr) {
    line_.append(begin, size);
    argument = line_;
  }
  if (static_cast<std::int64_t>(counted(argument)) > limits.max_control_line) {
    return end(PeerResult::control_line_exceeded);
  }
  if (found == nullptr) {
    at_ = input_.size();
    return PeerResult::need_more;
  }
  if (!is_in_input) {
    spare_line_.swap(line_);
    line_.clear();
    argument = spare_line_;
  }
  at_ += size + 1;
  return on_line(argument.substr(0, counted(argument)), is_in_input);
}

PeerResult PeerParser::on_rest_of_line() {
  const char* begin = input_.data() + at_;
  const void* found = std::memchr(begin, '\n', input_.size() - at_);
  if (found == nullptr) {
    at_ = input_.size();
    return PeerResult::need_more;
  }
  at_ += static_cast<std::size_t>(static_cast<const char*>(found) - begin) + 1;
  state_ = State::start;
  if (verb_ == Verb::ping) {
    return PeerResult::ping;
  }
  return verb_ == Verb::pong ? PeerResult::pong : PeerResult::ok;
}

PeerResult PeerParser::on_payload() {
  PublishCommand& message = message_.message;
  if (payload_.is_whole_in(input_, at_)) {
    if (!payload_.take_whole(input_, at_, message.body)) {
      return end(PeerResult::unknown_operation);
    }
    message.source = &input_;
    state_ = State::start;
    return PeerResult::message;
  }
  switch (payload_.take(input_, at_)) {
    case PayloadProgress::need_more:
      return PeerResult::need_more;
    case PayloadProgress::wrong_terminator:
      return end(PeerResult::unknown_operation);
    case PayloadProgress::complete:
      break;
  }
  message.source = &payload_.source();
  message.body = message.source->view();
  state_ = State::start;
  return PeerResult::message;
}

}  // namespace rubus
