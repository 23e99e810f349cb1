#include "io/config_reader.h"

#include <algorithm>
#include <utility>

#include "io/config_digest.h"
#include "io/config_peers.h"
#include "io/config_reading.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

constexpr std::int64_t int32_max = INT32_MAX;

// A limit that the reference keeps in 32 bits.
void read_int32(const Field& field, std::int64_t& target) {
  const std::optional<std::int64_t> number = field.integer();
  if (number && *number > int32_max) {
    return field.error(std::string(field.key) + " value is too big");
  }
  if (number) {
    target = *number;
  }
}

void read_trace_kind(ConfigReading& reading, const Field& field, bool headers_only) {
  const std::optional<bool> on = field.boolean();
  if (!on) {
    return;
  }
  TraceOptions& trace = reading.config.engine.trace;
  trace.trace = *on;
  if (headers_only) {
    trace.headers_only = *on;
  }
}

void read_monitor(const Field& field, std::optional<ListenAddress>& target) {
  if (std::optional<ListenAddress> address = field.listen()) {
    target = std::move(*address);
  }
}

void read_http_port(const Field& field, std::optional<ListenAddress>& target) {
  if (field.integer()) {
    if (!target) {
      target = ListenAddress{"", 0};
    }
    field.into_port(target->port);
  }
}

void read_tokens_max(ConfigReading& reading, const Field& field) {
  constexpr std::int64_t tokens_max = 255;
  const std::optional<std::int64_t> number = field.integer();
  if (!number) {
    return;
  }
  if (*number > tokens_max) {
    return field.error(std::string(field.key) + " value is too big");
  }
  if (*number <= 0) {
    return field.error(std::string(field.key) + " value can not be negative");
  }
  reading.config.engine.limits.max_subscription_tokens = static_cast<std::uint32_t>(*number);
}

void read_lame_duck_duration(ConfigReading& reading, const Field& field) {
  constexpr Duration shortest = seconds(30);
  const std::optional<Duration> length = field.text_duration("error parsing lame_duck_duration: ");
  if (length && *length < shortest) {
    return field.error("invalid lame_duck_duration of " + duration_text(*length) +
                       ", minimum is 30 seconds");
  }
  if (length) {
    reading.config.engine.lame_duck_duration = *length;
  }
}

void read_lame_duck_grace(ConfigReading& reading, const Field& field) {
  const std::optional<Duration> length =
      field.text_duration("error parsing lame_duck_grace_period: ");
  if (length && length->nanoseconds < 0) {
    return field.error("invalid lame_duck_grace_period, needs to be positive");
  }
  if (length) {
    reading.config.engine.lame_duck_grace_period = *length;
  }
}

// White space around a tag and its case do not matter; a tag stands once.
void add_tag(std::vector<std::string>& tags, std::string_view written) {
  constexpr std::string_view blanks = " \t\n\v\f\r";
  written.remove_prefix(std::min(written.find_first_not_of(blanks), written.size()));
  written = written.substr(0, written.find_last_not_of(blanks) + 1);
  const std::string tag = lower_case(written);
  if (!tag.empty() && std::find(tags.begin(), tags.end(), tag) == tags.end()) {
    tags.push_back(tag);
  }
}

void read_tags(ConfigReading& reading, const Field& field) {
  std::vector<std::string>& tags = reading.config.engine.monitor.tags;
  if (field.value.kind == ConfigKind::text) {
    return add_tag(tags, field.value.text);
  }
  if (field.value.kind != ConfigKind::array) {
    return field.error("error parsing tags: unsupported type " +
                       std::string(go_type_name(field.value.kind)));
  }
  for (const ConfigValue& item : field.value.items) {
    if (item.kind != ConfigKind::text) {
      return field.error(
          "error parsing tags: unsupported type *conf.token where string is expected");
    }
    add_tag(tags, item.text);
  }
}

