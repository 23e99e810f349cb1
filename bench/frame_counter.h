// The receiving end of a connection when only counts matter.
//
// Owns the read buffer. Bodies are skipped, never moved; only a control line cut by the end of a
// read is carried to the front of the buffer. A body must end in CRLF where the buffer shows it,
// and every body must have one expected size if one is set: a server that loses bytes is noticed.
// Does not check order or content; the tests of the broker do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bench/frame.h"

namespace rubus::load {

class FrameCounter {
 public:
  explicit FrameCounter(std::size_t buffer_bytes) : buffer_(buffer_bytes) {}

  // Where the next read goes; never empty.
  std::span<char> space();
  // `count` bytes were put into space(). False when they are not NATS frames: see complaint().
  [[nodiscard]] bool received(std::size_t count);

  // 0 accepts any size.
  void expect_payload_bytes(std::size_t bytes) { expected_body_bytes_ = bytes + 2; }

  std::uint64_t messages() const { return messages_; }
  std::uint64_t pings() const { return pings_; }
  std::uint64_t pongs() const { return pongs_; }
  std::uint64_t subscribes() const { return subscribes_; }
  // The -ERR line or the bytes that made no sense.
  const std::string& complaint() const { return complaint_; }

 private:
  bool count(const Frame& frame, std::string_view rest);
  bool complain(std::string_view bytes);

  std::vector<char> buffer_;
  std::size_t carried_bytes_ = 0;  // start of a cut control line, at the front of the buffer
  std::size_t skip_bytes_ = 0;     // rest of a body that is still to come
  std::size_t expected_body_bytes_ = 0;
  FrameCursor cursor_;
  std::uint64_t messages_ = 0;
  std::uint64_t pings_ = 0;
  std::uint64_t pongs_ = 0;
  std::uint64_t subscribes_ = 0;
  std::string complaint_;
};

}  // namespace rubus::load
