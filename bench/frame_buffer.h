// The receiving end of a connection when each frame is looked at: whole frames, one after another.
//
// Slower than FrameCounter (a cut frame is carried with its body), used where the rate is low or
// where the bytes are needed: handshakes, request-reply, the relay.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "bench/frame.h"

namespace rubus::load {

struct WholeFrame {
  FrameKind kind = FrameKind::incomplete;
  std::string_view line;   // without CRLF
  std::string_view bytes;  // line and body as received
};

class FrameBuffer {
 public:
  explicit FrameBuffer(std::size_t buffer_bytes) : buffer_(buffer_bytes) {}

  // Where the next read goes. Invalidates every frame handed out.
  std::span<char> space() {
    if (begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == buffer_.size()) {
      buffer_.resize(buffer_.size() * 2);
    }
    return std::span<char>(buffer_).subspan(end_);
  }

  void received(std::size_t count) { end_ += count; }

  // kind is incomplete when more bytes are needed.
  WholeFrame next() {
    const std::string_view rest(buffer_.data() + begin_, end_ - begin_);
    if (rest.empty()) {
      return {};
    }
    const Frame frame = cursor_.next(rest);
    if (frame.kind == FrameKind::unknown) {
      return {frame.kind, rest.substr(0, std::min<std::size_t>(rest.size(), 60)), rest};
    }
    if (frame.kind == FrameKind::incomplete || frame.bytes() > rest.size()) {
      return {};
    }
    begin_ += frame.bytes();
    return {frame.kind, rest.substr(0, frame.line_bytes - 2), rest.substr(0, frame.bytes())};
  }

 private:
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  FrameCursor cursor_;
};

}  // namespace rubus::load
