#include "engine/peer/route_info.h"

#include <array>

#include "engine/base/text_number.h"
#include "engine/peer/json_members.h"
#include "engine/peer/leaf_info.h"

namespace rubus {

namespace {

void write_filter(JsonMembers& line, std::string_view key,
                  const std::optional<SubjectFilter>& filter) {
  if (filter.has_value()) {
    line.filter(key, *filter);
  }
}

}  // namespace

bool read_route_info(std::string_view json, RouteInfo& info) {
  std::int64_t pool_index = -1;
  const std::array<JsonField, 29> fields = {{
      {"server_id", &info.server_id},
      {"server_name", &info.server_name},
      {"version", &info.version},
      {"go", &info.go},
      {"rubus", &info.rubus},
      {"host", &info.host},
      {"port", &info.port},
      {"max_payload", &info.max_payload},
      {"proto", &info.proto},
      {"ip", &info.ip},
      {"nonce", &info.nonce},
      {"cluster", &info.cluster},
      {"cluster_dynamic", &info.is_cluster_dynamic},
      {"compression", &info.compression},
      {"connect_urls", &info.connect_urls},
      {"leafnode_urls", &info.leafnode_urls},
      {"auth_required", &info.auth_required},
      {"tls_required", &info.tls_required},
      {"tls_verify", &info.tls_verify},
      {"headers", &info.headers},
      {"ldm", &info.lame_duck},
      {"lnoc", &info.leaf_origin},
      {"lnocu", &info.leaf_unsub_origin},
      {"gossip_mode", &info.gossip_mode},
      {"route_account", &info.account},
      {"route_acc_add_reqid", &info.request_id},
      {"route_pool_idx", &pool_index},
      {"import", &info.import_filter},
      {"export", &info.export_filter},
  }};
  if (!read_json_fields(json, fields)) {
    return false;
  }
  if (pool_index >= 0) {
    info.pool_index = pool_index;
  }
  return true;
}

bool read_route_connect(std::string_view json, RouteConnect& connect) {
  const std::array<JsonField, 8> fields = {{
      {"user", &connect.username},
      {"pass", &connect.password},
      {"name", &connect.name},
      {"cluster", &connect.cluster},
      {"lang", &connect.lang},
      {"gateway", &connect.gateway},
      {"cluster_dynamic", &connect.is_cluster_dynamic},
      {"tls_required", &connect.tls_required},
  }};
  return read_json_fields(json, fields);
}

std::string build_route_info(const RouteInfo& info) {
  std::string line = "INFO ";
  JsonMembers member(line);
  member.text("server_id", info.server_id);
  member.text("server_name", info.server_name);
  member.text("version", info.version);
  member.number("proto", info.proto);
  member.text("go", info.go);
  member.text("host", info.host);
  member.number("port", info.port);
  member.truth("headers", info.headers);
  member.truth_if_set("auth_required", info.auth_required);
  member.truth_if_set("tls_required", info.tls_required);
  member.truth_if_set("tls_verify", info.tls_verify);
  member.number("max_payload", info.max_payload);
  member.text_if_set("ip", info.ip);
  member.text_if_set("nonce", info.nonce);
  member.text_if_set("cluster", info.cluster);
  member.truth_if_set("cluster_dynamic", info.is_cluster_dynamic);
  member.texts_if_any("connect_urls", info.connect_urls);
  member.truth_if_set("ldm", info.lame_duck);
  member.text_if_set("compression", info.compression);
  write_filter(member, "import", info.import_filter);
  write_filter(member, "export", info.export_filter);
  member.truth_if_set("lnoc", info.leaf_origin);
  member.truth_if_set("lnocu", info.leaf_unsub_origin);
  if (info.gossip_mode != 0) {
    member.number("gossip_mode", info.gossip_mode);
  }
  member.texts_if_any("leafnode_urls", info.leafnode_urls);
  member.text_if_set("rubus", info.rubus);
  member.end();
  line.append(" \r\n");
  return line;
}

std::string build_route_connect(const RouteConnect& connect) {
  std::string line = "CONNECT ";
  JsonMembers member(line);
  member.truth("echo", true);
  member.truth("verbose", false);
  member.truth("pedantic", false);
  member.text_if_set("user", connect.username);
  member.text_if_set("pass", connect.password);
  member.truth("tls_required", connect.tls_required);
  member.truth("headers", true);
  member.text("name", connect.name);
  member.text("cluster", connect.cluster);
  member.truth_if_set("cluster_dynamic", connect.is_cluster_dynamic);
  member.truth("lnoc", true);
  member.end();
  line.append("\r\n");
  return line;
}

RouteInfo own_route_info(const Options& options, std::string_view cluster_name) {
  constexpr std::int64_t protocol = 2;  // account-aware; 3 would promise message tracing
  const ClusterOptions& cluster = options.cluster;
  RouteInfo info;
  info.server_id = options.identity.server_id;
  info.server_name = options.identity.server_name;
  info.version = options.identity.version;
  info.go = options.identity.toolchain;
  info.rubus = "1";
  info.proto = protocol;
  const bool is_advertised = !cluster.advertise_host.empty();
  info.host = is_advertised ? cluster.advertise_host : cluster.host;
  info.port = is_advertised && cluster.advertise_port != 0 ? cluster.advertise_port : cluster.port;
  if (is_advertised) {
    info.ip = "nats-route://" + info.host + ":";
    append_number(info.ip, info.port);
    info.ip.push_back('/');
  }
  info.max_payload = options.limits.max_payload;
  info.headers = options.headers;
  info.cluster = cluster_name;
  info.is_cluster_dynamic = cluster.is_name_dynamic;
  info.auth_required = !cluster.username.empty();
  info.tls_required = cluster.tls.enabled;
  info.tls_verify = cluster.tls.enabled && cluster.tls.verify;
  if (!cluster.no_advertise) {
    info.connect_urls = options.identity.connect_urls;
  }
  if (options.leaf.enabled) {
    info.leafnode_urls = own_leaf_info(options, cluster_name).leafnode_urls;
  }
  info.leaf_origin = true;
  info.leaf_unsub_origin = true;
  info.import_filter = cluster.import_filter;
  info.export_filter = cluster.export_filter;
  return info;
}

}  // namespace rubus
