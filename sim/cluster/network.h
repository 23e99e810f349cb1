// ClusterNetwork: the wires of a cluster, and what happens to them on the way.
//
// Places are nodes; clients are never cut off by node faults. A path a→b may be blocked (by any
// number of faults at once) or slow. A blocked path holds what is on it; when it opens again the
// bytes follow after a retransmission time. Wires between two places may become half-open (both
// directions swallow everything) or be cut (both ends are reset). A socket that is gone answers
// bytes with a reset unless its host is down.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "sim/cluster/agenda.h"
#include "sim/cluster/wire.h"
#include "sim/scenario.h"

namespace rubus::sim {

class ClusterNetwork {
 public:
  ClusterNetwork(const Scenario& scenario, Agenda& agenda, const Instant& now);

  Wire& make(ConnectionKind kind, const WireEnd& dialer, const WireEnd& acceptor);
  Wire* find(WireNumber number);
  std::map<WireNumber, std::unique_ptr<Wire>>& wires() { return wires_; }

  // Schedules what is on its way.
  void arm(Wire& wire);
  // The socket at `end` is closed in order: the other end will read an end.
  void close_socket(Wire& wire, std::size_t end);
  // The process at `end` is gone; its host tells the other end, or is down and does not.
  void lose_socket(Wire& wire, std::size_t end, bool is_host_down);
  void reset_socket(Wire& wire, std::size_t end);
  // The host of `node` is up again: from now on it answers bytes for sockets of old with a reset.
  void host_is_up(std::uint32_t node);

  void block(std::uint32_t from, std::uint32_t to);
  void unblock(std::uint32_t from, std::uint32_t to);
  void add_latency(std::uint32_t one, std::uint32_t other, Duration extra);
  void swallow(std::uint32_t one, std::uint32_t other);
  void cut(std::uint32_t one, std::uint32_t other);
  bool is_blocked(std::uint32_t from, std::uint32_t to) const {
    return blocked_[from * places_ + to] > 0;
  }
  Duration latency(std::uint32_t from, std::uint32_t to);

  std::function<void(Wire&, std::size_t end)> on_arrival;  // bytes or an end can be read there
  std::function<void(Wire&, std::size_t end)> on_space;    // its peer has taken bytes
  std::function<void(Wire&, std::size_t end)> on_reset;
  // A wire between two nodes came or went.
  std::function<void(std::uint32_t, std::uint32_t)> on_change;

 private:
  bool is_path_blocked(const Wire& wire, std::size_t from) const;
  bool joins(const Wire& wire, std::uint32_t one, std::uint32_t other) const;
  void arrive(WireNumber number, std::size_t end);
  void deliver_reset(WireNumber number, std::size_t end);
  void send_reset(Wire& wire, std::size_t to);
  void set_slowness(Wire& wire);

  const Scenario& scenario_;
  Agenda& agenda_;
  const Instant& now_;
  std::size_t places_;
  std::vector<std::uint32_t> blocked_;  // from * places_ + to: by how many faults
  std::vector<std::int64_t> extra_us_;
  std::map<WireNumber, std::unique_ptr<Wire>> wires_;
  WireNumber made_ = 0;
  RandomStream retransmissions_;
};

}  // namespace rubus::sim
