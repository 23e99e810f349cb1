// Families of our own, for what the stock exporter cannot know: shards, interest, links, build.
#include <array>

#include "engine/base/text_number.h"
#include "engine/monitor/metrics.h"
#include "engine/monitor/snapshot.h"

namespace rubus {

namespace {

void add_shard(MetricsText& metrics, std::string_view server_id, std::uint32_t shard,
               const Counters& counters) {
  const std::string number = number_text(shard);
  const std::array<MetricLabel, 2> labels = {{{"server_id", server_id}, {"shard", number}}};
  metrics.add("rubus_shard_steps_total", MetricKind::counter,
              "Steps of the engine; each takes a batch of inputs.", labels, counters.steps);
  metrics.add("rubus_shard_inputs_total", MetricKind::counter,
              "Inputs of the engine: socket reads, writes done, timers of the shell.", labels,
              counters.inputs);
  metrics.add("rubus_shard_connections", MetricKind::gauge, "Open client connections.", labels,
              counters.connections);
  metrics.add("rubus_shard_client_messages_total", MetricKind::counter,
              "Messages that clients of the shard published.", labels,
              counters.traffic.in_messages);
}

void add_route(MetricsText& metrics, std::string_view server_id, const RouteRecord& route) {
  const std::string rid = number_text(route.connection.number.value);
  const std::array<MetricLabel, 3> labels = {
      {{"remote_name", route.remote_name}, {"rid", rid}, {"server_id", server_id}}};
  metrics.add("rubus_route_pending_bytes", MetricKind::gauge,
              "Bytes that wait to be sent to another server of the cluster.", labels,
              route.connection.pending_bytes);
  metrics.add("rubus_route_subscriptions", MetricKind::gauge,
              "What another server of the cluster is interested in.", labels,
              route.connection.subscriptions);
  metrics.add("rubus_route_round_trip_seconds", MetricKind::gauge, "Round trip of the last ping.",
              labels,
              go_fraction_text(static_cast<std::uint64_t>(route.connection.round_trip.nanoseconds),
                               1'000'000'000));
}

}  // namespace

void add_own_metrics(MetricsText& metrics, const MonitorFacts& facts, std::string_view server_id) {
  const EngineContext& context = facts.context;
  const ServerIdentity& identity = context.options->identity;
  const std::array<MetricLabel, 3> build = {
      {{"commit", identity.git_commit}, {"server_id", server_id}, {"version", identity.version}}};
  metrics.add("rubus_build_info", MetricKind::gauge, "1; what runs is told by the labels.", build,
              std::uint64_t{1});
  add_shard(metrics, server_id, context.options->shard.index, context.counters);
  for (const std::shared_ptr<const ShardSnapshot>& other : facts.others) {
    add_shard(metrics, server_id, other->shard, other->counters);
  }
  for (const auto& [name, account] : context.accounts) {
    if (account->interest() == nullptr) {
      continue;
    }
    const std::array<MetricLabel, 2> labels = {{{"account", name}, {"server_id", server_id}}};
    metrics.add("rubus_account_interest_entries", MetricKind::gauge,
                "Subjects and queues that peers are told of or want.", labels,
                std::uint64_t{account->interest()->size()});
  }
  for (const RouteRecord& route : facts.peers.routes) {
    add_route(metrics, server_id, route);
  }
  const std::array<MetricLabel, 1> labels = {{{"server_id", server_id}}};
  const Counters all = all_counters(facts);
  metrics.add("rubus_closed_connections_total", MetricKind::counter,
              "Client connections that ended since the start.", labels,
              all.connections_total - all.connections);
}

}  // namespace rubus
