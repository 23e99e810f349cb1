// Goal: every named scenario of tests/scenarios stays good. Each was once found by a seed; its
// remarks say what went wrong. Played twice, on heaps of opposite moods.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/hostile_heap.h"
#include "sim/world.h"

namespace rubus::sim {
namespace {

RunResult run_in(HeapMood mood, const Scenario& scenario) {
  set_heap_mood(mood);
  RunResult result = run_scenario(scenario, RunOptions{});
  set_heap_mood(HeapMood::plain);
  return result;
}

TEST(Scenarios, every_named_scenario_is_good) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(RUBUS_SCENARIOS)) {
    if (entry.path().extension() == ".scn") {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  ASSERT_FALSE(paths.empty());
  for (const std::filesystem::path& path : paths) {
    std::ifstream file(path);
    const std::string text((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    std::string why;
    const std::optional<Scenario> scenario = parse_scenario(text, why);
    ASSERT_TRUE(scenario) << path << " " << why;
    const RunResult first = run_in(HeapMood::climbing, *scenario);
    const RunResult second = run_in(HeapMood::descending, *scenario);
    EXPECT_TRUE(first.is_good()) << path << "\n" << first.violations.front() << "\n" << first.trace;
    EXPECT_EQ(first.chain, second.chain) << path;
  }
}

}  // namespace
}  // namespace rubus::sim
