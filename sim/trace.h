// Trace: one line per thing that happened, the last ones kept; for people who look at a failure.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "engine/base/time.h"

namespace rubus::sim {

class Trace {
 public:
  // Nothing is kept, and nothing should be put into words, while it is off.
  bool is_on = true;
  std::size_t lines_max = 400;

  void add(Instant at, std::uint64_t step, std::string_view what);
  // The last `count` lines.
  std::string last(std::size_t count) const;

 private:
  std::deque<std::string> lines_;
};

}  // namespace rubus::sim
