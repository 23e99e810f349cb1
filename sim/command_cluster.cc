// cluster: scenarios with nodes by seed, each twice on heaps of opposite moods; a report counts
// what happened to whom, and which rare branches were reached.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>

#include "engine/base/text_number.h"
#include "sim/cluster/cluster_swarm.h"
#include "sim/commands.h"

namespace rubus::sim {

namespace {

struct ClusterTotals {
  std::uint64_t runs = 0;
  std::uint64_t failures = 0;
  std::uint64_t events = 0;
  std::uint64_t nodes = 0;
  std::uint64_t shards = 0;
  std::uint64_t clients = 0;
  std::uint64_t operations = 0;
  std::uint64_t answers = 0;
  Duration virtual_time;
  ClusterCounts counts;
  FaultCounts faults{};
  MarkCounts marks{};

  void add(const Scenario& scenario, const RunResult& result);
};

void ClusterTotals::add(const Scenario& scenario, const RunResult& result) {
  ++runs;
  failures += result.is_good() ? 0 : 1;
  events += result.events;
  nodes += scenario.nodes.size();
  clients += scenario.links.size();
  for (const ScenarioNode& node : scenario.nodes) {
    shards += static_cast<std::uint64_t>(node.shards);
  }
  operations += result.counts.operations;
  answers += result.answers;
  virtual_time = virtual_time + result.virtual_time;
  counts.messages += result.cluster.messages;
  counts.published += result.cluster.published;
  counts.across += result.cluster.across;
  counts.owed += result.cluster.owed;
  counts.group_owed += result.cluster.group_owed;
  counts.no_responders += result.cluster.no_responders;
  counts.silence_owed += result.cluster.silence_owed;
  for (std::size_t at = 0; at < faults.size(); ++at) {
    faults[at] += result.faults[at];
  }
  for (std::size_t at = 0; at < marks.size(); ++at) {
    marks[at] += result.marks[at];
  }
}

// Branches that no world of Rubus servers alone can reach: a nats-server asks for routes of single
// accounts (tests/interop), and that remote interest alone holds a 503 back is what the model sees.
bool is_out_of_reach(Reached mark) {
  return mark == Reached::route_dedicated || mark == Reached::no_responders_kept;
}

void put_row(std::ostream& out, std::string_view name, std::uint64_t count) {
  out << "| " << name << " | " << count << " |\n";
}

std::string report(const ClusterTotals& totals, const std::string& command) {
  std::ostringstream out;
  out << "# Clusters in the simulator\n\nCommand: `rubus-sim " << command << "`, build "
      << RUBUS_GIT_HASH << ".\nEach scenario was played twice, on heaps of opposite moods, with "
      << "equal digests of all shards.\n\n| what | count |\n|---|---:|\n";
  put_row(out, "scenarios", totals.runs);
  put_row(out, "failures", totals.failures);
  put_row(out, "nodes", totals.nodes);
  put_row(out, "shards", totals.shards);
  put_row(out, "clients", totals.clients);
  put_row(out, "virtual hours",
          static_cast<std::uint64_t>(totals.virtual_time.nanoseconds / 3'600'000'000'000));
  put_row(out, "events", totals.events);
  put_row(out, "operations of clients", totals.operations);
  put_row(out, "messages published", totals.counts.published);
  put_row(out, "messages read by clients", totals.counts.messages);
  put_row(out, "of these from another node", totals.counts.across);
  put_row(out, "deliveries that had to be, and were", totals.counts.owed);
  put_row(out, "groups that had to be served once, and were", totals.counts.group_owed);
  put_row(out, "503 read", totals.counts.no_responders);
  put_row(out, "503 that had to be told", totals.counts.silence_owed);
  put_row(out, "monitoring answers", totals.answers);
  out << "\n| fault | count |\n|---|---:|\n";
  for (std::size_t at = 0; at < totals.faults.size(); ++at) {
    put_row(out, fault_name(static_cast<FaultKind>(at)), totals.faults[at]);
  }
  out << "\n| rare branch | reached |\n|---|---:|\n";
  for (std::size_t at = 0; at < totals.marks.size(); ++at) {
    if (!is_out_of_reach(reached_names[at].mark)) {
      put_row(out, reached_names[at].name, totals.marks[at]);
    }
  }
  return out.str();
}

bool run_range(std::uint64_t first, std::uint64_t last, const ClusterSize& size, bool goes_on,
               ClusterTotals& totals) {
  RunOptions options;
  options.has_trace = false;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const Scenario scenario = cluster_scenario(seed, size);
    const RunResult result = run_twice(scenario, options);
    totals.add(scenario, result);
    if (result.is_good()) {
      continue;
    }
    if (!goes_on) {
      print_failure(scenario, options);
      return false;
    }
    std::cout << "seed " << seed << ": " << result.violations.front() << std::endl;
  }
  return totals.failures == 0;
}

}  // namespace

int command_cluster(const std::vector<std::string>& words) {
  Flags flags;
  if (!flags.read(words, {"seed", "seeds", "nodes", "shards", "rounds", "report"},
                  {"survey", "all-marks"}) ||
      !flags.operands().empty()) {
    return wrong_usage(flags.why().empty() ? "cluster takes flags only" : flags.why());
  }
  ClusterSize size;
  const std::optional<std::uint64_t> nodes = flags.number("nodes", size.nodes_max);
  const std::optional<std::uint64_t> shards = flags.number("shards", size.shards_max);
  const std::optional<std::uint64_t> rounds = flags.number("rounds", size.rounds_max);
  const std::optional<std::uint64_t> seed = flags.number("seed", 0);
  if (!nodes || !shards || !rounds || !seed || *nodes < 1 || *nodes > 7 || *shards < 1 ||
      *shards > 8 || *rounds < 1 || *rounds > 50) {
    return wrong_usage(flags.why().empty() ? "1 to 7 nodes, 1 to 8 shards, 1 to 50 rounds"
                                           : flags.why());
  }
  size = {static_cast<std::uint32_t>(*nodes), static_cast<std::uint32_t>(*shards),
          static_cast<std::uint32_t>(*rounds)};
  std::uint64_t first = 1;
  std::uint64_t last = 200;
  if (flags.find("seed") != nullptr) {
    first = last = *seed;
  } else if (const std::string* range = flags.find("seeds");
             range != nullptr && !read_range(*range, first, last)) {
    return wrong_usage("--seeds needs A..B, not " + *range);
  }
  ClusterTotals totals;
  bool is_good = run_range(first, last, size, flags.find("survey") != nullptr, totals);
  std::string command = "cluster";
  for (const std::string& word : words) {
    command += " " + word;
  }
  const std::string text = report(totals, command);
  std::cout << text;
  if (const std::string* path = flags.find("report")) {
    std::ofstream(*path, std::ios::binary) << text;
  }
  const bool is_all_reached =
      std::all_of(reached_names.begin(), reached_names.end(), [&totals](const ReachedName& name) {
        return is_out_of_reach(name.mark) || totals.marks[static_cast<std::size_t>(name.mark)] > 0;
      });
  if (flags.find("all-marks") != nullptr && !is_all_reached) {
    std::cout << "a rare branch was never reached\n";
    is_good = false;
  }
  return is_good ? 0 : 1;
}

}  // namespace rubus::sim
