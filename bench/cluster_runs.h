// Runs that ask how a cluster behaves, not how much it carries: idle, failover, link.
//
// Times are taken by a trickle of messages, one each quarter of a millisecond, from a publisher on
// one node to a subscriber on another; the end of an outage is the first one that arrives.
#pragma once

#include <string>

#include "bench/failure.h"
#include "bench/sample.h"
#include "bench/server_group.h"

namespace rubus::load {

// After the mesh stands and `settle` seconds of quiet: RSS and processor share for `seconds`.
[[nodiscard]] Failure measure_idle_cluster(const GroupPlan& plan, double settle, double seconds,
                                           Sample& sample);
// Node 2 is killed; its client goes to node 3 as soon as its connection ends.
[[nodiscard]] Failure measure_failover(const GroupPlan& plan, Sample& sample);
// Two nodes whose routes all run through pipes (own_path names this program); `cuts` times both
// are killed, kept away for a while and started again.
[[nodiscard]] Failure measure_link(const GroupPlan& plan, const std::string& own_path,
                                   std::uint32_t cuts, Sample& sample);

}  // namespace rubus::load