void read_metadata(ConfigReading& reading, const Field& field) {
  if (field.value.kind != ConfigKind::map) {
    return field.error("error parsing metadata: unsupported type " +
                       std::string(go_type_name(field.value.kind)));
  }
  auto& metadata = reading.config.engine.monitor.metadata;
  for (const ConfigEntry& entry : field.value.entries) {
    if (entry.value.kind != ConfigKind::text) {
      field.report.wrong_type(entry.value, ConfigKind::text);
      continue;
    }
    metadata.emplace_back(entry.key, entry.value.text);
  }
  std::sort(metadata.begin(), metadata.end());
}

void check_feature_flags(const Field& field) {
  if (field.value.kind != ConfigKind::map) {
    return field.error("error parsing feature flags: unsupported type " +
                       std::string(go_type_name(field.value.kind)));
  }
  for (const ConfigEntry& entry : field.value.entries) {
    if (entry.value.kind != ConfigKind::boolean) {
      field.report.error(entry.value.place, "error parsing feature flag " + go_quote(entry.key) +
                                                ": expected bool, got " +
                                                std::string(go_type_name(entry.value.kind)));
    }
  }
  field.remark("has no effect: all flags of the reference concern JetStream");
}

void read_write_timeout(ConfigReading& reading, const Field& field) {
  Checked checked;
  const std::size_t errors_before = field.report.errors().size();
  check_write_timeout(checked, field);
  // "default" and "close" are what this server does.
  if (field.report.errors().size() == errors_before && field.value.text == "retry") {
    field.refuse();
  } else if (field.value.text == "close") {
    reading.config.engine.monitor.write_timeout = field.value.text;
  }
}

void read_store_dir(ConfigReading& reading, const Field& field) {
  if (reading.store_dir) {
    return field.error("Duplicate 'store_dir' configuration");
  }
  if (field.text()) {
    reading.store_dir = field.value.place;
    field.remark("has no effect without JetStream");
  }
}

void check_js_domains(const Field& field) {
  if (field.value.kind != ConfigKind::map) {
    return field.error("error default_js_domain config: unsupported type " +
                       std::string(go_type_name(field.value.kind)));
  }
  for (const ConfigEntry& entry : field.value.entries) {
    if (entry.value.kind != ConfigKind::text) {
      field.report.wrong_type(entry.value, ConfigKind::text);
    }
  }
  field.remark("has no effect without JetStream");
}

void read_server_name(ConfigReading& reading, const Field& field) {
  const std::optional<std::string> name = field.text();
  // The reference's check alone, for `-t`; a start refuses whatever is no word (word_error).
  if (name && name->find(' ') != std::string::npos) {
    return field.error("server name cannot contain spaces");
  }
  if (name) {
    reading.config.engine.identity.server_name = *name;
  }
}

using Reading = ConfigReading;

