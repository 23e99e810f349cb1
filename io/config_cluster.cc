// cluster {}: where other servers of the cluster are met and on what terms.
//
// One connection per peer and no compression is what Rubus does, so pool sizes, pinned accounts and
// compression modes are taken and remarked upon: neighbours that want more agree to less.
#include <algorithm>

#include "engine/routing/subject.h"
#include "io/config_peers.h"
#include "io/config_reading.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

struct ClusterReading {
  ConfigReading& reading;
  ClusterOptions& cluster;
  std::optional<Permissions> permissions;  // of the block itself
  std::optional<Permissions> login_permissions;
  std::optional<std::int64_t> pool_size;
  std::vector<std::string> pinned_accounts;
};

ListenAddress& listener(ClusterReading& block) {
  std::optional<ListenAddress>& address = block.reading.config.cluster_listen;
  if (!address) {
    address = ListenAddress{"", 0};
  }
  return *address;
}

void read_name(ClusterReading& block, const Field& field) {
  const std::optional<std::string> name = field.text();
  if (!name) {
    return;
  }
  if (const std::optional<std::string> error = cluster_name_error(*name)) {
    return field.error(*error);
  }
  block.cluster.name = *name;
}

// ---- permissions --------------------------------------------------------------------------------

// Routes carry no queue names in what they filter.
std::optional<std::string> filter_error(const Permissions& permissions) {
  struct List {
    std::string_view name;
    const std::vector<std::string>& subjects;
  };
  for (const List& list : {List{"import allow", permissions.publish_allow},
                           List{"import deny", permissions.publish_deny},
                           List{"export allow", permissions.subscribe_allow},
                           List{"export deny", permissions.subscribe_deny}}) {
    for (const std::string& subject : list.subjects) {
      if (!is_valid_subject(subject)) {
        return "cluster " + std::string(list.name) + ": subject " + go_quote(subject) +
               " is not a valid subject";
      }
    }
  }
  return std::nullopt;
}

void read_filters(ClusterReading& block, const Field& field) {
  std::optional<Permissions> permissions = read_permissions(field);
  if (!permissions) {
    return;
  }
  if (permissions->responses) {
    return field.error("Cluster permissions do not support dynamic responses");
  }
  if (const std::optional<std::string> error = filter_error(*permissions)) {
    return field.error(*error);
  }
  block.permissions = std::move(permissions);
}

std::optional<SubjectFilter> filter_of(const std::vector<std::string>& allow,
                                       const std::vector<std::string>& deny) {
  if (allow.empty() && deny.empty()) {
    return std::nullopt;
  }
  return SubjectFilter{allow, deny};
}

// ---- authorization ------------------------------------------------------------------------------

// One user at most. Nothing: complained about.
std::optional<AuthorizationBlock> read_link_authorization(const Field& field,
                                                          const std::string& what) {
  std::optional<AuthorizationBlock> block = read_authorization_block(field);
  if (!block) {
    return std::nullopt;
  }
  const std::size_t errors_before = field.report.errors().size();
  if (block->users_given) {
    field.error(what + " authorization does not allow multiple users");
  } else if (!block->token.empty()) {
    field.error(what + " authorization does not support tokens");
  } else if (block->callout) {
    field.error(what + " authorization does not support callouts");
  }
  return field.report.errors().size() == errors_before ? std::move(block) : std::nullopt;
}

void read_cluster_authorization(ClusterReading& block, const Field& field) {
  const std::optional<AuthorizationBlock> login = read_link_authorization(field, "Cluster");
  if (!login) {
    return;
  }
  block.cluster.username = login->username;
  block.cluster.password = login->password;
  if (login->timeout) {
    block.cluster.authentication_timeout = *login->timeout;
  }
  if (!login->default_permissions) {
    return;
  }
  if (const std::optional<std::string> error = filter_error(*login->default_permissions)) {
    return field.error(*error);
  }
  field.report.warning(field.value.place, field.key,
                       "setting \"permissions\" within cluster authorization block is "
                       "deprecated");
  block.login_permissions = login->default_permissions;
}

// ---- the block ----------------------------------------------------------------------------------

void read_routes(ClusterReading& block, const Field& field) {
  block.cluster.routes.clear();
  for (const ParsedUrl& url : read_urls(field, "route")) {
    block.cluster.routes.push_back(remote_of(url, standard_route_port));
  }
}

void read_cluster_tls(ClusterReading& block, const Field& field) {
  if (std::optional<PeerTlsReading> tls = read_peer_tls(field, TlsPlace::cluster)) {
    block.cluster.tls = tls->options;
    block.reading.config.cluster_tls = std::move(tls->files);
  }
}

void read_ping_interval(ClusterReading& block, const Field& field) {
  const Duration longest = ClusterOptions{}.ping_interval;
  field.into(block.cluster.ping_interval, "ping_interval");
  if (block.cluster.ping_interval > longest) {
    field.report.warning_without_field(field.value.place, "Cluster 'ping_interval' will reset to " +
                                                              duration_text(longest) +
                                                              " which is the max for routes");
  }
}

using Cluster = ClusterReading;

