// Gauges from a monitoring document: every number in it becomes one, named by the path of its keys,
// as the stock exporter does for /varz, /routez and /subsz.
//
// Text is shown only of a few keys (as label "value" of a gauge that is 1; times as milliseconds);
// truth values and lists are not. What that exporter leaves out is left out.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/time.h"
#include "engine/monitor/metrics_text.h"

namespace rubus {

// What stands behind keys that hold times.
using DocumentTimes = std::span<const std::pair<std::string_view, WallTime>>;

// `name` is prefix and path of the document: "nats_varz".
void add_document_metrics(MetricsText& metrics, const std::string& name, std::string_view server_id,
                          DocumentTimes times, std::string_view json);

}  // namespace rubus
