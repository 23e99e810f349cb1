// ShardSnapshot: what one shard of a process tells about itself, so that the documents of shard 0
// cover the whole process. Plain values: counts, connections, accounts.
//
// A shard fills in what the question asks for: connections only for /connz, /subsz and /metrics
// with connections, their subscriptions only if they are shown. Shard 0 never asks itself; it reads
// its own state, so that a process of one shard copies nothing.
// The records serve the engine too: closed connections are kept as such.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/seam/address.h"

namespace rubus {

enum class CloseReason : std::uint8_t;  // engine/client/close_reason.h
struct TlsFacts;

struct Traffic {
  std::uint64_t in_messages = 0;
  std::uint64_t in_bytes = 0;
  std::uint64_t out_messages = 0;
  std::uint64_t out_bytes = 0;

  void add(const Traffic& other) {
    in_messages += other.in_messages;
    in_bytes += other.in_bytes;
    out_messages += other.out_messages;
    out_bytes += other.out_bytes;
  }
};

// What a shard counts since its start. `traffic`, `slow_consumers` and `stale_connections` are
// those of clients.
struct Counters {
  Traffic traffic;
  Traffic route_traffic;
  Traffic leaf_traffic;
  std::uint64_t connections = 0;
  std::uint64_t connections_total = 0;
  std::uint64_t subscriptions = 0;
  std::uint64_t slow_consumers = 0;
  std::uint64_t slow_routes = 0;
  std::uint64_t slow_leafs = 0;
  std::uint64_t stale_connections = 0;
  std::uint64_t stale_routes = 0;
  std::uint64_t stale_leafs = 0;
  std::uint64_t stalled_clients = 0;
  std::uint64_t steps = 0;
  std::uint64_t inputs = 0;

  void add(const Counters& other) {
    traffic.add(other.traffic);
    route_traffic.add(other.route_traffic);
    leaf_traffic.add(other.leaf_traffic);
    connections += other.connections;
    connections_total += other.connections_total;
    subscriptions += other.subscriptions;
    slow_consumers += other.slow_consumers;
    slow_routes += other.slow_routes;
    slow_leafs += other.slow_leafs;
    stale_connections += other.stale_connections;
    stale_routes += other.stale_routes;
    stale_leafs += other.stale_leafs;
    stalled_clients += other.stalled_clients;
    steps += other.steps;
    inputs += other.inputs;
  }

  template <class V>
  void visit(V& v) const {
    v("in_messages", traffic.in_messages);
    v("in_bytes", traffic.in_bytes);
    v("out_messages", traffic.out_messages);
    v("out_bytes", traffic.out_bytes);
    v("route_in_messages", route_traffic.in_messages);
    v("route_in_bytes", route_traffic.in_bytes);
    v("route_out_messages", route_traffic.out_messages);
    v("route_out_bytes", route_traffic.out_bytes);
    v("leaf_in_messages", leaf_traffic.in_messages);
    v("leaf_in_bytes", leaf_traffic.in_bytes);
    v("leaf_out_messages", leaf_traffic.out_messages);
    v("leaf_out_bytes", leaf_traffic.out_bytes);
    v("connections", connections);
    v("connections_total", connections_total);
    v("subscriptions", subscriptions);
    v("slow_consumers", slow_consumers);
    v("slow_routes", slow_routes);
    v("slow_leafs", slow_leafs);
    v("stale_connections", stale_connections);
    v("stale_routes", stale_routes);
    v("stale_leafs", stale_leafs);
    v("stalled_clients", stalled_clients);
  }
};

// A subscription of a connection, copied.
struct SubscriptionRecord {
  std::string subject;
  std::string queue;
  std::string sid;
  std::uint64_t delivered = 0;
  std::uint64_t delivered_max = 0;  // 0: no limit
};

// One connection as /connz shows it, open or closed.
struct ConnectionRecord {
  ClientNumber number;
  Address remote;
  WallTime start;
  WallTime last_activity;
  WallTime stop;  // 0: open
  CloseReason reason{};
  Duration round_trip;
  std::uint64_t pending_bytes = 0;
  Traffic traffic;
  std::uint64_t subscriptions = 0;
  std::uint64_t stalls = 0;
  std::string name;
  std::string lang;
  std::string version;
  std::string user;
  std::string account;
  std::string tls_version;
  std::string tls_cipher;
  bool tls_first = false;
  bool is_leaf = false;
  std::shared_ptr<const TlsFacts> tls_facts;             // null: no TLS
  std::vector<SubscriptionRecord> subscription_records;  // if they are asked for, or were kept

  bool is_closed() const { return stop.nanoseconds != 0; }
};

// One account in one shard.
struct AccountRecord {
  std::string name;
  std::uint64_t connections = 0;
  std::uint64_t leafnodes = 0;
  std::uint64_t slow_consumers = 0;
  Traffic clients;
  Traffic routes;
  Traffic leafs;
  std::uint64_t subscriptions = 0;
  std::uint64_t inserts = 0;
  std::uint64_t removes = 0;
  std::uint64_t cached = 0;
  std::uint64_t lookups = 0;
  std::uint64_t hits = 0;
  std::uint64_t fanout_max = 0;
  std::uint64_t fanout_sum = 0;

  // Another shard's share of the same account.
  void add(const AccountRecord& other) {
    connections += other.connections;
    leafnodes += other.leafnodes;
    slow_consumers += other.slow_consumers;
    clients.add(other.clients);
    routes.add(other.routes);
    leafs.add(other.leafs);
    subscriptions += other.subscriptions;
    inserts += other.inserts;
    removes += other.removes;
    cached += other.cached;
    lookups += other.lookups;
    hits += other.hits;
    fanout_max = fanout_max < other.fanout_max ? other.fanout_max : fanout_max;
    fanout_sum += other.fanout_sum;
  }
};

struct ShardSnapshot {
  std::uint32_t shard = 0;
  Counters counters;
  std::vector<AccountRecord> accounts;  // by name
  std::vector<ConnectionRecord> open;   // by number
  std::vector<ConnectionRecord> closed;
};

}  // namespace rubus
