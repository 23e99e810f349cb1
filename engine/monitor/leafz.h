// /leafz: the leaf nodes connected here, and the hubs this server dialed. Parameters: subs, acc.
#pragma once

#include "engine/monitor/document.h"
#include "engine/monitor/query.h"

namespace rubus {

MonitorReply answer_leafz(const MonitorFacts& facts, Query& query);

}  // namespace rubus
