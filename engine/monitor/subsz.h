// /subsz: what the subject indexes and match caches hold, in all accounts or in one.
//
// Parameters: subs, offset, limit, test, acc. Subscriptions are listed by connection, then in the
// order of SUB. Counts are those of clients' subscriptions; nats-server adds some 60 of its own.
#pragma once

#include "engine/monitor/document.h"
#include "engine/monitor/query.h"

namespace rubus {

// num_subscriptions to avg_fanout; /accountz shows them of one account.
void write_statistics(JsonWriter& json, const AccountRecord& sum);

MonitorReply answer_subsz(const MonitorFacts& facts, Query& query);

}  // namespace rubus
