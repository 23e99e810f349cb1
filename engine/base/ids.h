// Strong identifiers of the seam. Each is a plain value; none is ever an address.
//
// ConnectionId carries the shell's slot and a generation, so that an event that arrives late for a
// closed connection can never hit the next user of the slot. Tickets are never reused.
#pragma once

#include <compare>
#include <cstdint>

namespace rubus {

struct ConnectionId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  friend auto operator<=>(const ConnectionId&, const ConnectionId&) = default;
};

struct JobTicket {
  std::uint64_t value = 0;
  friend auto operator<=>(const JobTicket&, const JobTicket&) = default;
};

// A wish to connect, and what came of it.
struct DialTicket {
  std::uint32_t value = 0;  // 0: none
  friend auto operator<=>(const DialTicket&, const DialTicket&) = default;
};

struct ResolveTicket {
  std::uint64_t value = 0;
  friend auto operator<=>(const ResolveTicket&, const ResolveTicket&) = default;
};

struct MonitorTicket {
  std::uint64_t value = 0;
  friend auto operator<=>(const MonitorTicket&, const MonitorTicket&) = default;
};

// A question of shard 0 to the other shards of the process.
struct SnapshotTicket {
  std::uint64_t value = 0;
  friend auto operator<=>(const SnapshotTicket&, const SnapshotTicket&) = default;
};

// What operators know as "cid": counts accepted connections since the start of the server.
struct ClientNumber {
  std::uint64_t value = 0;
  friend auto operator<=>(const ClientNumber&, const ClientNumber&) = default;
};

}  // namespace rubus
