// What one run of one mode against one server gave.
//
// A figure that a mode does not measure is simply not in the list. `failure` makes the whole
// sample worthless: it is shown and never averaged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/failure.h"

namespace rubus::load {

enum class Figure : std::uint8_t {
  per_cpu_second,   // messages (deliveries) per second of server CPU time
  per_wall_second,  // messages (deliveries) per second
  server_share,     // of one core, 1.0 = busy all the time
  generator_share,
  rss_kib,
  peak_rss_kib,
  p50_us,
  p99_us,
  p999_us,
  bytes_each,  // RSS growth per connection or subscription
  first_info_ms,
  idle_percent,   // of one core, each process
  failover_ms,    // from the kill to the next message
  link_ms,        // from the return of the link to the next message, median of the cuts
  link_worst_ms,  // the longest of them
};

struct Sample {
  Failure failure;
  std::vector<std::pair<Figure, double>> values;

  std::optional<double> value(Figure figure) const {
    for (const std::pair<Figure, double>& entry : values) {
      if (entry.first == figure) {
        return entry.second;
      }
    }
    return std::nullopt;
  }
};

}  // namespace rubus::load
