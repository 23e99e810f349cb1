// /routez: the connections to other servers of the cluster. Parameter: subs (true or "detail").
#pragma once

#include "engine/monitor/document.h"
#include "engine/monitor/query.h"

namespace rubus {

MonitorReply answer_routez(const MonitorFacts& facts, Query& query);

}  // namespace rubus
