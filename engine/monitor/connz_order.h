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

// A connection in a /connz answer: a client of this shard, or a record: closed, of another shard,
// or of a leaf node.
struct ListedConnection {
  const ClientSession* session = nullptr;
  const ConnectionRecord* record = nullptr;
  ClientNumber number;

  bool is_closed() const { return record != nullptr && record->is_closed(); }
};

void sort_connections(std::vector<ListedConnection>& listed, ConnectionOrder order, WallTime now);

}  // namespace rubus
