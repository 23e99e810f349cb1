// ServerFrames: strict reader of what a server says to a client, in any chunking.
//
// Written from the protocol sheet alone and shares nothing with engine/client, so a mistake there
// is not repeated here. It accepts exactly what nats-server emits: upper-case verbs, single blanks,
// CRLF, sizes without sign. Anything else ends the reading with a sentence that says why.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rubus::sim {

enum class FrameKind : std::uint8_t { info, message, ok, error, ping, pong };

struct Frame {
  FrameKind kind = FrameKind::ok;
  std::string raw;      // all of it, with the last CRLF
  std::string subject;  // message
  std::string sid;
  std::string reply;
  std::string text;  // info: JSON; error: what is between the quotes
  bool has_header = false;
  std::size_t header_size = 0;
  std::size_t body_begin = 0;  // in raw: header block and payload
  std::size_t body_size = 0;

  std::string_view payload() const {
    return std::string_view(raw).substr(body_begin + header_size, body_size - header_size);
  }
};

class ServerFrames {
 public:
  void feed(std::string_view bytes) { bytes_.append(bytes); }
  // The next whole frame; false: more bytes are needed, or the server broke the protocol.
  bool next(Frame& frame);
  const std::string& violation() const { return violation_; }
  bool is_between_frames() const { return bytes_.size() == begin_; }

 private:
  bool read_line(std::string_view line, Frame& frame);
  bool read_message(std::string_view line, Frame& frame);
  bool fail(std::string_view why, std::string_view line);

  std::string bytes_;
  std::size_t begin_ = 0;
  std::string violation_;
};

}  // namespace rubus::sim
