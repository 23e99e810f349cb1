// Goal: clusters as the swarm draws them are good, and the checks of clusters can fail.
// Method: a fixed range of seeds; one message dropped, doubled, changed or given to somebody else
// between shard and client in a conversation across two nodes.
#include "sim/cluster/cluster_world.h"

#include <gtest/gtest.h>

#include "sim/cluster/cluster_swarm.h"

namespace rubus::sim {
namespace {

constexpr std::string_view conversation =
    "scenario 1\n"
    "seed 5\n"
    "node shards=2\n"
    "node routes=node0\n"
    "client latency_us=100 home=0\n"
    "client latency_us=200 home=1\n"
    "client latency_us=150 home=1\n"
    "0 0 open\n"
    "0 1 open\n"
    "0 2 open\n"
    "100 1 subscribe a.> sid=1\n"
    "100 2 subscribe *.b sid=9\n"
    "40000000 0 publish a.b bytes=10\n"
    "40000000 0 publish a.b bytes=20\n"
    "40000000 0 publish a.b bytes=30\n"
    "40000000 0 publish a.c bytes=40\n";

RunResult run_with(CanaryKind kind, std::uint64_t nth) {
  std::string why;
  const std::optional<Scenario> scenario = parse_scenario(conversation, why);
  EXPECT_TRUE(scenario) << why;
  RunOptions options;
  options.canary = kind;
  options.canary_nth = nth;
  return run_scenario(*scenario, options);
}

void expect_named(CanaryKind kind, std::uint64_t nth, std::string_view words) {
  const RunResult result = run_with(kind, nth);
  EXPECT_TRUE(result.has_canary_sung);
  ASSERT_FALSE(result.is_good());
  EXPECT_NE(result.violations.front().find(words), std::string::npos) << result.violations.front();
}

TEST(ClusterWorld, two_nodes_bring_a_message_across) {
  const RunResult result = run_with(CanaryKind::none, 1);
  EXPECT_TRUE(result.is_good()) << result.violations.front() << "\n" << result.trace;
  EXPECT_GT(result.cluster.across, 6U);
}

TEST(ClusterWorld, a_dropped_message_is_named) {
  expect_named(CanaryKind::drop, 2, "was never delivered");
}

TEST(ClusterWorld, a_doubled_message_is_named) {
  expect_named(CanaryKind::duplicate, 3, "was delivered twice");
}

TEST(ClusterWorld, a_changed_message_is_named) {
  expect_named(CanaryKind::corrupt, 4, "is changed");
}

TEST(ClusterWorld, a_message_for_somebody_else_is_named) {
  const RunResult result = run_with(CanaryKind::misdirect, 1);
  EXPECT_TRUE(result.has_canary_sung);
  EXPECT_FALSE(result.is_good());
}

TEST(ClusterWorld, drawn_clusters_are_good) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    RunOptions options;
    options.has_trace = false;
    const Scenario scenario = cluster_scenario(seed, ClusterSize{});
    const RunResult result = run_scenario(scenario, options);
    ASSERT_TRUE(result.is_good()) << "seed " << seed << ": " << result.violations.front();
  }
}

}  // namespace
}  // namespace rubus::sim