constexpr Directive<ClusterReading> cluster_table[] = {
    {"name", read_name},
    {"listen",
     [](Cluster& b, const Field& f) {
       if (std::optional<ListenAddress> address = f.listen()) {
         b.reading.config.cluster_listen = std::move(address);
       }
     }},
    {"port", [](Cluster& b, const Field& f) { f.into_port(listener(b).port); }},
    {"host net", [](Cluster& b, const Field& f) { f.into(listener(b).host); }},
    {"authorization", read_cluster_authorization},
    {"routes", read_routes},
    {"tls", read_cluster_tls},
    {"advertise cluster_advertise",
     [](Cluster& b, const Field& f) { f.into(b.reading.config.cluster_advertise); }},
    {"no_advertise", [](Cluster& b, const Field& f) { f.into(b.cluster.no_advertise); }},
    {"connect_retries", [](Cluster& b, const Field& f) { f.into(b.cluster.connect_retries); }},
    {"connect_backoff", [](Cluster& b, const Field& f) { f.into(b.cluster.connect_backoff); }},
    {"permissions", read_filters},
    {"pool_size",
     [](Cluster& b, const Field& f) {
       f.into(b.pool_size);
       if (b.pool_size > 1) {
         f.remark("has no effect: there is one connection per server");
       }
     }},
    {"accounts",
     [](Cluster& b, const Field& f) {
       if (std::optional<std::vector<std::string>> names = f.strings("accounts")) {
         b.pinned_accounts = std::move(*names);
         f.remark("has no effect: there is one connection per server, for all accounts");
       }
     }},
    {"compression", [](Cluster& b, const Field& f) { read_compression(b.reading, f, "s2_fast"); }},
    {"ping_interval", read_ping_interval},
    {"ping_max", [](Cluster& b, const Field& f) { f.into(b.cluster.ping_max); }},
    {"write_deadline",
     [](Cluster& b, const Field& f) { f.into(b.cluster.write_deadline, "write_deadline"); }},
    {"write_timeout", [](Cluster&, const Field& f) { read_peer_write_timeout(f); }},
};

void check_pinned_accounts(ClusterReading& block) {
  if (block.pinned_accounts.empty()) {
    return;
  }
  std::vector<StartRefusal>& errors = block.reading.config.start_errors;
  if (block.pool_size.value_or(0) < 0) {
    errors.push_back({"pool_size cannot be negative if pinned accounts are specified", false});
  }
  // The system account is always one of them.
  std::string shown;
  std::vector<std::string> all = block.pinned_accounts;
  const std::string& system = block.reading.config.engine.system_account;
  if (std::find(all.begin(), all.end(), system) == all.end()) {
    all.push_back(system);
  }
  for (const std::string& name : all) {
    shown += (shown.empty() ? "" : " ") + go_quote(name);
  }
  std::set<std::string> seen;
  for (const std::string& name : block.pinned_accounts) {
    if (!seen.insert(name).second) {
      errors.push_back({"found duplicate account name " + go_quote(name) +
                            " in pinned accounts list [" + shown + "]",
                        false});
    }
  }
}

// ---- gateway: checked in full and not supported -------------------------------------------------

void check_gateway_name(Checked&, const Field& field) {
  const std::optional<std::string> name = field.text();
  if (name && name->find(' ') != std::string::npos) {
    field.error("gateway name cannot contain spaces");
  }
}

constexpr Directive<Checked> remote_gateway_table[] = {
    {"name", check_text},
    {"tls", check_tls},
    {"url", [](Checked&, const Field& field) { read_url(field.value, "gateway", field.report); }},
    {"urls", [](Checked&, const Field& field) { read_urls(field, "gateway"); }},
};

void check_remote_gateways(Checked& block, const Field& field) {
  if (field.value.kind != ConfigKind::array) {
    return field.error("Expected gateways field to be an array, got " +
                       std::string(go_type_name(field.value.kind)));
  }
  for (const ConfigValue& item : field.value.items) {
    ++block.remotes;
    if (item.kind != ConfigKind::map) {
      field.report.error(item.place,
                         "Expected gateway entry to be a map/struct, got " + go_print(item));
      continue;
    }
    read_map(remote_gateway_table, block, item, field.report, field.source);
  }
}

constexpr Directive<Checked> gateway_table[] = {
    {"name", check_gateway_name},
    {"listen", check_listen},
    {"port", check_port},
    {"host net", check_text},
    {"authorization",
     [](Checked&, const Field& field) { read_link_authorization(field, "Gateway"); }},
    {"tls", check_tls},
    {"advertise", check_text},
    {"connect_retries", check_integer},
    {"connect_backoff", check_bool},
    {"gateways", check_remote_gateways},
    {"reject_unknown_cluster reject_unknown", check_bool},
    {"write_deadline", check_duration},
    {"write_timeout", check_write_timeout},
};

}  // namespace

void read_cluster(ConfigReading& reading, const Field& field) {
  if (!expect_map(field, "Expected map to define cluster")) {
    return;
  }
  ClusterReading block{reading, reading.config.engine.cluster, {}, {}, {}, {}};
  read_map(cluster_table, block, field.value, field.report, field.source);
  const std::optional<Permissions>& given =
      block.permissions ? block.permissions : block.login_permissions;
  if (given) {
    block.cluster.import_filter = filter_of(given->publish_allow, given->publish_deny);
    block.cluster.export_filter = filter_of(given->subscribe_allow, given->subscribe_deny);
  }
  check_pinned_accounts(block);
  const std::optional<ListenAddress>& address = reading.config.cluster_listen;
  if (!block.cluster.routes.empty() && (!address || address->port == 0)) {
    field.remark("has no effect: routes are dialed only by a server that has a cluster port");
  }
}

void read_gateway(ConfigReading&, const Field& field) {
  if (!expect_map(field, "Expected gateway to be a map")) {
    return;
  }
  Checked block;
  read_map(gateway_table, block, field.value, field.report, field.source);
  if (block.listens || block.remotes > 0) {
    return field.refuse();
  }
  field.remark("has no effect: it names neither a port nor a remote server");
}

}  // namespace rubus::io
