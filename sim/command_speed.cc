// speed: virtual seconds per second, one server and ten clients that publish and subscribe.
#include <chrono>
#include <iostream>

#include "engine/base/text_number.h"
#include "sim/commands.h"

namespace rubus::sim {

namespace {

constexpr std::uint32_t clients = 10;
constexpr std::int64_t publish_gap_us = 20'000;  // each client, 50 messages a second

Scenario speed_scenario(std::uint64_t virtual_seconds) {
  Scenario scenario;
  scenario.seed = 1;
  scenario.links.resize(clients);
  for (std::uint32_t client = 0; client < clients; ++client) {
    ScenarioStep open;
    open.client = client;
    open.kind = StepKind::open;
    scenario.steps.push_back(open);
    ScenarioStep subscribe;
    subscribe.client = client;
    subscribe.kind = StepKind::subscribe;
    subscribe.subject = "speed." + number_text(client);
    subscribe.sid = "1";
    scenario.steps.push_back(subscribe);
  }
  const std::int64_t end_us = static_cast<std::int64_t>(virtual_seconds) * 1'000'000;
  for (std::int64_t at_us = publish_gap_us; at_us < end_us; at_us += publish_gap_us) {
    for (std::uint32_t client = 0; client < clients; ++client) {
      ScenarioStep publish;
      publish.at_us = at_us + client * 37;
      publish.client = client;
      publish.kind = StepKind::publish;
      publish.subject = "speed." + number_text((client + 1) % clients);
      publish.number = 128;
      scenario.steps.push_back(publish);
    }
  }
  return scenario;
}

}  // namespace

int command_speed(const std::vector<std::string>& words) {
  using Clock = std::chrono::steady_clock;
  Flags flags;
  if (!flags.read(words, {"seconds"}, {}) || !flags.operands().empty()) {
    return wrong_usage(flags.why().empty() ? "speed takes flags only" : flags.why());
  }
  const std::optional<std::uint64_t> wanted = flags.number("seconds", 60);
  if (!wanted || *wanted == 0) {
    return wrong_usage(flags.why());
  }
  const Scenario scenario = speed_scenario(*wanted);
  RunOptions options;
  options.has_trace = false;
  options.habits.digest_interval = 64;  // as often as the flight recorder
  const Clock::time_point began = Clock::now();
  const RunResult result = run_scenario(scenario, options);
  const double real = std::chrono::duration<double>(Clock::now() - began).count();
  const double virtual_seconds = static_cast<double>(result.virtual_time.nanoseconds) / 1e9;
  std::cout << virtual_seconds << " virtual seconds in " << real << " s: " << virtual_seconds / real
            << " times real time; " << result.steps << " steps, " << result.counts.messages
            << " messages\n";
  for (const std::string& what : result.violations) {
    std::cout << "  " << what << "\n";
  }
  return result.is_good() ? 0 : 1;
}

}  // namespace rubus::sim
