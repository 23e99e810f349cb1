// The law: in every scenario everybody gets what they are owed, and nothing else.
// RapidCheck draws the scenarios by seed and shrinks them; it prints the text form, which
// `./dev sim --scenario FILE` plays again.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "sim/scenario_gen.h"
#include "sim/world.h"

namespace rubus::sim {
namespace {

RC_GTEST_PROP(World, everybody_gets_what_they_are_owed, ()) {
  const Scenario scenario = *any_scenario(SwarmSize{});
  RunOptions options;
  options.has_trace = false;
  const RunResult result = run_scenario(scenario, options);
  RC_LOG() << (result.is_good() ? "" : result.violations.front());
  RC_ASSERT(result.is_good());
}

RC_GTEST_PROP(World, a_crowd_of_clients_gets_what_they_are_owed, ()) {
  const Scenario scenario = *any_scenario(SwarmSize{24, 400});
  RunOptions options;
  options.has_trace = false;
  const RunResult result = run_scenario(scenario, options);
  RC_LOG() << (result.is_good() ? "" : result.violations.front());
  RC_ASSERT(result.is_good());
}

RC_GTEST_PROP(Scenario, every_simpler_scenario_has_a_text_that_reads_back, ()) {
  const Scenario scenario = *any_scenario(SwarmSize{3, 12});
  for (const Scenario& simpler : simpler_scenarios(scenario)) {
    std::string why;
    RC_ASSERT(parse_scenario(scenario_text(simpler), why).has_value());
  }
}

}  // namespace
}  // namespace rubus::sim