constexpr Directive<ConfigReading> top_table[] = {
    // ---- listeners and identity
    {"listen",
     [](Reading& r, const Field& f) {
       if (std::optional<ListenAddress> address = f.listen()) {
         r.config.client = std::move(*address);
       }
     }},
    {"port", [](Reading& r, const Field& f) { f.into_port(r.config.client.port); }},
    {"host net", [](Reading& r, const Field& f) { f.into(r.config.client.host); }},
    {"client_advertise", [](Reading& r, const Field& f) { f.into(r.config.client_advertise); }},
    {"server_name", read_server_name},
    {"server_tags", read_tags},
    {"server_metadata", read_metadata},
    {"http", [](Reading& r, const Field& f) { read_monitor(f, r.config.monitor.http); }},
    {"https", [](Reading& r, const Field& f) { read_monitor(f, r.config.monitor.https); }},
    {"http_port monitor_port",
     [](Reading& r, const Field& f) { read_http_port(f, r.config.monitor.http); }},
    {"https_port", [](Reading& r, const Field& f) { read_http_port(f, r.config.monitor.https); }},
    {"http_base_path", [](Reading& r, const Field& f) { f.into(r.config.monitor.base_path); }},
    // ---- logging and files
    {"debug", [](Reading& r, const Field& f) { f.into(r.config.engine.trace.debug); }},
    {"trace", [](Reading& r, const Field& f) { f.into(r.config.engine.trace.trace); }},
    {"trace_verbose", [](Reading& r, const Field& f) { read_trace_kind(r, f, false); }},
    {"trace_headers", [](Reading& r, const Field& f) { read_trace_kind(r, f, true); }},
    {"max_traced_msg_len",
     [](Reading& r, const Field& f) { f.into(r.config.engine.trace.message_bytes_max); }},
    {"logtime", [](Reading& r, const Field& f) { f.into(r.config.log.timestamps); }},
    {"logtime_utc", [](Reading& r, const Field& f) { f.into(r.config.log.utc); }},
    {"log_file logfile", [](Reading& r, const Field& f) { f.into(r.config.log.file); }},
    {"log_size_limit logfile_size_limit",
     [](Reading& r, const Field& f) { f.into(r.config.log.size_limit); }},
    {"log_max_num logfile_max_num",
     [](Reading& r, const Field& f) { f.into(r.config.log.files_max); }},
    {"syslog", [](Reading& r, const Field& f) { f.into(r.config.log.syslog); }},
    {"remote_syslog", [](Reading& r, const Field& f) { f.into(r.config.log.remote_syslog); }},
    {"pid_file pidfile", [](Reading& r, const Field& f) { f.into(r.config.pid_file); }},
    {"ports_file_dir", [](Reading& r, const Field& f) { f.into(r.config.ports_file_dir); }},
    {"connect_error_reports",
     [](Reading&, const Field& f) {
       f.integer();
       f.remark("has no effect: how often a failure to connect is logged is not configurable");
     }},
    {"reconnect_error_reports",
     [](Reading&, const Field& f) {
       f.integer();
       f.remark("has no effect: how often a failure to connect is logged is not configurable");
     }},
    // ---- limits
    {"max_connections max_conn",
     [](Reading& r, const Field& f) { f.into(r.config.engine.limits.max_connections); }},
    {"max_subscriptions max_subs",
     [](Reading& r, const Field& f) { f.into(r.config.engine.limits.max_subscriptions); }},
    {"max_sub_tokens max_subscription_tokens", read_tokens_max},
    {"max_control_line",
     [](Reading& r, const Field& f) { read_int32(f, r.config.engine.limits.max_control_line); }},
    {"max_payload",
     [](Reading& r, const Field& f) { read_int32(f, r.config.engine.limits.max_payload); }},
    {"max_pending", [](Reading& r, const Field& f) { f.into(r.config.engine.limits.max_pending); }},
    {"max_closed_clients",
     [](Reading& r, const Field& f) { f.into(r.config.engine.limits.max_closed_clients); }},
    {"ping_interval",
     [](Reading& r, const Field& f) {
       f.into(r.config.engine.limits.ping_interval, "ping_interval");
     }},
    {"ping_max", [](Reading& r, const Field& f) { f.into(r.config.engine.limits.ping_max); }},
    {"write_deadline",
     [](Reading& r, const Field& f) {
       f.into(r.config.engine.limits.write_deadline, "write_deadline");
     }},
    {"write_timeout", read_write_timeout},
    {"lame_duck_duration", read_lame_duck_duration},
    {"lame_duck_grace_period", read_lame_duck_grace},
    {"no_fast_producer_stall",
     [](Reading& r, const Field& f) {
       if (const std::optional<bool> off = f.boolean()) {
         r.config.engine.fast_producer_stall = !*off;
       }
     }},
    {"no_header_support",
     [](Reading& r, const Field& f) {
       if (const std::optional<bool> off = f.boolean()) {
         r.config.engine.headers = !*off;
       }
     }},
    {"disable_sublist_cache no_sublist_cache",
     [](Reading& r, const Field& f) {
       if (const std::optional<bool> off = f.boolean()) {
         r.config.engine.match_cache = !*off;
       }
     }},
    // ---- security
    {"tls", read_tls},
    {"allow_non_tls",
     [](Reading& r, const Field& f) {
       if (const std::optional<bool> allowed = f.boolean()) {
         r.config.engine.tls.policy = *allowed ? TlsPolicy::optional : TlsPolicy::off;
       }
     }},
    {"authorization", read_authorization},
    {"accounts", read_accounts},
    {"no_auth_user",
     [](Reading& r, const Field& f) { f.into(r.config.engine.authorization.no_auth_user); }},
    {"system_account system",
     [](Reading& r, const Field& f) {
       if (f.value.kind != ConfigKind::text) {
         return f.error("system account name must be a string");
       }
       r.config.engine.system_account = f.value.text;
       r.system_account_named = true;
     }},
    {"no_system_account no_system no_sys_acc",
     [](Reading& r, const Field& f) { f.into(r.no_system_account); }},
    {"ocsp", read_ocsp},
    {"ocsp_cache", read_ocsp_cache},
    {"proxies", read_proxies},
    {"proxy_protocol",
     [](Reading&, const Field& f) {
       if (f.boolean().value_or(false)) {
         f.refuse();
       }
     }},
    {"mappings maps", read_mappings},
    {"operator operators roots root root_operators root_operator", read_operator},
    {"trusted_keys trusted", read_trusted_keys},
    {"resolver account_resolver accounts_resolver", read_resolver},
    {"resolver_tls", read_resolver_tls},
    {"resolver_preload", read_resolver_preload},
    {"resolver_pinned_accounts", read_resolver_pinned_accounts},
    {"default_sentinel",
     [](Reading&, const Field& f) {
       f.text();
       f.remark("has no effect without operator mode");
     }},
    // ---- other kinds of connections, JetStream, profiling
    {"cluster", read_cluster},
    {"gateway", read_gateway},
    {"leafnodes leaf", read_leafnodes},
    {"shards", read_shards},
    {"prometheus", read_prometheus},
    {"jetstream", read_jetstream},
    {"store_dir storedir", read_store_dir},
    {"default_js_domain", [](Reading&, const Field& f) { check_js_domains(f); }},
    {"feature_flags", [](Reading&, const Field& f) { check_feature_flags(f); }},
    {"websocket ws", read_websocket},
    {"mqtt", read_mqtt},
    {"prof_port",
     [](Reading&, const Field& f) {
       if (f.integer().value_or(0) != 0) {
         f.refuse();
       }
     }},
    {"prof_block_rate",
     [](Reading&, const Field& f) {
       f.integer();
       f.remark("has no effect without prof_port");
     }},
};

