// Goal: how a client's bytes are cut into reads changes nothing that a client can see.
// Method: the same virtual schedule, but every read is cut again into pieces of at most one, three
// or seventeen bytes, handed in at the same time; every connection must get the same bytes.
#include <gtest/gtest.h>

#include "sim/swarm.h"
#include "sim/world.h"

namespace rubus::sim {
namespace {

std::vector<std::string> bytes_with(const Scenario& scenario, std::size_t read_bytes_max) {
  RunOptions options;
  options.has_trace = false;
  options.keeps_bytes = true;
  options.habits.read_bytes_max = read_bytes_max;
  options.habits.digest_interval = 0;
  const RunResult result = run_scenario(scenario, options);
  EXPECT_TRUE(result.is_good()) << result.violations.front();
  return result.bytes;
}

TEST(ChunkSplit, any_cut_of_the_reads_gives_the_same_bytes) {
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    const Scenario scenario = swarm_scenario(seed, SwarmSize{4, 60});
    const std::vector<std::string> whole = bytes_with(scenario, 65536);
    for (const std::size_t cut : {1U, 3U, 17U}) {
      ASSERT_EQ(bytes_with(scenario, cut), whole) << "seed " << seed << ", reads of " << cut << "\n"
                                                  << scenario_text(scenario);
    }
  }
}

}  // namespace
}  // namespace rubus::sim
