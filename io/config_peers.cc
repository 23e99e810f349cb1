// What the blocks of other servers have in common: compression, the policy of slow links, and the
// values that are completed once the whole file is known.
#include "io/config_peers.h"

#include <algorithm>

#include "io/config_reading.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

struct CompressionReading {
  std::optional<std::string> mode;
  std::vector<Duration> thresholds;
};

std::string thresholds_text(const std::vector<Duration>& thresholds) {
  std::string text;
  for (const Duration& threshold : thresholds) {
    text += (text.empty() ? "[" : " ") + duration_text(threshold);
  }
  return text + "]";
}

// What the reference has to say against the thresholds of s2_auto; 0 stands for "not this level".
std::optional<std::string> thresholds_error(const CompressionReading& compression) {
  std::size_t used = 0;
  Duration highest;
  for (std::size_t i = 0; i < compression.thresholds.size(); ++i) {
    const Duration threshold = std::max(compression.thresholds[i], Duration{});
    if (threshold == Duration{}) {
      continue;
    }
    if (threshold < highest) {
      return "RTT threshold values " + thresholds_text(compression.thresholds) +
             " should be in ascending order";
    }
    highest = threshold;
    used = i + 1;
  }
  constexpr std::size_t used_max = 4;
  const std::string mode = "compression mode " + go_quote(*compression.mode);
  if (used > used_max) {
    return mode +
           " should have no more than 4 RTT thresholds: " + thresholds_text(compression.thresholds);
  }
  if (used == 0 && !compression.thresholds.empty()) {
    return mode + " requires at least one RTT threshold";
  }
  return std::nullopt;
}

std::optional<CompressionReading> read_mode(const Field& field, std::string_view on) {
  CompressionReading compression;
  if (field.value.kind == ConfigKind::text) {
    compression.mode = field.value.text;
    return compression;
  }
  if (field.value.kind == ConfigKind::boolean) {
    compression.mode = field.value.boolean ? std::string(on) : "off";
    return compression;
  }
  if (field.value.kind != ConfigKind::map) {
    field.error("field " + go_quote(field.key) + " should be a boolean or a structure, got " +
                std::string(go_type_name(field.value.kind)));
    return std::nullopt;
  }
  static constexpr Directive<CompressionReading> table[] = {
      {"mode",
       [](CompressionReading& target, const Field& mode) {
         if (std::optional<std::string> text = mode.text()) {
           target.mode = std::move(text);
         }
       }},
      {"rtt_thresholds thresholds rtts rtt",
       [](CompressionReading& target, const Field& list) {
         if (list.value.kind != ConfigKind::array) {
           return list.report.wrong_type(list.value, ConfigKind::array);
         }
         for (const ConfigValue& item : list.value.items) {
           if (item.kind != ConfigKind::text) {
             return list.report.wrong_type(item, ConfigKind::text);
           }
           const DurationReading threshold = parse_duration(item.text);
           if (threshold.error) {
             return list.error(*threshold.error);
           }
           target.thresholds.push_back(threshold.value);
         }
       }},
  };
  read_map(table, compression, field.value, field.report, field.source);
  return compression;
}

// "host:port" of an advertise directive; without a port it is the listener's, told as 0.
void take_advertised(ServerConfig& config, const std::string& written, std::string_view what,
                     std::string& host, std::uint16_t& port) {
  host.clear();
  port = 0;
  if (written.empty()) {
    return;
  }
  const AdvertisedAddress address = parse_advertised(written, 0);
  if (address.error || address.port < 0 || address.port > UINT16_MAX) {
    const std::string reason = address.error.value_or("invalid port");
    config.start_errors.push_back(
        {"Error setting " + std::string(what) + " value of " + written + ", err=" + reason, true});
    return;
  }
  host = address.host;
  port = static_cast<std::uint16_t>(address.port);
}

std::uint16_t engine_port(const ListenAddress& address) {
  return static_cast<std::uint16_t>(std::clamp<std::int32_t>(address.port, 0, UINT16_MAX));
}

void drop_without_port(std::optional<ListenAddress>& address, const std::string& host) {
  if (address && address->port == 0) {
    address.reset();
  }
  if (address && address->host.empty()) {
    address->host = host;
  }
}

