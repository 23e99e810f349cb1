#include "engine/monitor/varz.h"

#include <algorithm>
#include <array>

#include "engine/monitor/go_text.h"

namespace rubus {

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

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
  static constexpr std::array<std::string_view, 6> parts = {"cluster", "gateway",   "leaf",
                                                            "mqtt",    "websocket", "jetstream"};
  for (const std::string_view part : parts) {
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

void write_counters(JsonWriter& json, const Counters& counters) {
  const Traffic& traffic = counters.traffic;
  json.number("connections", counters.connections);
  json.number("total_connections", counters.connections_total);
  static constexpr std::array<std::string_view, 3> others = {"routes", "remotes", "leafnodes"};
  for (const std::string_view kind : others) {
    json.number(kind, std::uint64_t{0});
  }
  // All traffic is client traffic as long as there are no routes.
  json.number("in_msgs", traffic.in_messages);
  json.number("in_bytes", traffic.in_bytes);
  json.number("in_client_msgs", traffic.in_messages);
  json.number("in_client_bytes", traffic.in_bytes);
  json.number("out_msgs", traffic.out_messages);
  json.number("out_bytes", traffic.out_bytes);
  json.number("out_client_msgs", traffic.out_messages);
  json.number("out_client_bytes", traffic.out_bytes);
  json.number("slow_consumers", counters.slow_consumers);
  json.number("stale_connections", counters.stale_connections);
  json.number("stalled_clients", counters.stalled_clients);
  json.number("subscriptions", counters.subscriptions);
}

void write_by_kind(JsonWriter& json, std::string_view key, std::uint64_t clients) {
  json.begin_object(key);
  json.number("clients", clients);
  static constexpr std::array<std::string_view, 3> others = {"routes", "gateways", "leafs"};
  for (const std::string_view kind : others) {
    json.number(kind, std::uint64_t{0});
  }
  json.end_object();
}

void write_requests(JsonWriter& json, const MonitorQuestion& question) {
  std::vector<std::pair<std::string, std::uint64_t>> requests = question.requests;
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
  if (!monitor.tags.empty()) {
    json.begin_array("tags");
    for (const std::string& tag : monitor.tags) {
      json.text({}, tag);
    }
    json.end_array();
  }
  if (!monitor.metadata.empty()) {
    Pairs metadata = monitor.metadata;
    std::sort(metadata.begin(), metadata.end());
    json.begin_object("metadata");
    for (const auto& [name, value] : metadata) {
      json.text(name, value);
    }
    json.end_object();
  }
  json.begin_object("feature_flags");
  static constexpr std::array<std::string_view, 4> flags = {
      "js_ack_fc_v2", "js_api_reply_v2", "js_raft_delete_range", "js_snapshot_sources"};
  for (const std::string_view flag : flags) {
    json.truth(flag, false);
  }
  json.end_object();
  json.text_if_set("system_account", context.options->system_account);
}

}  // namespace

MonitorReply answer_varz(const MonitorFacts& facts, const MonitorQuestion& question) {
  const EngineContext& context = facts.context;
  std::string body;
  JsonWriter json(body);
  json.begin_object({});
  write_identity(json, *context.options);
  write_limits(json, *context.options);
  write_process(json, context, question.process);
  write_counters(json, context.counters);
  write_requests(json, question);
  write_configuration(json, context);
  write_by_kind(json, "slow_consumer_stats", context.counters.slow_consumers);
  write_by_kind(json, "stale_connection_stats", context.counters.stale_connections);
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
