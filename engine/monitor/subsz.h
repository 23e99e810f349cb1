// /subsz: what the subject indexes and match caches hold, in all accounts or in one.
//
// Parameters: subs, offset, limit, test, acc. Subscriptions are listed by connection, then in the
// order of SUB. Counts are those of clients' subscriptions; nats-server adds some 60 of its own.
#pragma once

#include "engine/monitor/document.h"
#include "engine/monitor/query.h"

namespace rubus {

MonitorReply answer_subsz(const MonitorFacts& facts, Query& query);

}  // namespace rubus