void complete_cluster(ServerConfig& config) {
  const ClusterOptions usual;
  const Limits& limits = config.engine.limits;
  ClusterOptions& cluster = config.engine.cluster;
  drop_without_port(config.cluster_listen, ListenAddress{}.host);
  cluster.enabled = config.cluster_listen.has_value();
  cluster.host = config.cluster_listen ? config.cluster_listen->host : "";
  cluster.port = config.cluster_listen ? engine_port(*config.cluster_listen) : 0;
  take_advertised(config, config.cluster_advertise, "route INFO with Cluster.Advertise",
                  cluster.advertise_host, cluster.advertise_port);
  for (RemoteUrl& route : cluster.routes) {
    route.tls = cluster.tls.enabled;
  }
  default_if_zero(cluster.authentication_timeout, cluster.tls.enabled
                                                      ? cluster.tls.timeout + seconds(1)
                                                      : usual.authentication_timeout);
  // A broken route is to be noticed soon, so the interval of clients counts only if it is shorter.
  default_if_zero(cluster.ping_interval, limits.ping_interval);
  cluster.ping_interval = std::min(cluster.ping_interval, usual.ping_interval);
  default_if_zero(cluster.ping_max, limits.ping_max);
  default_if_zero(cluster.write_deadline, limits.write_deadline);
}

void complete_leafnodes(ServerConfig& config) {
  const LeafOptions usual;
  const Limits& limits = config.engine.limits;
  LeafOptions& leaf = config.engine.leaf;
  drop_without_port(config.leaf_listen, ListenAddress{}.host);
  leaf.enabled = config.leaf_listen.has_value();
  leaf.host = config.leaf_listen ? config.leaf_listen->host : "";
  leaf.port = config.leaf_listen ? engine_port(*config.leaf_listen) : 0;
  take_advertised(config, config.leaf_advertise, "leafnode INFO with LeafNode.Advertise",
                  leaf.advertise_host, leaf.advertise_port);
  default_if_zero(leaf.authentication_timeout,
                  leaf.tls.enabled ? leaf.tls.timeout + seconds(1) : usual.authentication_timeout);
  default_if_zero(leaf.reconnect_interval, usual.reconnect_interval);
  leaf.ping_interval = limits.ping_interval;
  leaf.ping_max = limits.ping_max;
  default_if_zero(leaf.write_deadline, limits.write_deadline);
}

void complete_metrics(ServerConfig& config) {
  if (!config.metrics) {
    return;
  }
  constexpr std::int32_t exporter_port = 7777;
  default_if_zero(config.metrics->port, exporter_port);
  if (config.metrics->host.empty()) {
    config.metrics->host = config.client.host;
  }
}

}  // namespace

void read_compression(ConfigReading& reading, const Field& field, std::string_view on) {
  std::optional<CompressionReading> compression = read_mode(field, on);
  if (!compression || !compression->mode) {
    return;
  }
  std::string mode = lower_case(*compression->mode);
  if (has_name("on enabled true", mode)) {
    mode = on;
  }
  if (mode == "not supported" || has_name("not_supported disabled off false accept", mode)) {
    return;
  }
  std::vector<StartRefusal>& errors = reading.config.start_errors;
  if (!has_name("auto s2_auto fast s2_fast better s2_better best s2_best", mode)) {
    errors.push_back({"unsupported compression mode " + go_quote(*compression->mode), false});
    return;
  }
  if (has_name("auto s2_auto", mode)) {
    if (const std::optional<std::string> error = thresholds_error(*compression)) {
      errors.push_back({*error, false});
      return;
    }
  }
  field.remark("has no effect: compression is negotiated off");
}

void read_peer_write_timeout(const Field& field) {
  Checked checked;
  check_write_timeout(checked, field);
  // A slow link to a server is closed; other servers ask for the same with "close".
  if (field.value.kind == ConfigKind::text && field.value.text == "retry") {
    field.refuse();
  }
}

std::optional<std::string> cluster_name_error(std::string_view name) {
  constexpr std::string_view reserved = "_";  // what servers without a cluster call theirs
  if (std::optional<std::string> error = word_error("cluster name", name)) {
    return error;
  }
  return name == reserved ? std::optional<std::string>("cluster name is reserved") : std::nullopt;
}

void clear_peer_defaults(ServerConfig& config) {
  ClusterOptions& cluster = config.engine.cluster;
  cluster.authentication_timeout = {};
  cluster.ping_interval = {};
  cluster.ping_max = 0;
  cluster.write_deadline = {};
  LeafOptions& leaf = config.engine.leaf;
  leaf.authentication_timeout = {};
  leaf.reconnect_interval = {};
  leaf.write_deadline = {};
}

void complete_peers(ServerConfig& config) {
  // In the reference's order of listening: of several bad addresses it names the first.
  complete_leafnodes(config);
  take_advertised(config, config.client_advertise, "server INFO with ClientAdvertise",
                  config.advertised_host, config.advertised_port);
  complete_cluster(config);
  complete_metrics(config);
}

}  // namespace rubus::io
