// swarm: seed → scenario. Every seed turns some features on and others off, so that rare mixes
// occur (swarm testing); each draw has its own named stream.
#pragma once

#include <cstdint>

#include "sim/scenario.h"

namespace rubus::sim {

struct SwarmSize {
  std::uint32_t clients_max = 6;
  std::uint32_t steps_max = 120;
};

Scenario swarm_scenario(std::uint64_t seed, const SwarmSize& size);

}  // namespace rubus::sim
