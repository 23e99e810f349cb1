// shrink: makes a failing scenario small. Works on the value alone: fewer steps, fewer clients,
// fewer special knobs, simpler links, smaller numbers. RapidCheck uses the same candidates.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sim/scenario.h"

namespace rubus::sim {

// Simpler scenarios, the boldest first; empty when nothing can be left out.
std::vector<Scenario> simpler_scenarios(const Scenario& scenario);

// Takes simpler scenarios as long as `still_fails`; asks at most `questions_max` times.
Scenario shrunk(Scenario scenario, const std::function<bool(const Scenario&)>& still_fails,
                std::uint64_t questions_max);

}  // namespace rubus::sim
