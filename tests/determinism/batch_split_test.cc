// Goal: how the shell groups inputs into batches changes nothing that a client can see.
// Method: the same virtual schedule, once in batches as drawn, once with one input per batch; every
// connection must get the same bytes.
#include <gtest/gtest.h>

#include "sim/swarm.h"
#include "sim/world.h"

namespace rubus::sim {
namespace {

std::vector<std::string> bytes_with(const Scenario& scenario, const ShellHabits& habits) {
  RunOptions options;
  options.has_trace = false;
  options.keeps_bytes = true;
  options.habits = habits;
  const RunResult result = run_scenario(scenario, options);
  EXPECT_TRUE(result.is_good()) << result.violations.front();
  return result.bytes;
}

TEST(BatchSplit, one_input_per_batch_gives_the_same_bytes) {
  ShellHabits split;
  split.one_input_per_batch = true;
  for (std::uint64_t seed = 1; seed <= 250; ++seed) {
    const Scenario scenario = swarm_scenario(seed, SwarmSize{});
    ASSERT_EQ(bytes_with(scenario, ShellHabits{}), bytes_with(scenario, split))
        << "seed " << seed << "\n"
        << scenario_text(scenario);
  }
}

}  // namespace
}  // namespace rubus::sim
