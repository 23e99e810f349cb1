#include "engine/peer/leaf_info.h"

#include <array>

#include "engine/base/text_number.h"
#include "engine/peer/json_members.h"

namespace rubus {

namespace {

constexpr std::int64_t peer_protocol = 3;

std::string host_and_port(std::string_view host, std::uint16_t port) {
  const bool is_v6 = host.find(':') != std::string_view::npos;
  std::string text = is_v6 ? "[" : "";
  text.append(host).append(is_v6 ? "]:" : ":");
  append_number(text, std::uint64_t{port});
  return text;
}

}  // namespace

bool read_leaf_info(std::string_view json, LeafInfo& info) {
  const std::array<JsonField, 23> fields = {{{"server_id", &info.server_id},
                                             {"server_name", &info.server_name},
                                             {"version", &info.version},
                                             {"proto", &info.protocol},
                                             {"host", &info.host},
                                             {"port", &info.port},
                                             {"headers", &info.headers},
                                             {"tls_required", &info.tls_required},
                                             {"tls_verify", &info.tls_verify},
                                             {"max_payload", &info.max_payload},
                                             {"ip", &info.ip},
                                             {"client_id", &info.client_id},
                                             {"nonce", &info.nonce},
                                             {"cluster", &info.cluster},
                                             {"domain", &info.domain},
                                             {"connect_info", &info.connect_info},
                                             {"remote_account", &info.remote_account},
                                             {"acc_is_sys", &info.account_is_system},
                                             {"compression", &info.compression},
                                             {"import", &info.import_filter},
                                             {"export", &info.export_filter},
                                             {"info_on_connect", &info.info_on_connect},
                                             {"leafnode_urls", &info.leafnode_urls}}};
  return read_json_fields(json, fields);
}

bool read_leaf_connect(std::string_view json, LeafConnect& connect) {
  const std::array<JsonField, 19> fields = {{{"version", &connect.version},
                                             {"nkey", &connect.nkey},
                                             {"sig", &connect.signature},
                                             {"user", &connect.username},
                                             {"pass", &connect.password},
                                             {"auth_token", &connect.token},
                                             {"server_id", &connect.server_id},
                                             {"domain", &connect.domain},
                                             {"name", &connect.name},
                                             {"is_hub", &connect.is_hub},
                                             {"cluster", &connect.cluster},
                                             {"headers", &connect.headers},
                                             {"deny_pub", &connect.deny_publish},
                                             {"isolate", &connect.isolate},
                                             {"compress_mode", &connect.compression},
                                             {"gateway", &connect.gateway},
                                             {"remote_account", &connect.remote_account},
                                             {"protocol", &connect.protocol},
                                             {"lang", &connect.language}}};
  return read_json_fields(json, fields);
}

std::string leaf_info_line(const LeafInfo& info, const Options& options) {
  std::string line = "INFO ";
  JsonMembers member(line);
  member.text("server_id", info.server_id);
  member.text("server_name", info.server_name);
  member.text("version", info.version);
  member.number("proto", info.protocol);
  member.text("go", options.identity.toolchain);
  member.text("host", info.host);
  member.number("port", info.port);
  member.truth("headers", info.headers);
  member.truth("auth_required", true);
  member.truth_if_set("tls_required", info.tls_required);
  member.truth_if_set("tls_verify", info.tls_verify);
  member.number("max_payload", info.max_payload);
  member.text_if_set("ip", info.ip);
  if (info.client_id != 0) {
    member.number("client_id", info.client_id);
  }
  member.text_if_set("nonce", info.nonce);
  member.text_if_set("cluster", info.cluster);
  member.text_if_set("domain", info.domain);
  member.truth_if_set("connect_info", info.connect_info);
  member.text_if_set("remote_account", info.remote_account);
  member.truth_if_set("acc_is_sys", info.account_is_system);
  member.text_if_set("compression", info.compression);
  if (info.import_filter.has_value()) {
    member.filter("import", *info.import_filter);
  }
  if (info.export_filter.has_value()) {
    member.filter("export", *info.export_filter);
  }
  member.truth_if_set("info_on_connect", info.info_on_connect);
  member.texts_if_any("leafnode_urls", info.leafnode_urls);
  member.end();
  return line.append(" \r\n");
}

std::string leaf_connect_line(const LeafConnect& connect) {
  std::string line = "CONNECT ";
  JsonMembers member(line);
  member.text_if_set("version", connect.version);
  member.text_if_set("nkey", connect.nkey);
  member.text_if_set("sig", connect.signature);
  member.text_if_set("user", connect.username);
  member.text_if_set("pass", connect.password);
  member.text_if_set("auth_token", connect.token);
  member.text_if_set("server_id", connect.server_id);
  member.text_if_set("domain", connect.domain);
  member.text_if_set("name", connect.name);
  member.truth_if_set("is_hub", connect.is_hub);
  member.text_if_set("cluster", connect.cluster);
  member.truth_if_set("headers", connect.headers);
  member.texts_if_any("deny_pub", connect.deny_publish);
  member.truth_if_set("isolate", connect.isolate);
  member.text_if_set("compress_mode", connect.compression);
  member.text_if_set("remote_account", connect.remote_account);
  member.number("protocol", connect.protocol);
  member.end();
  return line.append("\r\n");
}

std::string leaf_cluster_name(const Options& options, std::string_view cluster) {
  return cluster.empty() ? options.identity.server_name : std::string(cluster);
}

LeafInfo own_leaf_info(const Options& options, std::string_view cluster) {
  const LeafOptions& leaf = options.leaf;
  LeafInfo info;
  info.server_id = options.identity.server_id;
  info.server_name = options.identity.server_name;
  info.version = options.identity.version;
  info.protocol = peer_protocol;
  info.host = leaf.advertise_host.empty() ? leaf.host : leaf.advertise_host;
  info.port = leaf.advertise_port == 0 ? leaf.port : leaf.advertise_port;
  info.headers = options.headers;
  info.tls_required = leaf.tls.enabled;
  info.tls_verify = leaf.tls.verify;
  info.max_payload = options.limits.max_payload;
  info.ip = host_and_port(info.host, static_cast<std::uint16_t>(info.port));
  const bool is_named = !cluster.empty() || !leaf.remotes.empty();
  info.cluster = is_named ? leaf_cluster_name(options, cluster) : std::string();
  info.compression = "off";
  info.info_on_connect = true;
  if (!leaf.no_advertise) {
    info.leafnode_urls.push_back(info.ip);
  }
  return info;
}

}  // namespace rubus
