// MetricsText: the Prometheus text format 0.0.4: families by name, samples in the order given.
//
// A family is what its first sample says it is. Values are JSON numbers and are shown as Go shows
// a float64 there (shortest digits, exponent from 1e+06 on), so that a scrape equals that of the
// stock exporter. Source: the format's own description and scrapes of exporter 0.20.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/sorted.h"

namespace rubus {

enum class MetricKind : std::uint8_t { gauge, counter, untyped };

struct MetricLabel {
  std::string_view name;
  std::string_view value;
};

class MetricsText {
 public:
  // Labels in the order of their names, as Prometheus shows them.
  void add(const std::string& family, MetricKind kind, std::string_view help,
           std::span<const MetricLabel> labels, std::string_view value);
  void add(const std::string& family, MetricKind kind, std::string_view help,
           std::span<const MetricLabel> labels, std::uint64_t value);
  std::string text() const;

 private:
  struct Family {
    MetricKind kind = MetricKind::gauge;
    std::string help;
    std::string samples;
  };

  SortedMap<std::string, Family> families_;
};

// "1048576" -> "1.048576e+06", "0.00001" -> "1e-05", "65536" as it is.
std::string metric_number_text(std::string_view json_number);

}  // namespace rubus
