// Runs modes against servers in alternation: A, B, limit, A, B, limit, …
//
// Every run gets a server of its own, started for it and stopped after it, so that only one server
// exists at a time on a machine with few cores and no run inherits the memory of another. Noise of
// the machine hits neighbours alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/load_options.h"
#include "bench/mode.h"
#include "bench/sample.h"

namespace rubus::load {

struct Candidate {
  std::string label;
  std::string command;
  std::optional<int> processor;
  std::string version;  // what -v prints, and INFO's version
};

// One line of the result: a mode at a size, and for each candidate its samples.
struct CampaignRow {
  Mode mode;
  std::uint32_t payload_bytes = 0;
  std::vector<std::vector<Sample>> samples;  // [candidate][round]
  std::vector<Sample> limit_samples;         // [round], empty when the mode has no limit
};

struct Campaign {
  std::vector<Candidate> candidates;
  std::vector<CampaignRow> rows;
  std::uint32_t failures = 0;
};

// `own_path` is this program, started again as sink and relay.
[[nodiscard]] Failure run_campaign(const LoadOptions& options, const std::string& own_path,
                                   Campaign& campaign);

}  // namespace rubus::load
