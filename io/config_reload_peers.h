// Reload of what concerns other servers, shards and metrics: part of config_reload.h.
//
// Applied: everything about routes but host, port and name; remotes of leaf nodes that come, go or
// change their TLS; names of metrics. Refused, as in the reference: where is listened, and every
// other word of leafnodes {}. The name of a cluster could change there; here it cannot, because
// neighbours that still carry the old one would be told two names by one server.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/server_config.h"

namespace rubus::io {

// Values as the sentences show them, here and in config_reload.cc.
std::string shown(const std::string& value);
std::string shown(bool value);
std::string shown(std::int64_t value);
std::string shown(Duration value);
std::string shown(const std::vector<std::string>& values);
std::string shown(const std::optional<ListenAddress>& address);

// As configured; 0: none is.
std::int64_t port_of(const std::optional<ListenAddress>& address);

// The whole sentence, "config reload not supported for cluster port: old=1, new=2", or nothing.
std::optional<std::string> peer_reload_refusal(const ServerConfig& old, const ServerConfig& fresh);

// Lines of the log, in the two places where the reference has them.
std::vector<std::string> cluster_and_leaf_lines(const ServerConfig& old, const ServerConfig& fresh);
std::vector<std::string> route_lines(const ServerConfig& old, const ServerConfig& fresh);

}  // namespace rubus::io
