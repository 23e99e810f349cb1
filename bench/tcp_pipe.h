// A TCP link between two servers, as a process of its own: to kill it is to cut the cable.
//
// Forwards what it accepts on one port of 127.0.0.1 to another, both ways, until the process ends;
// the kernel then resets every connection and refuses new ones. Starting it again mends the link.
#pragma once

#include <cstdint>

#include "bench/failure.h"

namespace rubus::load {

// Returns only when it cannot go on.
[[nodiscard]] Failure serve_pipe(std::uint16_t port, std::uint16_t target_port);

}  // namespace rubus::load
