// Goal: no address, no order of addresses and no uninitialised byte reaches a decision.
// Method: each scenario twice, on heaps that climb and fill with 0xAA, descend and fill with 0x55.
#include <gtest/gtest.h>

#include <memory>

#include "engine/base/digest.h"
#include "sim/hostile_heap.h"
#include "sim/swarm.h"
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

TEST(DoubleRun, two_hostile_heaps_give_equal_digests_after_every_step) {
  std::uint64_t steps = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Scenario scenario = swarm_scenario(seed, SwarmSize{});
    const RunResult first = run_in(HeapMood::climbing, scenario);
    const RunResult second = run_in(HeapMood::descending, scenario);
    ASSERT_EQ(first.digests, second.digests) << "seed " << seed;
    steps += first.steps;
  }
  EXPECT_GT(steps, 10'000U);
}

// Decides by what it should not look at: the order of two addresses.
std::uint64_t decide_by_addresses() {
  const std::unique_ptr<int> first = std::make_unique<int>(1);
  const std::unique_ptr<int> second = std::make_unique<int>(2);
  return std::less<int*>()(first.get(), second.get()) ? 1 : 2;
}

std::uint64_t decide_in(HeapMood mood) {
  set_heap_mood(mood);
  const std::uint64_t decided = decide_by_addresses();
  set_heap_mood(HeapMood::plain);
  return decided;
}

TEST(DoubleRun, a_decision_by_addresses_is_exposed) {
  // A sanitizer brings its own operator new; then there is no mood to decide by.
  EXPECT_EQ(decide_in(HeapMood::climbing) != decide_in(HeapMood::descending), is_heap_hostile());
}

std::uint64_t fresh_bytes_in(HeapMood mood) {
  set_heap_mood(mood);
  void* memory = ::operator new(640);
  Digest digest;
  const volatile unsigned char* bytes = static_cast<const volatile unsigned char*>(memory);
  for (std::size_t at = 0; at < 640; ++at) {
    digest.add(std::uint64_t{bytes[at]});
  }
  ::operator delete(memory);
  set_heap_mood(HeapMood::plain);
  return digest.value();
}

TEST(DoubleRun, an_uninitialised_byte_is_exposed) {
  EXPECT_EQ(fresh_bytes_in(HeapMood::climbing) != fresh_bytes_in(HeapMood::descending),
            is_heap_hostile());
}

}  // namespace
}  // namespace rubus::sim
