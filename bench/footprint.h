// Memory and start-up of a server, seen from outside.
//
// Growth is measured between two quiet moments of the same process: after the first connection,
// and after all of them (or all subscriptions) have been confirmed and the server has had `settle`
// seconds to give back what it needed only for the handshake.
#pragma once

#include <cstdint>

#include "bench/child_process.h"
#include "bench/failure.h"
#include "bench/sample.h"

namespace rubus::load {

struct Footprint {
  Memory before;
  Memory after;
  // Bytes of resident memory for each of `count`.
  double bytes_each(std::uint32_t count) const;
};

// Before the server starts, which inherits it: room for this many connections in each process.
[[nodiscard]] Failure allow_descriptors(std::uint32_t count);
[[nodiscard]] Failure measure_connections(const ChildProcess& server, std::uint16_t port,
                                          std::uint32_t count, double settle, Footprint& result);
[[nodiscard]] Failure measure_subscriptions(const ChildProcess& server, std::uint16_t port,
                                            std::uint32_t count, double settle, Footprint& result);

}  // namespace rubus::load
