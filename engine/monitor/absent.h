// /gatewayz and /jsz of a server without gateways and without JetStream: what nats-server answers
// where both are off.
#pragma once

#include "engine/monitor/document.h"
#include "engine/monitor/query.h"

namespace rubus {

MonitorReply answer_gatewayz(const MonitorFacts& facts, Query& query);
MonitorReply answer_jsz(const MonitorFacts& facts, Query& query);

}  // namespace rubus