// ---- putting it together ------------------------------------------------------------------------

// Sorted by name; of a name that is there twice the first stays.
void take_accounts(ConfigReading& reading) {
  std::vector<AccountOptions>& accounts = reading.accounts;
  std::stable_sort(accounts.begin(), accounts.end(),
                   [](const auto& a, const auto& b) { return a.name < b.name; });
  accounts.erase(std::unique(accounts.begin(), accounts.end(),
                             [](const auto& a, const auto& b) { return a.name == b.name; }),
                 accounts.end());
  reading.config.engine.accounts = std::move(accounts);
}

ConfigOutcome read_tree(const ConfigTree& tree, const std::string& path, const ServerConfig& base,
                        const ConfigSource& source) {
  ConfigOutcome outcome;
  if (tree.error) {
    outcome.config = base;
    outcome.errors.push_back(*tree.error);
    return outcome;
  }
  ConfigReport report;
  if (tree.root.entries.empty()) {
    report.warning_without_place(path + ": config has no values or is empty");
  }
  ConfigReading reading;
  reading.config = base;
  reading.config.config_file = path;
  reading.config.config_digest = config_digest(tree.root);
  read_map(top_table, reading, tree.root, report, source);
  take_accounts(reading);
  if (reading.authorization_timeout) {
    reading.config.engine.authorization.timeout = *reading.authorization_timeout;
  }
  // An account that goes by the usual name is the system account, wanted or not.
  const std::vector<AccountOptions>& accounts = reading.config.engine.accounts;
  const bool defined = std::any_of(accounts.begin(), accounts.end(), [](const AccountOptions& a) {
    return a.name == Options{}.system_account;
  });
  if (reading.no_system_account && !reading.system_account_named && !defined) {
    reading.config.engine.system_account.clear();
  }
  outcome.config = std::move(reading.config);
  outcome.errors = report.errors();
  if (outcome.errors.empty()) {
    outcome.errors = report.refusals();
  }
  outcome.warnings = report.warnings();
  outcome.remarks = report.remarks();
  outcome.config.warnings.clear();
  for (const std::string& text : outcome.remarks) {
    outcome.config.warnings.push_back({text});
  }
  return outcome;
}

