// RapidCheck generates scenarios by seed (swarm.h) and shrinks them with shrink.h.
// The only header of sim that needs RapidCheck; tests include it.
#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <ostream>

#include "sim/scenario.h"
#include "sim/shrink.h"
#include "sim/swarm.h"

namespace rubus::sim {

inline void showValue(const Scenario& scenario, std::ostream& out) {
  out << scenario_text(scenario);
}

inline rc::Gen<Scenario> any_scenario(const SwarmSize& size) {
  return rc::Gen<Scenario>([size](const rc::Random& random, int /*rapidcheck_size*/) {
    rc::Random source = random;
    const std::uint64_t seed = source.next();
    return rc::shrinkable::shrinkRecur(swarm_scenario(seed, size), [](const Scenario& value) {
      return rc::seq::fromContainer(simpler_scenarios(value));
    });
  });
}

}  // namespace rubus::sim
