#include "bench/frame_counter.h"

#include <algorithm>
#include <cstring>

namespace rubus::load {

std::span<char> FrameCounter::space() {
  // A control line may be longer than the buffer only by being no control line.
  if (carried_bytes_ == buffer_.size()) {
    buffer_.resize(buffer_.size() * 2);
  }
  return std::span<char>(buffer_).subspan(carried_bytes_);
}

bool FrameCounter::received(std::size_t count_of_bytes) {
  const char* at = buffer_.data();
  const char* const end = at + carried_bytes_ + count_of_bytes;
  carried_bytes_ = 0;
  if (skip_bytes_ > 0) {
    const std::size_t skipped = std::min(skip_bytes_, count_of_bytes);
    at += skipped;
    skip_bytes_ -= skipped;
    if (skip_bytes_ > 0) {
      return true;
    }
    if (at[-1] != '\n') {
      return complain("a body does not end in CRLF");
    }
    ++messages_;
  }
  while (at < end) {
    const std::string_view rest(at, static_cast<std::size_t>(end - at));
    const Frame frame = cursor_.next(rest);
    if (frame.kind == FrameKind::incomplete) {
      std::memmove(buffer_.data(), at, rest.size());
      carried_bytes_ = rest.size();
      return true;
    }
    if (frame.kind != FrameKind::message) {
      if (!count(frame, rest)) {
        return false;
      }
      at += frame.line_bytes;
      continue;
    }
    if (expected_body_bytes_ != 0 && frame.body_bytes != expected_body_bytes_) {
      return complain(rest.substr(0, frame.line_bytes));
    }
    if (frame.bytes() > rest.size()) {
      skip_bytes_ = frame.bytes() - rest.size();
      return true;
    }
    at += frame.bytes();
    if (at[-1] != '\n' || at[-2] != '\r') {
      return complain("a body does not end in CRLF");
    }
    ++messages_;
  }
  return true;
}

bool FrameCounter::count(const Frame& frame, std::string_view rest) {
  switch (frame.kind) {
    case FrameKind::ping:
      ++pings_;
      return true;
    case FrameKind::pong:
      ++pongs_;
      return true;
    case FrameKind::subscribe:
      ++subscribes_;
      return true;
    case FrameKind::ok:
    case FrameKind::info:
    case FrameKind::connect:
    case FrameKind::unsubscribe:
      return true;
    case FrameKind::error:
      return complain(rest.substr(0, frame.line_bytes - 2));
    case FrameKind::unknown:
      return complain(rest.substr(0, std::min<std::size_t>(rest.size(), 60)));
    case FrameKind::incomplete:
    case FrameKind::message:
      break;
  }
  return complain("a frame that is counted elsewhere");
}

bool FrameCounter::complain(std::string_view bytes) {
  complaint_ = std::string(bytes);
  return false;
}

}  // namespace rubus::load
