// /accstatz: connections and traffic of each account. Parameter: unused (accounts without
// connections too); with names only those accounts, which $SYS requests may ask for.
#pragma once

#include "engine/monitor/document.h"
#include "engine/monitor/query.h"

namespace rubus {

MonitorReply answer_accstatz(const MonitorFacts& facts, Query& query);

// Traffic with all links together, as accounts count it: out is "sent".
Traffic all_traffic(const AccountRecord& account);

// "acc" to "slow_consumers" of one account; events of accounts show them too.
void write_account_numbers(JsonWriter& json, const AccountRecord& account);

}  // namespace rubus
