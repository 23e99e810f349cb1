#include "sim/cluster/network.h"

#include <algorithm>

#include "engine/base/text_number.h"

namespace rubus::sim {

namespace {

constexpr std::uint64_t retransmission_us_max = 200'000;
constexpr std::int64_t mailbox_jitter_us = 30;

LinkShape shape_of(const Scenario& scenario, ConnectionKind kind, std::uint32_t client) {
  LinkShape shape;
  switch (kind) {
    case ConnectionKind::client:
      return scenario.links[client];
    case ConnectionKind::route:
    case ConnectionKind::leaf:
      shape.latency_us = scenario.knobs.peer_latency_us;
      shape.jitter_us = scenario.knobs.peer_jitter_us;
      shape.split = static_cast<SplitMode>(scenario.knobs.peer_split % 3);
      shape.socket_bytes = scenario.knobs.peer_socket_bytes;
      return shape;
    case ConnectionKind::sibling:
      shape.latency_us = 0;
      shape.jitter_us = mailbox_jitter_us;
      shape.socket_bytes = std::int64_t{1} << 24U;
      return shape;
  }
  return shape;
}

std::string name_of(const WireEnd& end) {
  return (end.is_node ? "node " : "client ") + number_text(end.who) +
         (end.is_node ? "." + number_text(end.shard) : "");
}

}  // namespace

ClusterNetwork::ClusterNetwork(const Scenario& scenario, Agenda& agenda, const Instant& now)
    : scenario_(scenario),
      agenda_(agenda),
      now_(now),
      places_(scenario.nodes.size()),
      blocked_(places_ * places_, 0),
      extra_us_(places_ * places_, 0),
      retransmissions_(scenario.seed, "retransmissions") {}

Wire& ClusterNetwork::make(ConnectionKind kind, const WireEnd& dialer, const WireEnd& acceptor) {
  const WireNumber number = ++made_;
  // The name does not hold the number: a wire more elsewhere must not change this one's draws.
  const std::string name = name_of(dialer) + " to " + name_of(acceptor) + " at " +
                           number_text(static_cast<std::uint64_t>(now_.nanoseconds / 1000));
  const LinkShape shape = shape_of(scenario_, kind, dialer.who);
  Wire& wire =
      *(wires_[number] = std::make_unique<Wire>(number, kind, shape, scenario_.seed, name));
  wire.ends = {dialer, acceptor};
  for (std::size_t end = 0; end < 2; ++end) {
    if (is_path_blocked(wire, end)) {
      wire.from(end).hold();
    }
  }
  set_slowness(wire);
  if (dialer.is_node && acceptor.is_node && on_change) {
    on_change(dialer.who, acceptor.who);
  }
  return wire;
}

Wire* ClusterNetwork::find(WireNumber number) {
  const auto found = wires_.find(number);
  return found == wires_.end() ? nullptr : found->second.get();
}

void ClusterNetwork::set_slowness(Wire& wire) {
  if (wire.ends[0].is_node && wire.ends[1].is_node) {
    const std::int64_t extra = extra_us_[wire.ends[0].who * places_ + wire.ends[1].who];
    wire.pipes[0].set_extra_latency(microseconds(extra));
    wire.pipes[1].set_extra_latency(microseconds(extra));
  }
}

Duration ClusterNetwork::latency(std::uint32_t from, std::uint32_t to) {
  return microseconds(scenario_.knobs.peer_latency_us + extra_us_[from * places_ + to]);
}

bool ClusterNetwork::is_path_blocked(const Wire& wire, std::size_t from) const {
  return wire.ends[0].is_node && wire.ends[1].is_node &&
         is_blocked(wire.ends[from].who, wire.ends[1 - from].who);
}

bool ClusterNetwork::joins(const Wire& wire, std::uint32_t one, std::uint32_t other) const {
  return wire.ends[0].is_node && wire.ends[1].is_node && one != other &&
         ((wire.ends[0].who == one && wire.ends[1].who == other) ||
          (wire.ends[0].who == other && wire.ends[1].who == one));
}

void ClusterNetwork::arm(Wire& wire) {
  for (std::size_t end = 0; end < 2; ++end) {
    SimPipe& pipe = wire.to(end);
    const Instant at = pipe.next_arrival();
    if (!pipe.is_armed && at != Instant::never()) {
      pipe.is_armed = true;
      agenda_.add(std::max(at, now_), [this, number = wire.number, end] { arrive(number, end); });
    }
  }
}

void ClusterNetwork::arrive(WireNumber number, std::size_t end) {
  Wire& wire = *wires_.at(number);
  SimPipe& pipe = wire.to(end);
  pipe.is_armed = false;
  const bool is_news = pipe.arrive(now_);
  if (wire.ends[end].has_socket) {
    if (is_news) {
      on_arrival(wire, end);
    }
  } else {
    const bool has_bytes = pipe.has_arrived();
    while (pipe.has_arrived()) {
      pipe.take(std::size_t{1} << 20U);
    }
    if (has_bytes && !wire.ends[end].is_host_down) {
      send_reset(wire, 1 - end);
    }
  }
  arm(wire);
}

void ClusterNetwork::close_socket(Wire& wire, std::size_t end) {
  wire.ends[end].has_socket = false;
  wire.from(end).send_end(now_);
  if (wire.to(end).has_arrived()) {
    send_reset(wire, 1 - end);  // unread bytes: the kernel resets
  }
  if (wire.kind != ConnectionKind::client && on_change) {
    on_change(wire.ends[0].who, wire.ends[1].who);
  }
  arm(wire);
}

void ClusterNetwork::reset_socket(Wire& wire, std::size_t end) {
  wire.ends[end].has_socket = false;
  send_reset(wire, 1 - end);
}

void ClusterNetwork::lose_socket(Wire& wire, std::size_t end, bool is_host_down) {
  wire.ends[end].has_socket = false;
  wire.ends[end].is_host_down = is_host_down;
  if (!is_host_down) {
    send_reset(wire, 1 - end);
  }
  if (wire.kind != ConnectionKind::client && on_change) {
    on_change(wire.ends[0].who, wire.ends[1].who);
  }
}

void ClusterNetwork::host_is_up(std::uint32_t node) {
  for (auto& [number, wire] : wires_) {
    for (WireEnd& end : wire->ends) {
      if (end.is_node && end.who == node) {
        end.is_host_down = false;
      }
    }
  }
}

void ClusterNetwork::send_reset(Wire& wire, std::size_t to) {
  wire.is_reset_due[to] = true;
  if (is_path_blocked(wire, 1 - to)) {
    return;  // follows when the path opens
  }
  Duration way = microseconds(scenario_.knobs.peer_latency_us);
  if (wire.kind == ConnectionKind::client) {
    way = microseconds(scenario_.links[wire.ends[0].who].latency_us);
  } else if (wire.kind == ConnectionKind::sibling) {
    way = Duration{};
  }
  agenda_.add(now_ + way, [this, number = wire.number, to] { deliver_reset(number, to); });
}

void ClusterNetwork::deliver_reset(WireNumber number, std::size_t end) {
  Wire& wire = *wires_.at(number);
  if (!wire.is_reset_due[end] || is_path_blocked(wire, 1 - end) || wire.has_vanished) {
    return;
  }
  wire.is_reset_due[end] = false;
  if (wire.ends[end].has_socket) {
    on_reset(wire, end);
  }
}

void ClusterNetwork::block(std::uint32_t from, std::uint32_t to) {
  if (from == to || blocked_[from * places_ + to]++ > 0) {
    return;
  }
  for (auto& [number, wire] : wires_) {
    if (joins(*wire, from, to)) {
      wire->from(wire->ends[0].who == from ? 0 : 1).hold();
    }
  }
}

void ClusterNetwork::unblock(std::uint32_t from, std::uint32_t to) {
  if (from == to || --blocked_[from * places_ + to] > 0) {
    return;
  }
  for (auto& [number, wire] : wires_) {
    if (!joins(*wire, from, to)) {
      continue;
    }
    const std::size_t end = wire->ends[0].who == from ? 0 : 1;
    const std::int64_t later =
        static_cast<std::int64_t>(retransmissions_.below(retransmission_us_max + 1));
    wire->from(end).release(now_ + microseconds(later));
    if (wire->is_reset_due[1 - end]) {
      agenda_.add(now_ + microseconds(later), [this, number = wire->number, to_end = 1 - end] {
        deliver_reset(number, to_end);
      });
    }
    arm(*wire);
  }
}

void ClusterNetwork::add_latency(std::uint32_t one, std::uint32_t other, Duration extra) {
  const std::int64_t us = extra.nanoseconds / 1000;
  extra_us_[one * places_ + other] += us;
  extra_us_[other * places_ + one] += us;
  for (auto& [number, wire] : wires_) {
    if (joins(*wire, one, other)) {
      set_slowness(*wire);
    }
  }
}

void ClusterNetwork::swallow(std::uint32_t one, std::uint32_t other) {
  for (auto& [number, wire] : wires_) {
    if (joins(*wire, one, other)) {
      wire->has_vanished = true;
      wire->pipes[0].vanish();
      wire->pipes[1].vanish();
    }
  }
}

void ClusterNetwork::cut(std::uint32_t one, std::uint32_t other) {
  for (auto& [number, wire] : wires_) {
    if (joins(*wire, one, other)) {
      for (std::size_t end = 0; end < 2; ++end) {
        if (wire->ends[end].has_socket) {
          on_reset(*wire, end);
        }
      }
    }
  }
}

}  // namespace rubus::sim
