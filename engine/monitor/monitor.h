// Monitoring documents: one text for each path of the monitoring port, built from facts.
//
// Pure text building; serving it is the shell's job. Field names, order, filters and error texts
// are those of nats-server (reference: monitoring). Unknown parameters are ignored, bad values of
// known ones are answered with status 400, unknown paths with 404.
#pragma once

#include "engine/monitor/document.h"
#include "engine/seam/input.h"
#include "engine/seam/output.h"

namespace rubus {

MonitorReply answer_monitor(const MonitorFacts& facts, const MonitorQuestion& question);

}  // namespace rubus
