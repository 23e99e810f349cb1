// How a failing scenario is shown: shrunk, with its violations, its trace and the command that
// reproduces it.
#include <fstream>
#include <iostream>

#include "engine/base/text_number.h"
#include "sim/commands.h"
#include "sim/shrink.h"

namespace rubus::sim {

namespace {

constexpr std::uint64_t shrink_questions_max = 3000;
constexpr std::uint64_t cluster_questions_max = 600;  // each takes far longer
constexpr std::size_t trace_lines = 30;

// The first violation without its numbers: a smaller scenario must fail in the same way.
std::string kind_of(const RunResult& result) {
  std::string kind = result.is_good() ? "" : result.violations.front();
  std::erase_if(kind, [](char byte) { return byte >= '0' && byte <= '9'; });
  return kind;
}

}  // namespace

void print_failure(const Scenario& scenario, RunOptions options) {
  const std::string kind = kind_of(run_twice(scenario, options));
  const Scenario small = shrunk(
      scenario,
      [&](const Scenario& simpler) { return kind_of(run_twice(simpler, options)) == kind; },
      scenario.nodes.empty() ? shrink_questions_max : cluster_questions_max);
  options.has_trace = true;
  const RunResult result = run_twice(small, options);
  const std::string path = "sim-failure-" + number_text(scenario.seed) + ".scn";
  std::ofstream(path, std::ios::binary) << scenario_text(small);
  std::cout << "FAILED seed " << scenario.seed << ", build " << RUBUS_GIT_HASH << ", step "
            << result.steps << "\n";
  for (const std::string& what : result.violations) {
    std::cout << "  " << what << "\n";
  }
  std::cout << "--- scenario, shrunk from " << scenario.steps.size() << " to " << small.steps.size()
            << " steps (in " << path << ")\n"
            << scenario_text(small) << "--- last lines of the trace\n";
  std::string last = result.trace;
  std::size_t lines = 0;
  std::size_t begin = last.size();
  while (begin > 0 && lines <= trace_lines) {
    begin = last.rfind('\n', begin - 1);
    if (begin == std::string::npos) {
      begin = 0;
      break;
    }
    ++lines;
  }
  std::cout << last.substr(begin) << "--- reproduce with\n./dev sim --scenario " << path
            << "\n./dev sim " << (scenario.nodes.empty() ? "" : "cluster ") << "--seed "
            << scenario.seed << "\n";
}

bool read_range(const std::string& text, std::uint64_t& first, std::uint64_t& last) {
  const std::size_t dots = text.find("..");
  const std::optional<std::uint64_t> from =
      dots == std::string::npos ? std::optional<std::uint64_t>(1)
                                : parse_unsigned(std::string_view(text).substr(0, dots));
  const std::optional<std::uint64_t> to = parse_unsigned(
      dots == std::string::npos ? std::string_view(text) : std::string_view(text).substr(dots + 2));
  first = from.value_or(0);
  last = to.value_or(0);
  return from && to && first <= last;
}

}  // namespace rubus::sim
