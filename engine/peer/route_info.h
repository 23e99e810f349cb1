// INFO and CONNECT of routes: what servers of a cluster tell each other about themselves.
//
// Read leniently (a real server demands very little; unknown fields are ignored, fields of a wrong
// type are a fault), written in the order of nats-server. Rubus leaves out route_pool_size, so
// there is one connection per peer, and names itself in "rubus".
// Source: cluster_protocol.md section B.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/seam/options.h"

namespace rubus {

struct RouteInfo {
  std::string server_id;
  std::string server_name;
  std::string version;
  std::string go;
  std::string rubus;  // version of Rubus; empty: another server
  std::string host;
  std::int64_t port = 0;
  std::int64_t max_payload = 0;
  std::int64_t proto = 0;
  std::string ip;  // "nats-route://host:port/"
  std::string nonce;
  std::string cluster;
  std::string compression;
  std::vector<std::string> connect_urls;
  std::vector<std::string> leafnode_urls;
  bool is_cluster_dynamic = false;
  bool auth_required = false;
  bool tls_required = false;
  bool tls_verify = false;
  bool headers = false;
  bool lame_duck = false;
  bool leaf_origin = false;        // lnoc
  bool leaf_unsub_origin = false;  // lnocu
  std::int64_t gossip_mode = 0;    // 1: not to be passed on
  std::string account;             // route_account: a connection for this account alone
  std::string request_id;          // route_acc_add_reqid
  std::optional<std::int64_t> pool_index;
  std::optional<SubjectFilter> import_filter;
  std::optional<SubjectFilter> export_filter;
};

struct RouteConnect {
  std::string username;
  std::string password;
  std::string name;  // server id
  std::string cluster;
  std::string lang;     // set by clients only
  std::string gateway;  // set by gateways only
  bool is_cluster_dynamic = false;
  bool tls_required = false;
};

// False: not JSON, or a field of the wrong type.
[[nodiscard]] bool read_route_info(std::string_view json, RouteInfo& info);
[[nodiscard]] bool read_route_connect(std::string_view json, RouteConnect& connect);

// Whole lines, "INFO {…} \r\n" and "CONNECT {…}\r\n".
std::string build_route_info(const RouteInfo& info);
std::string build_route_connect(const RouteConnect& connect);

// What this server says of itself.
RouteInfo own_route_info(const Options& options, std::string_view cluster_name);

}  // namespace rubus
