// Digest: a 64-bit ordered hash of state, for the step digests that prove determinism.
//
// Invariant: the same sequence of add() calls gives the same value on every machine and build.
// Not cryptographic; it only has to notice that two runs differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rubus {

class Digest {
 public:
  void add(std::uint64_t value) {
    std::uint64_t mixed = (state_ ^ value) * 0x9E3779B97F4A7C15ULL;
    mixed ^= mixed >> 32;
    mixed *= 0xD6E8FEB86659FD93ULL;
    state_ = mixed ^ (mixed >> 29);
  }
  void add(std::string_view bytes) {
    add(static_cast<std::uint64_t>(bytes.size()));
    std::uint64_t word = 0;
    std::size_t filled = 0;
    for (const char byte : bytes) {
      word = (word << 8U) | static_cast<unsigned char>(byte);
      if (++filled == 8) {
        add(word);
        word = 0;
        filled = 0;
      }
    }
    if (filled != 0) {
      add(word);
    }
  }
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0x5275627573ULL;  // "Rubus"
};

}  // namespace rubus
