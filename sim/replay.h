// replay: a recording is played into a fresh DurableShard, batch by batch, and the digests
// compared. Any difference is impurity of the engine or another build.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/seam/recording.h"

namespace rubus::sim {

struct ReplayOptions {
  std::uint64_t describe_at_step = 0;  // 0: nowhere
  bool tells_batches = false;          // the text of every batch and output goes to `story`
  std::uint64_t stop_after_step = 0;   // 0: at the end
};

struct ReplayResult {
  bool is_readable = false;  // header and all records
  std::string why;           // if not readable, or if a digest differs
  bool is_equal = false;     // every recorded digest was reached again
  bool is_torn = false;      // the recording stops without an end mark
  RecordingHeader header;
  std::uint64_t steps = 0;
  std::uint64_t digests = 0;           // compared
  std::uint64_t first_difference = 0;  // step, 0: none
  std::uint64_t final_digest = 0;
  std::vector<std::uint64_t> chain;  // state digest after each step
  std::string description;
  std::string story;
};

ReplayResult replay(std::string_view file, const ReplayOptions& options);

}  // namespace rubus::sim
