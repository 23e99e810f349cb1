#include "engine/client/client_parser.h"

#include <array>
#include <cstring>

#include "engine/base/ensure.h"

namespace rubus {

namespace {

constexpr std::size_t size_digits_max = 9;

bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

char upper(char byte) { return byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 32) : byte; }

}  // namespace

void ClientParser::feed(Slice bytes) {
  ensure(!has_input(), "the parser is fed only when it asked for more");
  input_ = std::move(bytes);
  at_ = 0;
}

std::size_t ClientParser::missing_payload() const {
  return state_ == State::payload ? payload_.missing() : 0;
}

ParseResult ClientParser::next() {
  ensure(state_ != State::ended, "nothing is parsed behind an ending");
  ParseResult result = ParseResult::need_more;
  if (state_ == State::start && is_gate_open) {
    if (next_repeated_publish()) [[likely]] {
      return ParseResult::publish;
    }
    if (next_fast_publish(result)) {
      return result;
    }
  }
  result = next_slowly();
  if (result == ParseResult::need_more) {
    let_go();
  }
  return result;
}

// The commonest case: a whole PUB without reply, to the subject of the publish before, lies in this
// read. Every byte is looked at once. False: not so, or something is wrong; nothing was used up.
bool ClientParser::next_repeated_publish() {
  const std::size_t known = last_subject_.size();
  const char* const begin = input_.data() + at_;
  const std::size_t available = input_.size() - at_;
  const std::size_t line_min = 4 + known + 1 + 1 + 2;
  if (known == 0 || available < line_min + size_digits_max || std::memcmp(begin, "PUB ", 4) != 0 ||
      begin[4 + known] != ' ' || std::memcmp(begin + 4, last_subject_.data(), known) != 0) {
    return false;
  }
  const char* const digits = begin + 4 + known + 1;
  std::uint32_t size = 0;
  std::size_t count = 0;
  while (count < size_digits_max && digits[count] >= '0' && digits[count] <= '9') {
    size = size * 10 + static_cast<std::uint32_t>(digits[count] - '0');
    ++count;
  }
  const std::size_t line = 4 + known + 1 + count + 2;
  const char* const body = begin + line;
  if (count == 0 || digits[count] != '\r' || digits[count + 1] != '\n' ||
      static_cast<std::int64_t>(known + 1 + count) > limits.max_control_line ||
      (limits.max_payload >= 0 && size > limits.max_payload) || available < line + size + 2 ||
      body[size] != '\r' || body[size + 1] != '\n') {
    return false;
  }
  publish_.subject = {begin + 4, known};
  publish_.reply = {};
  publish_.header_size = 0;
  publish_.total_size = size;
  publish_.has_headers = false;
  publish_.same_subject = true;
  publish_.line_tail = {digits, count + 2};
  publish_.body = {body, std::size_t{size} + 2};
  publish_.source = &input_;
  at_ += line + size + 2;
  return true;
}

// The common case: a whole "PUB …" or "HPUB …" line lies in this read. False: take the slow way,
// which gives the same answer for every input.
bool ClientParser::next_fast_publish(ParseResult& result) {
  const char* begin = input_.data() + at_;
  const std::size_t available = input_.size() - at_;
  if (available < 9) {
    return false;
  }
  const bool has_headers = *begin == 'H';
  const std::size_t verb = has_headers ? 5 : 4;
  if (std::memcmp(begin, has_headers ? "HPUB " : "PUB ", verb) != 0 || is_blank(begin[verb])) {
    return false;
  }
  // Why one further: the first byte of an argument is taken as it is, even a line end.
  const void* found = std::memchr(begin + verb + 1, '\n', available - verb - 1);
  if (found == nullptr) {
    return false;
  }
  const char* line_feed = static_cast<const char*>(found);
  if (line_feed[-1] != '\r' || line_feed - 1 == begin + verb) {
    return false;
  }
  const std::string_view argument(begin + verb,
                                  static_cast<std::size_t>(line_feed - 1 - begin) - verb);
  at_ += static_cast<std::size_t>(line_feed + 1 - begin);
  verb_ = has_headers ? Verb::header_publish : Verb::publish;
  if (static_cast<std::int64_t>(argument.size()) > limits.max_control_line) {
    result = end(ParseResult::control_line_exceeded);
    return true;
  }
  result = parse_publish(argument);
  if (result == ParseResult::need_more) {
    let_go();
  }
  return true;
}

// Nothing that was read stays in memory while the connection waits for more.
void ClientParser::let_go() {
  input_ = {};
  payload_.let_go();
  at_ = 0;
}

ParseResult ClientParser::next_slowly() {
  while (at_ < input_.size()) {
    ParseResult result = ParseResult::need_more;
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
    if (result != ParseResult::need_more) {
      return result;
    }
  }
  return ParseResult::need_more;
}

const ClientParser::KnownVerb* ClientParser::known_verb() const {
  static constexpr std::array<KnownVerb, 10> known = {{{"CONNECT", Verb::connect},
                                                       {"HPUB", Verb::header_publish},
                                                       {"SUB", Verb::subscribe},
                                                       {"UNSUB", Verb::unsubscribe},
                                                       {"INFO", Verb::info},
                                                       {"+OK", Verb::ok},
                                                       {"-ERR", Verb::error},
                                                       {"PUB", Verb::publish},
                                                       {"PING", Verb::ping},
                                                       {"PONG", Verb::pong}}};
  constexpr std::size_t first_of_p = 7;
  if (verb_text_[0] == 'P') {
    const char second = verb_size_ > 1 ? verb_text_[1] : 'U';
    return &known[first_of_p + (second == 'I' ? 1U : 0U) + (second == 'O' ? 2U : 0U)];
  }
  for (std::size_t at = 0; at < first_of_p; ++at) {
    if (known[at].text[0] == verb_text_[0]) {
      return &known[at];
    }
  }
  return nullptr;
}

