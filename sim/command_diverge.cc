// diverge: where do two runs part, and in which field? Two recordings, two scenarios, or one of
// them against a second run of itself on a heap of the opposite mood.
#include <algorithm>
#include <iostream>

#include "sim/commands.h"
#include "sim/describe_difference.h"
#include "sim/hostile_heap.h"
#include "sim/replay.h"

namespace rubus::sim {

namespace {

struct Side {
  std::vector<std::uint64_t> digests;
  std::string description;
};

// What `path` does, step by step; describes the shard after `step` if it is not 0.
bool play(const std::string& path, HeapMood mood, std::uint64_t step, Side& side,
          std::string& why) {
  std::string bytes;
  if (!read_file(path, bytes)) {
    why = "cannot read " + path;
    return false;
  }
  if (path.ends_with(".scn")) {
    const std::optional<Scenario> scenario = parse_scenario(bytes, why);
    if (!scenario) {
      why = path + ": " + why;
      return false;
    }
    RunOptions options;
    options.has_trace = false;
    options.keeps_digests = true;
    options.describe_at_step = step;
    set_heap_mood(mood);
    RunResult result = run_scenario(*scenario, options);
    side = {std::move(result.digests), std::move(result.description)};
  } else {
    ReplayOptions options;
    options.describe_at_step = step;
    set_heap_mood(mood);
    ReplayResult result = replay(bytes, options);
    if (!result.is_readable) {
      why = path + ": " + result.why;
      set_heap_mood(HeapMood::plain);
      return false;
    }
    side = {std::move(result.chain), std::move(result.description)};
  }
  set_heap_mood(HeapMood::plain);
  return true;
}

}  // namespace

int command_diverge(const std::vector<std::string>& words) {
  Flags flags;
  if (!flags.read(words, {}, {}) || flags.operands().empty() || flags.operands().size() > 2) {
    return wrong_usage(flags.why().empty() ? "diverge takes one or two files" : flags.why());
  }
  const std::string& left_path = flags.operands().front();
  const std::string& right_path = flags.operands().back();
  Side left;
  Side right;
  std::string why;
  if (!play(left_path, HeapMood::climbing, 0, left, why) ||
      !play(right_path, HeapMood::descending, 0, right, why)) {
    return wrong_usage(why);
  }
  const std::size_t common = std::min(left.digests.size(), right.digests.size());
  std::size_t at = 0;
  while (at < common && left.digests[at] == right.digests[at]) {
    ++at;
  }
  if (at == common && left.digests.size() == right.digests.size()) {
    std::cout << "no difference in " << common << " steps\n";
    return 0;
  }
  if (at == common) {
    std::cout << "equal for " << common << " steps, then one ends (" << left.digests.size()
              << " against " << right.digests.size() << " steps)\n";
    return 1;
  }
  if (!play(left_path, HeapMood::climbing, at + 1, left, why) ||
      !play(right_path, HeapMood::descending, at + 1, right, why)) {
    return wrong_usage(why);
  }
  std::cout << "first difference after step " << at + 1 << ": "
            << first_difference(left.description, right.description) << "\n";
  return 1;
}

}  // namespace rubus::sim
