// Defaults of the ports for other servers and for metrics: cleared before anything is read, filled
// in when flags and file have spoken. Many depend on what is configured for clients.
// Why not defaults of the members: 0 and "not said" must look the same, as in the reference.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/server_config.h"

namespace rubus::io {

constexpr std::uint16_t standard_route_port = 6222;

std::optional<std::string> cluster_name_error(std::string_view name);

template <class Value>
void default_if_zero(Value& value, Value standard) {
  if (value == Value{}) {
    value = standard;
  }
}

void clear_peer_defaults(ServerConfig& config);
void complete_peers(ServerConfig& config);

}  // namespace rubus::io
