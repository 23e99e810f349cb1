// One frame of the NATS client protocol, both directions, as far as framing goes.
//
// Decides where a frame ends and nothing else: no subject is checked, no header block is read.
// A frame is its control line (with CRLF) and, for PUB HPUB MSG HMSG, a body of the announced
// size with its CRLF. The size is always the last word of the line.
// FrameCursor remembers the last control line that had a body: a load generator sees the same line
// a million times, and comparing 20 bytes is cheaper than reading them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rubus::load {

enum class FrameKind : std::uint8_t {
  incomplete,  // the control line has not ended yet
  message,     // PUB HPUB MSG HMSG
  ping,
  pong,
  ok,
  info,
  error,
  connect,
  subscribe,
  unsubscribe,
  unknown,  // not NATS, or a size that is no number
};

struct Frame {
  FrameKind kind = FrameKind::incomplete;
  std::size_t line_bytes = 0;  // control line with its CRLF
  std::size_t body_bytes = 0;  // payload with its CRLF, 0 when the verb has none
  std::size_t bytes() const { return line_bytes + body_bytes; }
};

// Longest control line this generator accepts from a server; INFO lines are the longest.
constexpr std::size_t line_bytes_max = 64 * 1024;

Frame read_frame(std::string_view bytes);

class FrameCursor {
 public:
  Frame next(std::string_view bytes) {
    const std::string_view known(line_.data(), known_.line_bytes);
    if (!known.empty() && bytes.size() > known.size() &&
        __builtin_memcmp(bytes.data(), known.data(), known.size()) == 0) {
      return known_;
    }
    const Frame frame = read_frame(bytes);
    if (frame.kind == FrameKind::message && frame.line_bytes <= line_.size()) {
      bytes.copy(line_.data(), frame.line_bytes);
      known_ = frame;
    }
    return frame;
  }

 private:
  std::array<char, 128> line_{};
  Frame known_;
};

}  // namespace rubus::load
