#include "engine/monitor/metrics.h"

#include <array>

#include "engine/base/text_number.h"
#include "engine/client/address_text.h"
#include "engine/monitor/accstatz.h"
#include "engine/monitor/connz.h"
#include "engine/monitor/metrics_document.h"
#include "engine/monitor/routez.h"
#include "engine/monitor/snapshot.h"
#include "engine/monitor/subsz.h"
#include "engine/monitor/varz.h"

namespace rubus {

namespace {

using Labels = std::span<const MetricLabel>;

constexpr std::int64_t per_millisecond = 1'000'000;

// Families of one prefix, most of which are called like their last word.
class Families {
 public:
  Families(MetricsText& metrics, std::string prefix)
      : metrics_(metrics), prefix_(std::move(prefix)) {}

  void gauge(std::string_view name, Labels labels, std::uint64_t value) {
    metrics_.add(full(name), MetricKind::gauge, name, labels, value);
  }
  void gauge(std::string_view name, std::string_view help, Labels labels, std::uint64_t value) {
    metrics_.add(full(name), MetricKind::gauge, help, labels, value);
  }
  void gauge_of(std::string_view name, std::string_view help, Labels labels,
                std::string_view value) {
    metrics_.add(full(name), MetricKind::gauge, help, labels, value);
  }
  void counter(std::string_view name, Labels labels, std::uint64_t value) {
    metrics_.add(full(name), MetricKind::counter, name, labels, value);
  }
  void untyped(std::string_view name, std::string_view help, Labels labels, std::int64_t value) {
    metrics_.add(full(name), MetricKind::untyped, help, labels,
                 static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)));
  }

 private:
  std::string full(std::string_view name) const { return prefix_ + std::string(name); }

  MetricsText& metrics_;
  std::string prefix_;
};

void add_sums(Families& families, Labels labels, const ConnectionRecord& sum) {
  families.gauge("pending_bytes", labels, sum.pending_bytes);
  families.gauge("subscriptions", labels, sum.subscriptions);
  families.counter("in_bytes", labels, sum.traffic.in_bytes);
  families.counter("out_bytes", labels, sum.traffic.out_bytes);
  families.counter("in_msgs", labels, sum.traffic.in_messages);
  families.counter("out_msgs", labels, sum.traffic.out_messages);
}

// Ages as /connz tells them, in whole seconds.
std::int64_t whole_seconds_in_milliseconds(Duration age) {
  return age.nanoseconds / seconds(1).nanoseconds * 1000;
}

void add_connection(Families& families, std::string_view server_id, const ConnectionRecord& record,
                    WallTime now) {
  const std::string_view account =
      record.account == global_account_name ? std::string_view() : record.account;
  const std::string cid = number_text(record.number.value);
  const std::string port = number_text(record.remote.port);
  const std::string ip = host_text(record.remote);
  const std::array<MetricLabel, 14> labels = {{
      {"account", account},
      {"account_id", account},
      {"cid", cid},
      {"ip", ip},
      {"kind", record.is_leaf ? "Leafnode" : "Client"},
      {"lang", record.lang},
      {"name", record.name},
      {"name_tag", record.account},
      {"port", port},
      {"server_id", server_id},
      {"tls_cipher_suite", record.tls_cipher},
      {"tls_version", record.tls_version},
      {"type", record.is_leaf ? "" : "nats"},
      {"version", record.version},
  }};
  add_sums(families, labels, record);
  families.untyped("start", "epoch time at which the connection was started", labels,
                   record.start.nanoseconds / per_millisecond);
  families.untyped("last_activity", "epoch time at which the last activity was registred", labels,
                   record.last_activity.nanoseconds / per_millisecond);
  families.gauge("rtt", "response time latency in microseconds", labels,
                 static_cast<std::uint64_t>(record.round_trip.nanoseconds / 1000));
  families.untyped("uptime", "uptime duration in milliseconds", labels,
                   whole_seconds_in_milliseconds(now - record.start));
  families.gauge(
      "idle", "idle time duration in milliseconds", labels,
      static_cast<std::uint64_t>(whole_seconds_in_milliseconds(now - record.last_activity)));
}

void add_connections(Families families, const MonitorFacts& facts, std::string_view server_id,
                     bool detailed) {
  const std::vector<ConnectionRecord> open = open_connections(facts);
  const std::size_t shown = std::min<std::size_t>(open.size(), page_limit_default);
  const std::array<MetricLabel, 1> labels = {{{"server_id", server_id}}};
  ConnectionRecord sum;
  for (std::size_t at = 0; at < shown; ++at) {
    sum.pending_bytes += open[at].pending_bytes;
    sum.subscriptions += open[at].subscriptions;
    sum.traffic.add(open[at].traffic);
  }
  add_sums(families, labels, sum);
  families.gauge("num_connections", labels, shown);
  families.gauge("total", labels, open.size());
  families.gauge("offset", labels, 0);
  families.gauge("limit", labels, static_cast<std::uint64_t>(page_limit_default));
  for (std::size_t at = 0; detailed && at < shown; ++at) {
    add_connection(families, server_id, open[at], facts.context.wall);
  }
}

