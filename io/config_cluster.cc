// cluster {}, gateway {} and leafnodes {}: known in full and checked; not supported yet.
//
// A block that would not listen or connect anywhere changes nothing, so it only gets a remark.
#include "io/config_reading.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

constexpr std::string_view no_port = "has no effect: it names neither a port nor a remote server";

void refuse_or_remark(const Checked& block, const Field& field) {
  if (block.listens || block.remotes > 0) {
    return field.refuse();
  }
  field.remark(no_port);
}

void check_name(const Field& field, std::string_view what) {
  const std::optional<std::string> name = field.text();
  if (name && name->find(' ') != std::string::npos) {
    field.error(std::string(what) + " name cannot contain spaces");
  }
}

// The authorization of a cluster or gateway: one user at most.
void check_link_authorization(const Field& field, const std::string& what) {
  const std::optional<AuthorizationBlock> block = read_authorization_block(field);
  if (!block) {
    return;
  }
  if (block->users_given) {
    field.error(what + " authorization does not allow multiple users");
  }
  if (!block->token.empty()) {
    field.error(what + " authorization does not support tokens");
  }
  if (block->callout) {
    field.error(what + " authorization does not support callouts");
  }
  if (what == "Cluster" && block->default_permissions) {
    field.report.warning(field.value.place, field.key,
                         "setting \"permissions\" within cluster authorization block is "
                         "deprecated");
  }
}

void count_urls(Checked& block, const Field& field, std::string_view kind) {
  check_urls(field, kind);
  block.remotes += static_cast<std::int64_t>(field.value.items.size());
}

constexpr Directive<Checked> cluster_table[] = {
    {"name", [](Checked&, const Field& field) { check_name(field, "cluster"); }},
    {"listen", check_listen},
    {"port", check_port},
    {"host net", check_text},
    {"authorization",
     [](Checked&, const Field& field) { check_link_authorization(field, "Cluster"); }},
    {"routes", [](Checked& block, const Field& field) { count_urls(block, field, "route"); }},
    {"tls", check_tls},
    {"advertise cluster_advertise", check_text},
    {"no_advertise", check_bool},
    {"connect_retries", check_integer},
    {"connect_backoff", check_bool},
    {"permissions",
     [](Checked&, const Field& field) {
       const std::optional<Permissions> permissions = read_permissions(field);
       if (permissions && permissions->responses) {
         field.error("Cluster permissions do not support dynamic responses");
       }
     }},
    {"pool_size", check_integer},
    {"accounts", check_strings},
    {"compression", check_compression},
    {"ping_interval", check_duration},
    {"ping_max", check_integer},
    {"write_deadline", check_duration},
    {"write_timeout", check_write_timeout},
};

// ---- gateway ------------------------------------------------------------------------------------

constexpr Directive<Checked> remote_gateway_table[] = {
    {"name", check_text},
    {"tls", check_tls},
    {"url", [](Checked&, const Field& field) { check_url(field.value, "gateway", field.report); }},
    {"urls", [](Checked&, const Field& field) { check_urls(field, "gateway"); }},
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
    {"name", [](Checked&, const Field& field) { check_name(field, "gateway"); }},
    {"listen", check_listen},
    {"port", check_port},
    {"host net", check_text},
    {"authorization",
     [](Checked&, const Field& field) { check_link_authorization(field, "Gateway"); }},
    {"tls", check_tls},
    {"advertise", check_text},
    {"connect_retries", check_integer},
    {"connect_backoff", check_bool},
    {"gateways", check_remote_gateways},
    {"reject_unknown_cluster reject_unknown", check_bool},
    {"write_deadline", check_duration},
    {"write_timeout", check_write_timeout},
};

// ---- leaf nodes ---------------------------------------------------------------------------------

constexpr Directive<Checked> leaf_user_table[] = {
    {"user username", check_text},
    {"password pass", check_text},
    {"account", check_text},
    {"proxy_required", check_bool},
};

void check_leaf_users(Checked& block, const Field& field) {
  if (field.value.kind != ConfigKind::array) {
    return field.error("Expected users field to be an array, got " + go_print(field.value));
  }
  for (const ConfigValue& item : field.value.items) {
    if (item.kind != ConfigKind::map) {
      field.report.error(item.place,
                         "Expected user entry to be a map/struct, got " + go_print(item));
      continue;
    }
    read_map(leaf_user_table, block, item, field.report, field.source);
  }
}

constexpr Directive<Checked> leaf_authorization_table[] = {
    {"user username", check_text},
    {"password pass", check_text},
    {"nkey", check_text},
    {"account", check_text},
    {"users", check_leaf_users},
    {"timeout",
     [](Checked&, const Field& field) {
       read_timeout(field, "error parsing leafnode authorization config, ");
     }},
    {"proxy_required", check_bool},
};

