// /metrics: the scrape of the stock exporter (0.20, its flags for varz, connz, routez, subz, leafz,
// healthz, accstatz and accountz) from the server itself, and families of our own.
//
// Names begin with the configured prefix ("nats"), ours with "rubus". server_id is a stable label:
// the configured one, else the server's name. Per-connection samples only with connz_detailed=1,
// because every client would make a dozen series.
#pragma once

#include "engine/monitor/document.h"
#include "engine/monitor/metrics_text.h"
#include "engine/monitor/query.h"

namespace rubus {

MonitorReply answer_metrics(const MonitorFacts& facts, Query& query);

// The families that only this server has (metrics_own.cc).
void add_own_metrics(MetricsText& metrics, const MonitorFacts& facts, std::string_view server_id);

}  // namespace rubus
