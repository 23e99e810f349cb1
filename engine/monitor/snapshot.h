// Snapshots: what a shard tells about itself when shard 0 asks, and the sums shard 0 makes of it.
//
// A snapshot holds what the question needs and no more: connections for /connz, /subsz with lists
// and /metrics, their subscriptions only where they are shown. With one shard none is ever taken.
#pragma once

#include <memory>
#include <vector>

#include "engine/monitor/document.h"
#include "engine/seam/shard_snapshot.h"

namespace rubus {

// Connections' subscriptions are needed for the answer.
bool shows_subscriptions(const MonitorQuestion& question);

std::shared_ptr<const ShardSnapshot> take_snapshot(const MonitorFacts& facts,
                                                   const MonitorQuestion& question);

// Of all shards together.
Counters all_counters(const MonitorFacts& facts);

// The accounts of all shards together, by name.
std::vector<AccountRecord> all_accounts(const MonitorFacts& facts);

// What varz, subsz and statsz call subscriptions: of all accounts.
std::uint64_t all_subscriptions(const MonitorFacts& facts);

}  // namespace rubus
