#include "engine/monitor/varz.h"

#include <algorithm>
#include <array>

#include "engine/base/text_number.h"
#include "engine/monitor/go_text.h"
#include "engine/monitor/snapshot.h"

namespace rubus {

namespace {

std::string seconds_text(Duration duration) {
  const std::string sign = duration.nanoseconds < 0 ? "-" : "";
  const std::int64_t size = duration.nanoseconds < 0 ? -duration.nanoseconds : duration.nanoseconds;
  return sign + go_fraction_text(static_cast<std::uint64_t>(size), 1'000'000'000);
}

void write_identity(JsonWriter& json, const Options& options) {
  const ServerIdentity& identity = options.identity;
  json.text("server_id", identity.server_id);
  json.text("server_name", identity.server_name);
  json.text("version", identity.version);
  json.number("proto", std::int64_t{1});
  json.text_if_set("git_commit", identity.git_commit);
  json.text("go", identity.toolchain);
  json.text("host", identity.host);
  json.number("port", std::uint64_t{identity.port});
  json.truth_if_set("auth_required", options.authorization.is_required());
  json.truth_if_set("tls_required", options.tls.policy == TlsPolicy::required);
  json.truth_if_set("tls_verify", options.tls.policy != TlsPolicy::off && options.tls.verify);
}

std::vector<std::string> host_and_ports(const std::vector<RemoteUrl>& urls) {
  std::vector<std::string> texts;
  for (const RemoteUrl& url : urls) {
    texts.push_back(url.host + ":" + number_text(url.port));
  }
  return texts;
}

void write_seconds_if_set(JsonWriter& json, std::string_view key, Duration duration) {
  if (duration.nanoseconds != 0) {
    json.literal(key, seconds_text(duration));
  }
}

void write_peer_tls(JsonWriter& json, const PeerTls& tls) {
  write_seconds_if_set(json, "tls_timeout", tls.timeout);
  json.truth_if_set("tls_required", tls.enabled);
  json.truth_if_set("tls_verify", tls.enabled && tls.verify);
}

void write_cluster(JsonWriter& json, const ClusterOptions& cluster) {
  json.begin_object("cluster");
  if (cluster.enabled) {
    json.text_if_set("name", cluster.name);
    json.text_if_set("addr", cluster.host);
    json.number_if_set("cluster_port", cluster.port);
    write_seconds_if_set(json, "auth_timeout", cluster.authentication_timeout);
    json.texts_if_any("urls", host_and_ports(cluster.routes));
    write_peer_tls(json, cluster.tls);
    json.number("pool_size", std::uint64_t{1});
  }
  json.end_object();
}

void write_remote(JsonWriter& json, const LeafRemote& remote) {
  json.begin_object({});
  json.text("local_account", remote.account.empty() ? global_account_name : remote.account);
  if (remote.tls.enabled) {
    write_seconds_if_set(json, "tls_timeout", remote.tls.timeout);
  }
  json.texts_if_any("urls", host_and_ports(remote.urls));
  if (!remote.deny_exports.empty() || !remote.deny_imports.empty()) {
    json.begin_object("deny");
    json.texts_if_any("exports", remote.deny_exports);
    json.texts_if_any("imports", remote.deny_imports);
    json.end_object();
  }
  json.end_object();
}

void write_leaf(JsonWriter& json, const LeafOptions& leaf) {
  json.begin_object("leaf");
  if (leaf.enabled) {
    json.text_if_set("host", leaf.host);
    json.number_if_set("port", leaf.port);
    write_seconds_if_set(json, "auth_timeout", leaf.authentication_timeout);
    write_peer_tls(json, leaf.tls);
  }
  if (!leaf.remotes.empty()) {
    json.begin_array("remotes");
    for (const LeafRemote& remote : leaf.remotes) {
      write_remote(json, remote);
    }
    json.end_array();
  }
  json.end_object();
}

void write_limits(JsonWriter& json, const Options& options) {
  const Limits& limits = options.limits;
  const MonitorOptions& monitor = options.monitor;
  json.number("max_connections", limits.max_connections == 0 ? -1 : limits.max_connections);
  if (limits.max_subscriptions != 0) {
    json.number("max_subscriptions", limits.max_subscriptions);
  }
  json.number("ping_interval", limits.ping_interval.nanoseconds);
  json.number("ping_max", std::uint64_t{limits.ping_max});
  json.text("http_host", monitor.http_host);
  json.number("http_port", std::uint64_t{monitor.http_port});
  json.text("http_base_path", monitor.http_base_path);
  json.number("https_port", std::uint64_t{monitor.https_port});
  json.literal("auth_timeout", seconds_text(options.authorization.timeout));
  json.number("max_control_line", limits.max_control_line);
  json.number("max_payload", limits.max_payload);
  json.number("max_pending", limits.max_pending);
  write_cluster(json, options.cluster);
  json.empty_object("gateway");
  write_leaf(json, options.leaf);
  static constexpr std::array<std::string_view, 3> absent = {"mqtt", "websocket", "jetstream"};
  for (const std::string_view part : absent) {
    json.empty_object(part);
  }
  json.literal("tls_timeout", seconds_text(options.tls.timeout));
  json.number("write_deadline", limits.write_deadline.nanoseconds);
  if (!options.monitor.write_timeout.empty()) {
    json.text("write_timeout", options.monitor.write_timeout);
  }
}

void write_process(JsonWriter& json, const EngineContext& context, const ProcessFacts& process) {
  json.text("start", go_time_text(context.started));
  json.text("now", go_time_text(context.wall));
  json.text("uptime", age_text(context.wall - context.started));
  json.number("mem", process.resident_bytes);
  json.number("cores", std::uint64_t{process.cores});
  json.number("gomaxprocs", std::uint64_t{process.threads});
  json.literal("cpu", go_fraction_text(process.cpu_percent_hundredths, 100));
}

void write_counters(JsonWriter& json, const Counters& counters, const MonitorFacts& facts) {
  const PeerRecords& peers = facts.peers;
  const Traffic& clients = counters.traffic;
  Traffic all = clients;
  all.add(counters.route_traffic);
  all.add(counters.leaf_traffic);
  json.number("connections", counters.connections);
  json.number("total_connections", counters.connections_total);
  json.number("routes", std::uint64_t{peers.routes.size()});
  json.number("remotes", peers.remotes);
  json.number("leafnodes", std::uint64_t{peers.leafs.size()});
  json.number("in_msgs", all.in_messages);
  json.number("in_bytes", all.in_bytes);
  json.number("in_client_msgs", clients.in_messages);
  json.number("in_client_bytes", clients.in_bytes);
  json.number("out_msgs", all.out_messages);
  json.number("out_bytes", all.out_bytes);
  json.number("out_client_msgs", clients.out_messages);
  json.number("out_client_bytes", clients.out_bytes);
  json.number("slow_consumers",
              counters.slow_consumers + counters.slow_routes + counters.slow_leafs);
  json.number("stale_connections",
              counters.stale_connections + counters.stale_routes + counters.stale_leafs);
  json.number("stalled_clients", counters.stalled_clients);
  json.number("subscriptions", all_subscriptions(facts));
}

void write_requests(JsonWriter& json, RequestCounts requests) {
  std::sort(requests.begin(), requests.end());
  json.begin_object("http_req_stats");
  for (const auto& [path, count] : requests) {
    json.number(path, count);
  }
  json.end_object();
}

void write_configuration(JsonWriter& json, const EngineContext& context) {
  const MonitorOptions& monitor = context.options->monitor;
  const bool has_load_time = monitor.config_load_time.nanoseconds != 0;
  json.text("config_load_time",
            go_time_text(has_load_time ? monitor.config_load_time : context.started));
  json.text("config_digest", monitor.config_digest);
  write_tags_and_flags(json, monitor);
  json.text_if_set("system_account", context.options->system_account);
}

}  // namespace

MonitorReply answer_varz(const MonitorFacts& facts) {
  const EngineContext& context = facts.context;
  const Counters counters = all_counters(facts);
  std::string body;
  JsonWriter json(body, facts.style);
  json.begin_object({});
  write_identity(json, *context.options);
  json.texts_if_any("connect_urls", facts.peers.connect_urls);
  write_limits(json, *context.options);
  write_process(json, context, facts.process);
  write_counters(json, counters, facts);
  write_requests(json, facts.requests);
  write_configuration(json, context);
  write_by_kind(json, "slow_consumer_stats", counters.slow_consumers, counters.slow_routes,
                counters.slow_leafs);
  write_by_kind(json, "stale_connection_stats", counters.stale_connections, counters.stale_routes,
                counters.stale_leafs);
  json.begin_object("disk_io_wait_stats");
  static constexpr std::array<std::string_view, 4> waits = {"waiters", "waits", "wait_time",
                                                            "max_wait_time"};
  for (const std::string_view key : waits) {
    json.number(key, std::uint64_t{0});
  }
  json.end_object();
  const WallTime not_after = context.options->monitor.tls_cert_not_after;
  if (not_after.nanoseconds != 0) {
    json.text("tls_cert_not_after", go_time_text(not_after));
  }
  json.end_object();
  return document_reply(std::move(body));
}

}  // namespace rubus