// "nats/" -> "/nats"; the root is empty.
std::string base_path(const std::string& written) {
  const std::string clean = include_path("/", written);
  return clean == "/" ? "" : clean;
}

}  // namespace

ServerConfig blank_config() {
  ServerConfig config;
  config.client = ListenAddress{"", 0};
  config.engine.authorization.timeout = Duration{};
  clear_peer_defaults(config);
  return config;
}

ConfigOutcome read_config_file(const std::string& path, const ServerConfig& base,
                               const ConfigSource& source) {
  return read_tree(parse_config_file(path, source), path, base, source);
}

ConfigOutcome read_config_text(std::string_view text, const std::string& path,
                               const ServerConfig& base, const ConfigSource& source) {
  return read_tree(parse_config_text(text, path, source), path, base, source);
}

void complete_config(ServerConfig& config) {
  const ServerConfig standard;
  if (config.client.host.empty()) {
    config.client.host = standard.client.host;
  }
  default_if_zero(config.client.port, standard.client.port);
  MonitorOptions& shown = config.engine.monitor;
  for (std::optional<ListenAddress>* monitor : {&config.monitor.http, &config.monitor.https}) {
    if (*monitor && (*monitor)->port == 0) {
      monitor->reset();
    }
    if (*monitor && (*monitor)->host.empty()) {
      (*monitor)->host = config.client.host;
    }
  }
  const auto port_of = [](const std::optional<ListenAddress>& address) {
    return static_cast<std::uint16_t>(address && address->port > 0 ? address->port : 0);
  };
  shown.http_host = config.monitor.http    ? config.monitor.http->host
                    : config.monitor.https ? config.monitor.https->host
                                           : config.client.host;
  shown.http_port = port_of(config.monitor.http);
  shown.https_port = port_of(config.monitor.https);
  shown.http_base_path = config.monitor.base_path;
  config.monitor.base_path = base_path(config.monitor.base_path);
  shown.config_digest = config.config_digest;

  Limits& limits = config.engine.limits;
  const Limits& usual = standard.engine.limits;
  default_if_zero(limits.max_control_line, usual.max_control_line);
  default_if_zero(limits.max_payload, usual.max_payload);
  default_if_zero(limits.max_pending, usual.max_pending);
  default_if_zero(limits.max_closed_clients, usual.max_closed_clients);
  default_if_zero(limits.ping_interval, usual.ping_interval);
  default_if_zero(limits.ping_max, usual.ping_max);
  default_if_zero(limits.write_deadline, usual.write_deadline);
  if (limits.max_connections == 0) {
    limits.max_connections = -1;  // as the reference shows it; both refuse every client
  }
  default_if_zero(config.engine.lame_duck_duration, standard.engine.lame_duck_duration);
  default_if_zero(config.engine.lame_duck_grace_period, standard.engine.lame_duck_grace_period);

  TlsOptions& tls = config.engine.tls;
  if (!config.tls.present) {
    tls.policy = TlsPolicy::off;
  } else if (tls.policy != TlsPolicy::optional) {
    tls.policy = TlsPolicy::required;
  }
  // A client has a second more to log in than it has for the handshake.
  default_if_zero(config.engine.authorization.timeout, config.tls.present
                                                           ? tls.timeout + seconds(1)
                                                           : standard.engine.authorization.timeout);
  complete_peers(config);
}

}  // namespace rubus::io
