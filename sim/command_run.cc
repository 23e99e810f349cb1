// run: scenarios by seed, by file or for some minutes; each twice, on heaps of opposite moods.
// digest: the digest chains of the first seeds, one line each, to be compared between machines.
#include <chrono>
#include <fstream>
#include <iostream>

#include "engine/base/text_number.h"
#include "sim/commands.h"
#include "sim/hostile_heap.h"
#include "sim/shrink.h"
#include "sim/swarm.h"

namespace rubus::sim {

namespace {

struct Totals {
  std::uint64_t runs = 0;
  std::uint64_t steps = 0;
  std::uint64_t operations = 0;
  std::uint64_t messages = 0;
  std::uint64_t closes = 0;
  Duration virtual_time;
};

std::optional<CanaryKind> canary_named(std::string_view name) {
  constexpr std::pair<std::string_view, CanaryKind> kinds[] = {
      {"none", CanaryKind::none},           {"drop", CanaryKind::drop},
      {"duplicate", CanaryKind::duplicate}, {"swap", CanaryKind::swap},
      {"corrupt", CanaryKind::corrupt},     {"misdirect", CanaryKind::misdirect}};
  for (const auto& [known, kind] : kinds) {
    if (known == name) {
      return kind;
    }
  }
  return std::nullopt;
}

bool run_one(const Scenario& scenario, const RunOptions& options, Totals& totals) {
  const RunResult result = run_twice(scenario, options);
  ++totals.runs;
  totals.steps += result.steps;
  totals.operations += result.counts.operations;
  totals.messages += result.counts.messages;
  totals.closes += result.counts.closes;
  totals.virtual_time = totals.virtual_time + result.virtual_time;
  if (!result.is_good()) {
    print_failure(scenario, options);
  }
  return result.is_good();
}

void print_totals(const Totals& totals) {
  std::cout << totals.runs << " scenarios, each twice: " << totals.steps << " steps, "
            << totals.operations << " operations, " << totals.messages << " messages, "
            << totals.closes << " closes by the server, "
            << totals.virtual_time.nanoseconds / 1'000'000'000 << " virtual seconds\n";
}

int run_file(const std::string& path, RunOptions options, const std::string* record) {
  std::string text;
  if (!read_file(path, text)) {
    return wrong_usage("cannot read " + path);
  }
  std::string why;
  const std::optional<Scenario> scenario = parse_scenario(text, why);
  if (!scenario) {
    return wrong_usage(path + ": " + why);
  }
  if (record != nullptr) {
    RunOptions recorded = options;
    recorded.keeps_recording = true;
    std::ofstream(*record, std::ios::binary) << run_scenario(*scenario, recorded).recording;
  }
  Totals totals;
  const bool is_good = run_one(*scenario, options, totals);
  print_totals(totals);
  return is_good ? 0 : 1;
}

int run_minutes(std::uint64_t minutes, const SwarmSize& size, const RunOptions& options) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point began = Clock::now();
  const Clock::time_point end = began + std::chrono::minutes(minutes);
  // Why the time of day: each long run should see other seeds; the failing one is printed.
  const std::uint64_t first =
      static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch() /
                                 std::chrono::seconds(1)) *
      1'000'000;
  Totals totals;
  for (std::uint64_t seed = first; Clock::now() < end; ++seed) {
    if (!run_one(swarm_scenario(seed, size), options, totals)) {
      return 1;
    }
  }
  print_totals(totals);
  return 0;
}

}  // namespace

RunResult run_twice(const Scenario& scenario, RunOptions options) {
  set_heap_mood(HeapMood::climbing);
  RunResult first = run_scenario(scenario, options);
  set_heap_mood(HeapMood::descending);
  options.has_trace = false;
  const RunResult second = run_scenario(scenario, options);
  set_heap_mood(HeapMood::plain);
  if (first.chain != second.chain || first.steps != second.steps) {
    first.violations.push_back("two runs on different heaps have different digests");
  }
  return first;
}

int command_run(const std::vector<std::string>& words) {
  Flags flags;
  if (!flags.read(words,
                  {"seed", "seeds", "scenario", "minutes", "clients", "steps", "canary", "record"},
                  {}) ||
      !flags.operands().empty()) {
    return wrong_usage(flags.why().empty() ? "run takes flags only" : flags.why());
  }
  RunOptions options;
  options.has_trace = false;
  if (const std::string* name = flags.find("canary")) {
    const std::optional<CanaryKind> kind = canary_named(*name);
    if (!kind) {
      return wrong_usage("no such canary: " + *name);
    }
    options.canary = *kind;
  }
  SwarmSize size;
  const std::optional<std::uint64_t> clients = flags.number("clients", size.clients_max);
  const std::optional<std::uint64_t> steps = flags.number("steps", size.steps_max);
  const std::optional<std::uint64_t> minutes = flags.number("minutes", 0);
  const std::optional<std::uint64_t> seed = flags.number("seed", 0);
  if (!clients || !steps || !minutes || !seed || *clients == 0 || *clients > 64 || *steps < 5) {
    return wrong_usage(flags.why().empty() ? "1 to 64 clients, 5 steps at least" : flags.why());
  }
  size.clients_max = static_cast<std::uint32_t>(*clients);
  size.steps_max = static_cast<std::uint32_t>(*steps);
  if (const std::string* path = flags.find("scenario")) {
    return run_file(*path, options, flags.find("record"));
  }
  if (flags.find("minutes") != nullptr) {
    return run_minutes(*minutes, size, options);
  }
  std::uint64_t first = 1;
  std::uint64_t last = 1000;
  if (flags.find("seed") != nullptr) {
    first = last = *seed;
  } else if (const std::string* range = flags.find("seeds");
             range != nullptr && !read_range(*range, first, last)) {
    return wrong_usage("--seeds needs A..B, not " + *range);
  }
  Totals totals;
  for (std::uint64_t at = first; at <= last; ++at) {
    if (!run_one(swarm_scenario(at, size), options, totals)) {
      return 1;
    }
  }
  print_totals(totals);
  return 0;
}

int command_digest(const std::vector<std::string>& words) {
  Flags flags;
  if (!flags.read(words, {"seeds"}, {}) || !flags.operands().empty()) {
    return wrong_usage(flags.why().empty() ? "digest takes flags only" : flags.why());
  }
  const std::optional<std::uint64_t> seeds = flags.number("seeds", 200);
  if (!seeds) {
    return wrong_usage(flags.why());
  }
  RunOptions options;
  options.has_trace = false;
  for (std::uint64_t seed = 1; seed <= *seeds; ++seed) {
    const RunResult result = run_scenario(swarm_scenario(seed, SwarmSize{}), options);
    std::cout << seed << " " << result.chain << " " << result.steps << " "
              << (result.is_good() ? "good" : "bad") << "\n";
  }
  return 0;
}

}  // namespace rubus::sim
