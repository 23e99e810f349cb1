// The sub-commands of rubus-sim. Each returns the exit status: 0 good, 1 a finding, 2 wrong usage.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario.h"
#include "sim/world.h"

namespace rubus::sim {

// Strict flags: "--name value"; an unknown name or a missing value is refused.
class Flags {
 public:
  // `known` are names without dashes; those in `switches` have no value.
  bool read(const std::vector<std::string>& words, const std::vector<std::string_view>& known,
            const std::vector<std::string_view>& switches);
  const std::string* find(std::string_view name) const;
  // `fallback` without the flag; nullopt if it is not a number.
  std::optional<std::uint64_t> number(std::string_view name, std::uint64_t fallback);
  const std::vector<std::string>& operands() const { return operands_; }
  const std::string& why() const { return why_; }

 private:
  std::vector<std::pair<std::string, std::string>> values_;
  std::vector<std::string> operands_;
  std::string why_;
};

int wrong_usage(const std::string& why);
bool read_file(const std::string& path, std::string& bytes);

// Runs twice, on heaps of opposite moods, and adds a violation if the digests differ.
RunResult run_twice(const Scenario& scenario, RunOptions options);

// Shrinks, writes sim-failure-SEED.scn, tells.
void print_failure(const Scenario& scenario, RunOptions options);
// "A..B", or "B" for 1..B.
bool read_range(const std::string& text, std::uint64_t& first, std::uint64_t& last);

int command_run(const std::vector<std::string>& words);
int command_cluster(const std::vector<std::string>& words);
int command_digest(const std::vector<std::string>& words);
int command_replay(const std::vector<std::string>& words);
int command_diverge(const std::vector<std::string>& words);
int command_speed(const std::vector<std::string>& words);

}  // namespace rubus::sim
