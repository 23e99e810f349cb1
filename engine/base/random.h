// RandomStream: a named, seeded stream of numbers.
//
// Each purpose (queue choice, ping jitter, a link's latency) draws from its own stream, keyed by
// name, so that removing one event from a scenario leaves all other draws as they were; without
// this, shrinking does not work (architecture.md section 10). The generator is splitmix64.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/digest.h"
#include "engine/base/ensure.h"

namespace rubus {

class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::string_view name) {
    Digest digest;
    digest.add(seed);
    digest.add(name);
    state_ = digest.value();
  }

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
    return mixed ^ (mixed >> 31U);
  }

  // Uniform in [0, bound). The bias for bounds far below 2^32 is below 2^-32.
  std::uint64_t below(std::uint64_t bound) {
    ensure(bound > 0, "a random draw needs at least one outcome");
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64U);
  }

  std::uint64_t state() const { return state_; }

 private:
  __extension__ using Wide = unsigned __int128;
  std::uint64_t state_ = 0;
};

}  // namespace rubus
