// EntropySource: random bytes of the kernel, fetched a page at a time.
//
// Nonces, the shard's seed and the server key come from here. Nothing else draws: inside the engine
// every choice comes from the recorded seed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/seam/input.h"

namespace rubus::io {

class EntropySource {
 public:
  void fill(std::span<std::uint8_t> bytes);
  std::uint64_t seed();
  Nonce nonce();

 private:
  std::array<std::uint8_t, 256> kept_{};
  std::size_t left_ = 0;
};

}  // namespace rubus::io
