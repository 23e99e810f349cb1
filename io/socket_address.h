// Addresses as the kernel, Asio and the seam spell them, and how every TCP stream is set up.
#pragma once

#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/seam/input.h"

namespace rubus::io {

// IPv4 in its IPv6 clothes (::ffff:a.b.c.d) becomes plain IPv4.
Address address_of(const sockaddr* from);
boost::asio::ip::tcp::endpoint endpoint_of(const Address& address);

// "host:port" with brackets around IPv6 hosts.
std::string host_port_text(const std::string& host, std::int32_t port);

// "", "0.0.0.0", "::": every address of the machine.
bool is_unspecified(const std::string& host);

// Addresses of the interfaces that are up, as text.
std::vector<std::string> interface_addresses();

// TCP_NODELAY, and keep-alive as Go sets it: what accepts hands it on, what dials sets it itself.
void set_stream_options(int descriptor);

}  // namespace rubus::io
