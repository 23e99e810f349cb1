// set_header(): one header of a NATS header block, added at its end or replaced.
//
// Lines of that name go; the others keep their order and their bytes. A message without headers
// gets a block of its own. Names are compared as they are written, as nats-server does.
// Source: client_protocol.md section 6; behaviour of nats-server 2.15.
#pragma once

#include <string>
#include <string_view>

namespace rubus {

// `block` is "NATS/1.0…\r\n…\r\n\r\n", or empty. Returns the new block.
std::string set_header(std::string_view block, std::string_view name, std::string_view value);

}  // namespace rubus
