// PayloadScanner: finds the payload bodies in what one client sends, chunk by chunk.
//
// It knows of the protocol only what is needed to tell a body from the rest (client_protocol.md §1
// and §5): lines end at LF; PUB and HPUB name their sizes. Whatever it does not understand puts it
// into a state in which nothing is ever called a body again: keeping too much is harmless, eliding
// a byte that the engine decides by is not. It does not validate anything and holds at most one
// unfinished PUB or HPUB line of `held_bytes_max`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rubus {

class PayloadScanner {
 public:
  struct Run {
    std::size_t size = 0;
    bool is_body = false;
  };
  static constexpr std::size_t held_bytes_max = std::size_t{64} << 10U;

  // Appends runs that cover `bytes` exactly; neighbours differ in kind.
  void scan(std::string_view bytes, std::vector<Run>& runs);

 private:
  enum class State : std::uint8_t {
    line_start,  // at the first byte of a line
    held_line,   // inside a line that may be PUB or HPUB; held_ has what came so far
    other_line,  // inside any other line
    kept,        // header block or a body that is kept
    body,
    lost,  // not understood: everything is kept from here on
  };

  std::size_t scan_line(std::string_view bytes);
  void on_line(std::string_view line);

  State state_ = State::line_start;
  std::string held_;
  std::size_t kept_left_ = 0;
  std::size_t body_left_ = 0;
};

}  // namespace rubus
