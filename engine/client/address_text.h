// Text of a peer address, as logs and monitoring show it: "127.0.0.1", "::1"; IPv6 per RFC 5952.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/seam/input.h"

namespace rubus {

std::string host_text(const Address& address);
// "127.0.0.1:4222", "[::1]:4222"
std::string host_and_port_text(const Address& address);
// "host:port", "[::1]:7422" taken apart; false: neither, or the port is none.
bool split_host_and_port(std::string_view text, std::string& host, std::uint16_t& port);

}  // namespace rubus
