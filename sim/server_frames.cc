#include "sim/server_frames.h"

#include <array>
#include <optional>

namespace rubus::sim {

namespace {

constexpr std::size_t words_max = 5;  // subject sid reply header total

// Decimal digits only, as the sheet says; own code on purpose.
std::optional<std::size_t> size_of(std::string_view digits) {
  if (digits.empty() || digits.size() > 9) {
    return std::nullopt;
  }
  std::size_t value = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') {
      return std::nullopt;
    }
    value = value * 10 + static_cast<std::size_t>(digit - '0');
  }
  return value;
}

}  // namespace

bool ServerFrames::fail(std::string_view why, std::string_view line) {
  violation_ = std::string(why) + ": \"" + std::string(line.substr(0, 200)) + "\"";
  return false;
}

bool ServerFrames::next(Frame& frame) {
  if (!violation_.empty()) {
    return false;
  }
  const std::string_view left = std::string_view(bytes_).substr(begin_);
  const std::size_t end = left.find("\r\n");
  if (end == std::string_view::npos) {
    const std::size_t stray = left.find('\n');
    return stray != std::string_view::npos && fail("line without CR", left);
  }
  const std::string_view line = left.substr(0, end);
  frame = Frame();
  frame.body_begin = end + 2;
  if (!read_line(line, frame)) {
    return false;
  }
  std::size_t whole = end + 2;
  if (frame.kind == FrameKind::message) {
    whole += frame.body_size + 2;
    if (left.size() < whole) {
      return false;
    }
    if (left.substr(whole - 2, 2) != "\r\n") {
      return fail("payload does not end with CRLF", line);
    }
  }
  frame.raw = left.substr(0, whole);
  begin_ += whole;
  if (begin_ == bytes_.size() || begin_ > 65536) {
    bytes_.erase(0, begin_);
    begin_ = 0;
  }
  return true;
}

bool ServerFrames::read_line(std::string_view line, Frame& frame) {
  if (line.starts_with("MSG ") || line.starts_with("HMSG ")) {
    return read_message(line, frame);
  }
  if (line == "+OK") {
    frame.kind = FrameKind::ok;
    return true;
  }
  if (line == "PING") {
    frame.kind = FrameKind::ping;
    return true;
  }
  if (line == "PONG") {
    frame.kind = FrameKind::pong;
    return true;
  }
  if (line.starts_with("-ERR '") && line.ends_with("'") && line.size() > 7) {
    frame.kind = FrameKind::error;
    frame.text = line.substr(6, line.size() - 7);
    return true;
  }
  if (line.starts_with("INFO {") && line.ends_with("} ")) {
    frame.kind = FrameKind::info;
    frame.text = line.substr(5, line.size() - 6);
    return true;
  }
  return fail("a server does not say", line);
}

bool ServerFrames::read_message(std::string_view line, Frame& frame) {
  frame.kind = FrameKind::message;
  frame.has_header = line.front() == 'H';
  std::string_view left = line.substr(frame.has_header ? 5 : 4);
  std::array<std::string_view, words_max> words;
  std::size_t count = 0;
  while (true) {
    const std::size_t end = left.find(' ');
    const std::string_view word = left.substr(0, end);
    if (word.empty() || count == words_max) {
      return fail("wrong words in", line);
    }
    words[count++] = word;
    if (end == std::string_view::npos) {
      break;
    }
    left.remove_prefix(end + 1);
  }
  const std::size_t sizes = frame.has_header ? 2 : 1;
  if (count != 2 + sizes && count != 3 + sizes) {
    return fail("wrong number of words in", line);
  }
  frame.subject = words[0];
  frame.sid = words[1];
  frame.reply = count == 3 + sizes ? words[2] : std::string_view();
  const std::optional<std::size_t> total = size_of(words[count - 1]);
  const std::optional<std::size_t> header =
      frame.has_header ? size_of(words[count - 2]) : std::optional<std::size_t>(0);
  if (!total || !header || *header > *total || (frame.has_header && *header == 0)) {
    return fail("wrong size in", line);
  }
  frame.header_size = *header;
  frame.body_size = *total;
  return true;
}

}  // namespace rubus::sim
