// cluster_swarm: seed → scenario with nodes. As swarm.h, for clusters: every seed has its own shape
// (nodes, shards, who is told of whom, who differs), its own kinds of faults, and alternates churn,
// traffic, faults, and waits that are sometimes long enough for the servers to settle.
#pragma once

#include <cstdint>

#include "sim/scenario.h"

namespace rubus::sim {

struct ClusterSize {
  std::uint32_t nodes_max = 7;
  std::uint32_t shards_max = 3;
  std::uint32_t rounds_max = 4;
};

Scenario cluster_scenario(std::uint64_t seed, const ClusterSize& size);

}  // namespace rubus::sim
