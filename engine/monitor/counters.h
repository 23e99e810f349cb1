// Counters: what /varz and /connz add up. Plain numbers; they decide nothing.
#pragma once

#include <cstdint>

namespace rubus {

struct Traffic {
  std::uint64_t in_messages = 0;
  std::uint64_t in_bytes = 0;
  std::uint64_t out_messages = 0;
  std::uint64_t out_bytes = 0;
};

struct Counters {
  Traffic traffic;
  std::uint64_t connections = 0;
  std::uint64_t connections_total = 0;
  std::uint64_t subscriptions = 0;
  std::uint64_t slow_consumers = 0;
  std::uint64_t stale_connections = 0;
  std::uint64_t stalled_clients = 0;

  template <class V>
  void visit(V& v) const {
    v("in_messages", traffic.in_messages);
    v("in_bytes", traffic.in_bytes);
    v("out_messages", traffic.out_messages);
    v("out_bytes", traffic.out_bytes);
    v("connections", connections);
    v("connections_total", connections_total);
    v("subscriptions", subscriptions);
    v("slow_consumers", slow_consumers);
    v("stale_connections", stale_connections);
    v("stalled_clients", stalled_clients);
  }
};

}  // namespace rubus
