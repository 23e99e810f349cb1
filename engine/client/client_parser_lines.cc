// The argument lines of PUB, HPUB, SUB and UNSUB.
#include <array>
#include <cstring>

#include "engine/base/ensure.h"
#include "engine/base/text_number.h"
#include "engine/client/client_parser.h"

namespace rubus {

namespace {

constexpr std::size_t arguments_max = 5;  // one more than any verb takes

struct Arguments {
  std::array<std::string_view, arguments_max> texts;
  std::size_t count = 0;
};

// Splits on runs of blanks, and of line ends where they separate too; stops counting at
// arguments_max. Why by hand: find_first_of() with a set costs several times as much.
Arguments split(std::string_view line, bool line_ends_too) {
  const auto separates = [line_ends_too](char byte) {
    return byte == ' ' || byte == '\t' || (line_ends_too && (byte == '\r' || byte == '\n'));
  };
  Arguments found;
  const char* at = line.data();
  const char* const end = at + line.size();
  while (found.count < arguments_max) {
    while (at < end && separates(*at)) {
      ++at;
    }
    if (at == end) {
      break;
    }
    const char* const begin = at;
    while (at < end && !separates(*at)) {
      ++at;
    }
    found.texts[found.count++] = {begin, static_cast<std::size_t>(at - begin)};
  }
  return found;
}

bool has_line_end(std::string_view text) {
  return text.find('\r') != std::string_view::npos || text.find('\n') != std::string_view::npos;
}

// True if `later` begins exactly one blank behind the end of `earlier`.
bool is_one_space_apart(std::string_view earlier, std::string_view later) {
  return earlier.data() + earlier.size() + 1 == later.data() && later.data()[-1] == ' ';
}

}  // namespace

ParseResult ClientParser::parse_publish(std::string_view argument) {
  publish_ = {};
  const bool is_header_publish = verb_ == Verb::header_publish;
  const std::size_t sizes = is_header_publish ? 2 : 1;
  const Arguments found = split(argument, false);
  if ((is_header_publish && !limits.headers) ||
      (found.count != sizes + 1 && found.count != sizes + 2)) {
    return end(ParseResult::argument_error);
  }
  const std::string_view subject = found.texts[0];
  const std::string_view total_text = found.texts[found.count - 1];
  const std::string_view header_text =
      is_header_publish ? found.texts[found.count - 2] : std::string_view();
  // Stricter than nats-server: a line end inside a subject would break the lines of those who get
  // the message.
  const std::string_view reply = found.count == sizes + 2 ? found.texts[1] : std::string_view();
  if (has_line_end(subject) || has_line_end(reply)) {
    return end(ParseResult::argument_error);
  }
  const std::optional<std::uint32_t> total = parse_size(total_text);
  const std::optional<std::uint32_t> header =
      is_header_publish ? parse_size(header_text) : std::uint32_t{0};
  if (!total.has_value() || !header.has_value() || *header > *total) {
    return end(ParseResult::argument_error);
  }
  if (limits.max_payload >= 0 && *total > limits.max_payload) {
    return end(ParseResult::payload_exceeded);
  }
  publish_.reply = reply;
  publish_.header_size = *header;
  publish_.total_size = *total;
  publish_.has_headers = *header > 0;
  publish_.same_subject = subject == last_subject_;
  build_line_tail(header_text, total_text);
  return begin_payload(subject);
}

void ClientParser::build_line_tail(std::string_view header_text, std::string_view total_text) {
  // A message keeps the publisher's digits. An HPUB without header bytes is delivered as MSG, so
  // its header size is left out.
  const bool with_header = publish_.has_headers;
  const std::string_view first = !publish_.reply.empty() ? publish_.reply
                                 : with_header           ? header_text
                                                         : total_text;
  const bool is_reply_near =
      publish_.reply.empty() ||
      is_one_space_apart(publish_.reply, with_header ? header_text : total_text);
  const bool is_header_near = !with_header || is_one_space_apart(header_text, total_text);
  const char* line_end = total_text.data() + total_text.size();
  const char* input_end = input_.data() + at_;
  if (is_reply_near && is_header_near && line_end + 2 == input_end && line_end[0] == '\r') {
    publish_.line_tail = {first.data(), static_cast<std::size_t>(input_end - first.data())};
    return;
  }
  tail_text_.clear();
  if (!publish_.reply.empty()) {
    tail_text_.append(publish_.reply).append(" ");
  }
  if (with_header) {
    tail_text_.append(header_text).append(" ");
  }
  tail_text_.append(total_text).append("\r\n");
  publish_.line_tail = tail_text_;
}

// The views of the line must survive until the payload is complete, which may be many reads away.
ParseResult ClientParser::begin_payload(std::string_view subject) {
  publish_.subject = subject;
  if (!publish_.same_subject) {
    last_subject_.assign(subject);
  }
  const std::size_t wanted = std::size_t{publish_.total_size} + 2;
  payload_.begin(wanted);
  state_ = State::payload;
  if (input_.size() - at_ >= wanted) {
    return on_payload();
  }
  // The rest comes with a later read: move the views off the input.
  publish_.subject = last_subject_;
  if (publish_.line_tail.data() != tail_text_.data()) {
    tail_text_.assign(publish_.line_tail);
  }
  publish_.line_tail = tail_text_;
  publish_.reply = publish_.line_tail.substr(0, publish_.reply.size());
  return at_ < input_.size() ? on_payload() : ParseResult::need_more;
}

ParseResult ClientParser::parse_subscribe(std::string_view argument) {
  const Arguments found = split(argument, true);
  if (found.count != 2 && found.count != 3) {
    return end(ParseResult::argument_error);
  }
  subscribe_ = {found.texts[0], found.count == 3 ? found.texts[1] : std::string_view(),
                found.texts[found.count - 1]};
  return ParseResult::subscribe;
}

ParseResult ClientParser::parse_unsubscribe(std::string_view argument) {
  const Arguments found = split(argument, true);
  if (found.count != 1 && found.count != 2) {
    return end(ParseResult::argument_error);
  }
  // A maximum that is not a number counts as absent.
  unsubscribe_ = {found.texts[0], found.count == 2 ? parse_size(found.texts[1]).value_or(0) : 0};
  return ParseResult::unsubscribe;
}

}  // namespace rubus
