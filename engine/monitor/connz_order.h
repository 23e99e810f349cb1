// ConnectionOrder: the sort parameter of /connz, and the connections it sorts.
//
// Ascending: cid, start, uptime, reason. Descending: all others. Checked on a running server.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/client/client_session.h"
#include "engine/monitor/closed_clients.h"

namespace rubus {

enum class ConnectionOrder : std::uint8_t {
  cid,
  start,
  subs,
  pending,
  msgs_to,
  msgs_from,
  bytes_to,
  bytes_from,
  last,
  idle,
  uptime,
  stop,
  reason,
  rtt,
};

// Empty text is cid; nullopt: no such order.
std::optional<ConnectionOrder> parse_connection_order(std::string_view text);

// A connection in a /connz answer: open (session is set) or closed (record points into the ring).
struct ListedConnection {
  const ClientSession* session = nullptr;
  const ConnectionRecord* closed = nullptr;
  ClientNumber number;
};

void sort_connections(std::vector<ListedConnection>& listed, ConnectionOrder order, WallTime now);

}  // namespace rubus
