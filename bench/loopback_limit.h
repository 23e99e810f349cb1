// What the loopback interface itself allows: two servers that do next to nothing.
//
// `sink` receives and counts frames. `relay` also sends every whole frame on, unchanged, to those
// who subscribed (subject and sid are not looked at; with queue subscriptions each read goes to the
// next member). Both speak just enough NATS (INFO, PONG) for the load generator to drive them like
// a server, use one thread, and read in large pieces. They are a yardstick, never a broker.
#pragma once

#include <cstdint>

#include "bench/failure.h"

namespace rubus::load {

enum class LoopbackRole : std::uint8_t { sink, relay };

// Serves 127.0.0.1:port until the process is told to end; returns only when it cannot go on.
[[nodiscard]] Failure serve_loopback(LoopbackRole role, std::uint16_t port);

}  // namespace rubus::load