void check_leaf_authorization(Checked& block, const Field& field) {
  if (field.value.kind != ConfigKind::map) {
    return field.report.wrong_type(field.value, ConfigKind::map);
  }
  read_map(leaf_authorization_table, block, field.value, field.report, field.source);
}

void check_leaf_url(Checked& block, const Field& field) {
  if (field.value.kind == ConfigKind::array) {
    return check_urls(field, "leafnode");
  }
  if (field.value.kind == ConfigKind::text) {
    return check_url(field.value, "leafnode", field.report);
  }
  (void)block;
  field.error("Expected remote leafnode url to be an array or string, got " +
              go_print(field.value));
}

void check_migrate(Checked& block, const Field& field) {
  static constexpr Directive<Checked> table[] = {{"leader_migrate_delay", check_duration}};
  if (field.value.kind == ConfigKind::boolean) {
    return;
  }
  if (expect_map(field, "Expected boolean or map for jetstream_cluster_migrate")) {
    read_map(table, block, field.value, field.report, field.source);
  }
}

void check_leaf_proxy(Checked& block, const Field& field) {
  static constexpr Directive<Checked> table[] = {
      {"url", check_text},         {"username", check_text}, {"password", check_text},
      {"timeout", check_duration}, {"tls", check_tls},
  };
  if (expect_map(field, "Expected proxy to be a map")) {
    read_map(table, block, field.value, field.report, field.source);
  }
}

void check_leaf_subjects(Checked&, const Field& field) { read_subjects(field, false, true); }

constexpr Directive<Checked> remote_leaf_table[] = {
    {"url urls", check_leaf_url},
    {"account local", check_text},
    {"credentials creds", check_text},
    {"nkey seed", check_text},
    {"tls", check_tls},
    {"hub", check_bool},
    {"deny_imports deny_import", check_leaf_subjects},
    {"deny_exports deny_export", check_leaf_subjects},
    {"no_randomize dont_randomize", check_bool},
    {"ws_compression ws_compress websocket_compress websocket_compression", check_bool},
    {"ws_no_masking websocket_no_masking", check_bool},
    {"jetstream_cluster_migrate js_cluster_migrate", check_migrate},
    {"isolate_leafnode_interest isolate", check_bool},
    {"request_isolation", check_bool},
    {"compression", check_compression},
    {"first_info_timeout", check_duration},
    {"dial_timeout", check_duration},
    {"disabled", check_bool},
    {"ignore_discovered_servers", check_bool},
    {"proxy", check_leaf_proxy},
};

void check_remote_leafs(Checked& block, const Field& field) {
  if (field.value.kind != ConfigKind::array) {
    return field.error("Expected remotes field to be an array, got " +
                       std::string(go_type_name(field.value.kind)));
  }
  for (const ConfigValue& item : field.value.items) {
    ++block.remotes;
    if (item.kind != ConfigKind::map) {
      field.report.error(
          item.place, "Expected remote leafnode entry to be a map/struct, got " + go_print(item));
      continue;
    }
    read_map(remote_leaf_table, block, item, field.report, field.source);
  }
}

constexpr Directive<Checked> leafnodes_table[] = {
    {"listen", check_listen},
    {"port", check_port},
    {"host net", check_text},
    {"authorization", check_leaf_authorization},
    {"remotes", check_remote_leafs},
    {"reconnect reconnect_delay reconnect_interval", check_duration},
    {"dial_timeout", check_duration},
    {"tls", check_tls},
    {"advertise leafnode_advertise", check_text},
    {"no_advertise", check_bool},
    {"min_version minimum_version", check_text},
    {"compression", check_compression},
    {"isolate_leafnode_interest isolate", check_bool},
    {"write_deadline", check_duration},
    {"write_timeout", check_write_timeout},
};

}  // namespace

void read_cluster(ConfigReading&, const Field& field) {
  if (!expect_map(field, "Expected map to define cluster")) {
    return;
  }
  Checked block;
  read_map(cluster_table, block, field.value, field.report, field.source);
  refuse_or_remark(block, field);
}

void read_gateway(ConfigReading&, const Field& field) {
  if (!expect_map(field, "Expected gateway to be a map")) {
    return;
  }
  Checked block;
  read_map(gateway_table, block, field.value, field.report, field.source);
  refuse_or_remark(block, field);
}

void read_leafnodes(ConfigReading&, const Field& field) {
  if (!expect_map(field, "Expected map to define a leafnode")) {
    return;
  }
  Checked block;
  read_map(leafnodes_table, block, field.value, field.report, field.source);
  refuse_or_remark(block, field);
}

}  // namespace rubus::io