void add_leafs(Families families, const PeerRecords& peers, std::string_view server_id) {
  for (const LeafRecord& leaf : peers.leafs) {
    const ConnectionRecord& connection = leaf.connection;
    const std::string ip = host_text(connection.remote);
    const std::string port = number_text(connection.remote.port);
    const std::array<MetricLabel, 6> labels = {{{"account", connection.account},
                                                {"account_id", connection.account},
                                                {"ip", ip},
                                                {"name", connection.name},
                                                {"port", port},
                                                {"server_id", server_id}}};
    families.gauge("info", labels, 1);
    families.gauge_of(
        "conn_rtt", "rtt", labels,
        go_fraction_text(static_cast<std::uint64_t>(connection.round_trip.nanoseconds),
                         1'000'000'000));
    families.gauge("conn_in_msgs", "in_msgs", labels, connection.traffic.in_messages);
    families.gauge("conn_out_msgs", "out_msgs", labels, connection.traffic.out_messages);
    families.gauge("conn_in_bytes", "in_bytes", labels, connection.traffic.in_bytes);
    families.gauge("conn_out_bytes", "out_bytes", labels, connection.traffic.out_bytes);
    families.gauge("conn_subscriptions_total", "subscriptions_total", labels,
                   connection.subscriptions);
  }
  const std::array<MetricLabel, 1> labels = {{{"server_id", server_id}}};
  families.gauge("conn_nodes_total", "nodes_total", labels, peers.leafs.size());
}

void add_health(MetricsText& metrics, const std::string& prefix, std::string_view server_id) {
  static constexpr std::array<std::string_view, 3> kinds = {"", "js_enabled_only_",
                                                            "js_server_only_"};
  const std::array<MetricLabel, 1> labels = {{{"server_id", server_id}}};
  const std::array<MetricLabel, 2> with_value = {{{"server_id", server_id}, {"value", "ok"}}};
  for (const std::string_view kind : kinds) {
    Families families(metrics, prefix + "_healthz_" + std::string(kind));
    // 0 is well. A server that answers is, as long as it has no JetStream.
    families.gauge("status", labels, 0);
    families.gauge("status_value", "status", with_value, 1);
  }
}

void add_account_traffic(Families families, const AccountRecord& account,
                         std::string_view server_id) {
  const std::array<MetricLabel, 4> labels = {{{"account", account.name},
                                              {"account_id", account.name},
                                              {"account_name", account.name},
                                              {"server_id", server_id}}};
  const Traffic all = all_traffic(account);
  families.gauge("current_connections", labels, account.connections);
  families.gauge("total_connections", labels, account.connections + account.leafnodes);
  families.gauge("subscriptions", labels, account.subscriptions);
  families.gauge("leaf_nodes", labels, account.leafnodes);
  families.gauge("sent_messages", labels, all.out_messages);
  families.gauge("sent_bytes", labels, all.out_bytes);
  families.gauge("received_messages", labels, all.in_messages);
  families.gauge("received_bytes", labels, all.in_bytes);
  families.gauge("slow_consumers", labels, account.slow_consumers);
}

void add_account_detail(Families families, const AccountRecord& account, bool is_system,
                        std::string_view server_id) {
  const std::array<MetricLabel, 3> labels = {
      {{"account_id", account.name}, {"account_name", account.name}, {"server_id", server_id}}};
  families.gauge("client_connections", labels, account.connections);
  families.gauge("leafnode_connections", labels, account.leafnodes);
  families.gauge("subscriptions", labels, account.subscriptions);
  families.gauge("is_system", labels, is_system ? 1 : 0);
  families.gauge("expired", labels, 0);
  families.gauge("complete", labels, 1);
  families.gauge("jetstream_enabled", labels, 0);
  // Limits that a signed account would bring; one of the configuration brings none.
  static constexpr std::array<std::string_view, 8> limits = {
      "limit_subs",    "limit_data",      "limit_payload", "limit_imports",
      "limit_exports", "limit_wildcards", "limit_conn",    "limit_leaf"};
  for (const std::string_view limit : limits) {
    families.gauge(limit, labels, 0);
  }
}

void add_documents(MetricsText& metrics, const std::string& prefix, const MonitorFacts& facts,
                   std::string_view server_id) {
  const EngineContext& context = facts.context;
  const WallTime loaded = context.options->monitor.config_load_time;
  const std::array<std::pair<std::string_view, WallTime>, 2> times = {
      {{"start", context.started},
       {"config_load_time", loaded.nanoseconds != 0 ? loaded : context.started}}};
  Query none({});
  add_document_metrics(metrics, prefix + "_varz", server_id, times, answer_varz(facts).body);
  add_document_metrics(metrics, prefix + "_routez", server_id, {}, answer_routez(facts, none).body);
  add_document_metrics(metrics, prefix + "_subsz", server_id, {}, answer_subsz(facts, none).body);
}

}  // namespace

MonitorReply answer_metrics(const MonitorFacts& facts, Query& query) {
  const bool detailed = query.truth("connz_detailed");
  if (query.has_fault()) {
    return refusal_reply(query.fault());
  }
  const Options& options = *facts.context.options;
  const std::string& prefix = options.monitor.metrics_prefix;
  const std::string& server_id = options.monitor.metrics_server_id.empty()
                                     ? options.identity.server_name
                                     : options.monitor.metrics_server_id;
  MetricsText metrics;
  add_documents(metrics, prefix, facts, server_id);
  add_connections({metrics, prefix + "_connz_"}, facts, server_id, detailed);
  add_leafs({metrics, prefix + "_leafz_"}, facts.peers, server_id);
  add_health(metrics, prefix, server_id);
  for (const AccountRecord& account : all_accounts(facts)) {
    add_account_traffic({metrics, prefix + "_accstatz_"}, account, server_id);
    add_account_detail({metrics, prefix + "_accountz_"}, account,
                       account.name == options.system_account, server_id);
  }
  add_own_metrics(metrics, facts, server_id);
  MonitorReply reply;
  reply.is_json = false;
  reply.is_metrics = true;
  reply.body = metrics.text();
  return reply;
}

}  // namespace rubus
