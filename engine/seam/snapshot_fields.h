// The field lists of ShardSnapshot and its parts; the rest of the seam is in fields.h.
#pragma once

#include "engine/seam/fields.h"
#include "engine/seam/shard_snapshot.h"

namespace rubus {

template <>
inline constexpr unsigned enum_values<CloseReason> = 64;

template <class V, Of<SnapshotTicket> S>
void fields(V& visit, S& value) {
  auto& [number] = value;
  visit("value", number);
}

template <class V, Of<ClientNumber> S>
void fields(V& visit, S& value) {
  auto& [number] = value;
  visit("value", number);
}

template <class V, Of<Traffic> S>
void fields(V& visit, S& value) {
  auto& [in_messages, in_bytes, out_messages, out_bytes] = value;
  visit("in_messages", in_messages);
  visit("in_bytes", in_bytes);
  visit("out_messages", out_messages);
  visit("out_bytes", out_bytes);
}

template <class V, Of<Counters> S>
void fields(V& visit, S& value) {
  auto& [traffic, route_traffic, leaf_traffic, connections, connections_total, subscriptions,
         slow_consumers, slow_routes, slow_leafs, stale_connections, stale_routes, stale_leafs,
         stalled_clients, steps, inputs] = value;
  visit("traffic", traffic);
  visit("route_traffic", route_traffic);
  visit("leaf_traffic", leaf_traffic);
  visit("connections", connections);
  visit("connections_total", connections_total);
  visit("subscriptions", subscriptions);
  visit("slow_consumers", slow_consumers);
  visit("slow_routes", slow_routes);
  visit("slow_leafs", slow_leafs);
  visit("stale_connections", stale_connections);
  visit("stale_routes", stale_routes);
  visit("stale_leafs", stale_leafs);
  visit("stalled_clients", stalled_clients);
  visit("steps", steps);
  visit("inputs", inputs);
}

template <class V, Of<SubscriptionRecord> S>
void fields(V& visit, S& value) {
  auto& [subject, queue, sid, delivered, delivered_max] = value;
  visit("subject", subject);
  visit("queue", queue);
  visit("sid", sid);
  visit("delivered", delivered);
  visit("delivered_max", delivered_max);
}

template <class V, Of<ConnectionRecord> S>
void fields(V& visit, S& value) {
  auto& [number, remote, start, last_activity, stop, reason, round_trip, pending_bytes, traffic,
         subscriptions, stalls, name, lang, version, user, account, tls_version, tls_cipher,
         tls_first, is_leaf, tls_facts, subscription_records] = value;
  visit("number", number);
  visit("remote", remote);
  visit("start", start);
  visit("last_activity", last_activity);
  visit("stop", stop);
  visit("reason", reason);
  visit("round_trip", round_trip);
  visit("pending_bytes", pending_bytes);
  visit("traffic", traffic);
  visit("subscriptions", subscriptions);
  visit("stalls", stalls);
  visit("name", name);
  visit("lang", lang);
  visit("version", version);
  visit("user", user);
  visit("account", account);
  visit("tls_version", tls_version);
  visit("tls_cipher", tls_cipher);
  visit("tls_first", tls_first);
  visit("is_leaf", is_leaf);
  visit("tls_facts", tls_facts);
  visit("subscription_records", subscription_records);
}

template <class V, Of<AccountRecord> S>
void fields(V& visit, S& value) {
  auto& [name, connections, leafnodes, slow_consumers, clients, routes, leafs, subscriptions,
         inserts, removes, cached, lookups, hits, fanout_max, fanout_sum] = value;
  visit("name", name);
  visit("connections", connections);
  visit("leafnodes", leafnodes);
  visit("slow_consumers", slow_consumers);
  visit("clients", clients);
  visit("routes", routes);
  visit("leafs", leafs);
  visit("subscriptions", subscriptions);
  visit("inserts", inserts);
  visit("removes", removes);
  visit("cached", cached);
  visit("lookups", lookups);
  visit("hits", hits);
  visit("fanout_max", fanout_max);
  visit("fanout_sum", fanout_sum);
}

template <class V, Of<ShardSnapshot> S>
void fields(V& visit, S& value) {
  auto& [shard, counters, accounts, open, closed] = value;
  visit("shard", shard);
  visit("counters", counters);
  visit("accounts", accounts);
  visit("open", open);
  visit("closed", closed);
}

template <class V, Of<SnapshotAsked> S>
void fields(V& visit, S& value) {
  auto& [ticket, question] = value;
  visit("ticket", ticket);
  visit("question", question);
}

template <class V, Of<SnapshotTaken> S>
void fields(V& visit, S& value) {
  auto& [ticket, shard, snapshot] = value;
  visit("ticket", ticket);
  visit("shard", shard);
  visit("snapshot", snapshot);
}

}  // namespace rubus
