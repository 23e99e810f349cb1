// Bounded memory: what the shard's block pool holds must be explained by what waits to be sent and
// by unfinished input; after the last connection is gone it must hold nothing.
//
// The factor is the pin rule of architecture.md section 4: whatever outlives a step fills at least
// an eighth of its block. Blocks are rounded up to powers of two, hence twice that.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/scenario.h"
#include "sim/sim_process.h"

namespace rubus::sim {

void check_bounded_memory(const Scenario& scenario, SimProcess& process,
                          std::uint64_t waiting_bytes, std::vector<std::string>& violations);

}  // namespace rubus::sim