ParseResult ClientParser::on_verb_byte(char byte) {
  if (state_ == State::start) {
    if (!is_gate_open && upper(byte) != 'C') {
      --at_;  // the byte is looked at again once the gate is open
      return ParseResult::connect_required;
    }
    state_ = State::verb;
    verb_size_ = 0;
  }
  verb_text_[verb_size_++] = upper(byte);
  const KnownVerb* const known = known_verb();
  if (known == nullptr || known->text[verb_size_ - 1U] != verb_text_[verb_size_ - 1U]) {
    return end(ParseResult::unknown_operation);
  }
  if (verb_size_ < known->text.size()) {
    return ParseResult::need_more;
  }
  verb_ = known->verb;
  blank_seen_ = false;
  carriage_return_seen_ = false;
  line_.clear();
  const bool has_argument = verb_ != Verb::ping && verb_ != Verb::pong && verb_ != Verb::ok;
  state_ = has_argument ? State::blanks : State::rest_of_line;
  return ParseResult::need_more;
}

ParseResult ClientParser::on_blanks() {
  while (at_ < input_.size() && is_blank(input_.data()[at_])) {
    blank_seen_ = true;
    ++at_;
  }
  if (at_ == input_.size()) {
    return ParseResult::need_more;
  }
  const bool needs_blank = verb_ != Verb::connect && verb_ != Verb::info;
  if (needs_blank && !blank_seen_) {
    return end(ParseResult::unknown_operation);
  }
  state_ = State::argument;
  return ParseResult::need_more;
}

ParseResult ClientParser::on_argument() {
  const char* begin = input_.data() + at_;
  const std::size_t available = input_.size() - at_;
  // The first byte of an argument is taken as it is, even a line end.
  const std::size_t skipped = line_.empty() ? 1 : 0;
  const char* searched = begin + skipped;
  const void* found = std::memchr(searched, '\n', available - skipped);
  const std::size_t size = found == nullptr
                               ? available
                               : static_cast<std::size_t>(static_cast<const char*>(found) - begin);
  if (!carriage_return_seen_) {
    carriage_return_seen_ = std::memchr(searched, '\r', size - skipped) != nullptr;
  }
  const std::size_t chopped = carriage_return_seen_ ? 1 : 0;
  if (static_cast<std::int64_t>(line_.size() + size - chopped) > limits.max_control_line) {
    return end(ParseResult::control_line_exceeded);
  }
  if (found == nullptr) {
    line_.append(begin, size);
    at_ = input_.size();
    return ParseResult::need_more;
  }
  std::string_view argument(begin, size);
  if (!line_.empty()) {
    line_.append(begin, size);
    spare_line_.swap(line_);
    line_.clear();
    argument = spare_line_;
  }
  argument.remove_suffix(chopped);
  at_ += size + 1;
  return on_line(argument);
}

ParseResult ClientParser::on_line(std::string_view argument) {
  state_ = State::start;
  argument_ = argument;
  switch (verb_) {
    case Verb::connect:
      return ParseResult::connect;
    case Verb::info:
      return ParseResult::info;
    case Verb::error:
      return end(ParseResult::client_error);
    case Verb::publish:
    case Verb::header_publish:
      return parse_publish(argument);
    case Verb::subscribe:
      return parse_subscribe(argument);
    case Verb::unsubscribe:
      return parse_unsubscribe(argument);
    case Verb::none:
    case Verb::ping:
    case Verb::pong:
    case Verb::ok:
      break;
  }
  ensure(false, "verbs without argument never reach the end of one");
  return ParseResult::need_more;
}

ParseResult ClientParser::on_rest_of_line() {
  const char* begin = input_.data() + at_;
  const void* found = std::memchr(begin, '\n', input_.size() - at_);
  if (found == nullptr) {
    at_ = input_.size();
    return ParseResult::need_more;
  }
  at_ += static_cast<std::size_t>(static_cast<const char*>(found) - begin) + 1;
  state_ = State::start;
  if (verb_ == Verb::ping) {
    return ParseResult::ping;
  }
  return verb_ == Verb::pong ? ParseResult::pong : ParseResult::ok;
}

ParseResult ClientParser::on_payload() {
  if (payload_.is_whole_in(input_, at_)) {
    if (!payload_.take_whole(input_, at_, publish_.body)) {
      return end(ParseResult::unknown_operation);
    }
    publish_.source = &input_;
    state_ = State::start;
    return ParseResult::publish;
  }
  // A payload that spans reads is gathered into one block, so that it can be referenced as a whole.
  switch (payload_.take(input_, at_)) {
    case PayloadProgress::need_more:
      return ParseResult::need_more;
    case PayloadProgress::wrong_terminator:
      return end(ParseResult::unknown_operation);
    case PayloadProgress::complete:
      break;
  }
  publish_.source = &payload_.source();
  publish_.body = publish_.source->view();
  state_ = State::start;
  return ParseResult::publish;
}

}  // namespace rubus
