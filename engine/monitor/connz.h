// /connz: the connections, open, closed or both, filtered, sorted and paged.
//
// Parameters: sort, auth, subs, offset, limit, cid, state, user, acc, mqtt_client. Equal keys are
// in the order of cid, where nats-server leaves them as its hash map gave them. As there, closed
// connections of the global account belong to no account: acc=$G finds open ones only.
#pragma once

#include "engine/monitor/document.h"
#include "engine/monitor/query.h"

namespace rubus {

MonitorReply answer_connz(const MonitorFacts& facts, Query& query);

// All open connections of the process, leaf nodes too, by number.
std::vector<ConnectionRecord> open_connections(const MonitorFacts& facts);

}  // namespace rubus
