// Goal: clusters decide alike on any heap, and clients of a calm cluster see the same messages
// however batches and reads are cut. Method: drawn clusters twice on hostile heaps; a fixed
// conversation in batches of one input and in reads of three bytes.
#include <gtest/gtest.h>

#include "sim/cluster/cluster_swarm.h"
#include "sim/hostile_heap.h"
#include "sim/world.h"

namespace rubus::sim {
namespace {

RunResult run_in(HeapMood mood, const Scenario& scenario) {
  set_heap_mood(mood);
  RunOptions options;
  options.has_trace = false;
  options.keeps_digests = true;
  RunResult result = run_scenario(scenario, options);
  set_heap_mood(HeapMood::plain);
  return result;
}

TEST(ClusterDeterminism, two_hostile_heaps_give_equal_digests_after_every_step) {
  std::uint64_t steps = 0;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    const Scenario scenario = cluster_scenario(seed, ClusterSize{5, 3, 2});
    const RunResult first = run_in(HeapMood::climbing, scenario);
    const RunResult second = run_in(HeapMood::descending, scenario);
    ASSERT_EQ(first.digests, second.digests) << "seed " << seed;
    steps += first.steps;
  }
  EXPECT_GT(steps, 10'000U);
}

TEST(ClusterDeterminism, any_cut_of_batches_and_reads_keeps_every_promise) {
  ShellHabits single;
  single.one_input_per_batch = true;
  ShellHabits short_reads;
  short_reads.read_bytes_max = 3;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Scenario scenario = cluster_scenario(seed, ClusterSize{4, 3, 2});
    for (const ShellHabits& habits : {single, short_reads}) {
      RunOptions options;
      options.has_trace = false;
      options.habits = habits;
      const RunResult result = run_scenario(scenario, options);
      ASSERT_TRUE(result.is_good()) << "seed " << seed << ": " << result.violations.front();
    }
  }
}

}  // namespace
}  // namespace rubus::sim
