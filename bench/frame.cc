#include "bench/frame.h"

#include <cstring>

namespace rubus::load {

namespace {

struct Verb {
  std::string_view word;
  FrameKind kind;
};

// Servers and clients write verbs in capitals; this reader is for our own peers only.
constexpr std::array<Verb, 14> verbs = {{
    {"MSG ", FrameKind::message},
    {"HMSG ", FrameKind::message},
    {"PUB ", FrameKind::message},
    {"HPUB ", FrameKind::message},
    {"PING", FrameKind::ping},
    {"PONG", FrameKind::pong},
    {"+OK", FrameKind::ok},
    {"INFO ", FrameKind::info},
    {"-ERR", FrameKind::error},
    {"CONNECT ", FrameKind::connect},
    {"SUB ", FrameKind::subscribe},
    {"UNSUB ", FrameKind::unsubscribe},
    {"HPUB\t", FrameKind::message},
    {"PUB\t", FrameKind::message},
}};

FrameKind kind_of(std::string_view line) {
  for (const Verb& verb : verbs) {
    if (line.substr(0, verb.word.size()) == verb.word) {
      return verb.kind;
    }
  }
  return FrameKind::unknown;
}

// The size is the run of digits before CRLF. False when there is none or it is absurd.
bool read_size(std::string_view line, std::size_t& size) {
  std::size_t begin = line.size();
  while (begin > 0 && line[begin - 1] >= '0' && line[begin - 1] <= '9') {
    --begin;
  }
  if (begin == line.size() || line.size() - begin > 9) {
    return false;
  }
  size = 0;
  for (const char digit : line.substr(begin)) {
    size = size * 10 + static_cast<std::size_t>(digit - '0');
  }
  return true;
}

}  // namespace

Frame read_frame(std::string_view bytes) {
  const void* feed = std::memchr(bytes.data(), '\n', bytes.size());
  if (feed == nullptr) {
    const bool too_long = bytes.size() > line_bytes_max;
    return {too_long ? FrameKind::unknown : FrameKind::incomplete, 0, 0};
  }
  Frame frame;
  frame.line_bytes = static_cast<std::size_t>(static_cast<const char*>(feed) - bytes.data()) + 1;
  if (frame.line_bytes < 2 || bytes[frame.line_bytes - 2] != '\r') {
    return {FrameKind::unknown, 0, 0};
  }
  const std::string_view line = bytes.substr(0, frame.line_bytes - 2);
  frame.kind = kind_of(line);
  if (frame.kind == FrameKind::message) {
    std::size_t size = 0;
    if (!read_size(line, size)) {
      return {FrameKind::unknown, 0, 0};
    }
    frame.body_bytes = size + 2;
  }
  return frame;
}

}  // namespace rubus::load
