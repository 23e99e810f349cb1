#include "engine/monitor/connz_order.h"

#include <algorithm>
#include <array>
#include <utility>

namespace rubus {

namespace {

constexpr std::array<std::pair<std::string_view, ConnectionOrder>, 15> order_names = {{
    {"", ConnectionOrder::cid},
    {"cid", ConnectionOrder::cid},
    {"start", ConnectionOrder::start},
    {"subs", ConnectionOrder::subs},
    {"pending", ConnectionOrder::pending},
    {"msgs_to", ConnectionOrder::msgs_to},
    {"msgs_from", ConnectionOrder::msgs_from},
    {"bytes_to", ConnectionOrder::bytes_to},
    {"bytes_from", ConnectionOrder::bytes_from},
    {"last", ConnectionOrder::last},
    {"idle", ConnectionOrder::idle},
    {"uptime", ConnectionOrder::uptime},
    {"stop", ConnectionOrder::stop},
    {"reason", ConnectionOrder::reason},
    {"rtt", ConnectionOrder::rtt},
}};

struct Key {
  std::int64_t number = 0;  // smallest first
  std::string_view text;
};

std::int64_t downwards(std::uint64_t count) { return -static_cast<std::int64_t>(count); }

Key key_of(const ConnectionRecord& record, ConnectionOrder order, WallTime now) {
  const bool is_closed = record.stop.nanoseconds != 0;
  switch (order) {
    case ConnectionOrder::cid:
    case ConnectionOrder::start:
      return {};
    case ConnectionOrder::subs:
      return {downwards(record.subscriptions), {}};
    case ConnectionOrder::pending:
      return {downwards(record.pending_bytes), {}};
    case ConnectionOrder::msgs_to:
      return {downwards(record.traffic.out_messages), {}};
    case ConnectionOrder::msgs_from:
      return {downwards(record.traffic.in_messages), {}};
    case ConnectionOrder::bytes_to:
      return {downwards(record.traffic.out_bytes), {}};
    case ConnectionOrder::bytes_from:
      return {downwards(record.traffic.in_bytes), {}};
    case ConnectionOrder::last:
      return {-record.last_activity.nanoseconds, {}};
    case ConnectionOrder::idle:
      return {record.last_activity.nanoseconds, {}};
    case ConnectionOrder::uptime:
      return {((is_closed ? record.stop : now) - record.start).nanoseconds, {}};
    case ConnectionOrder::stop:
      return {-record.stop.nanoseconds, {}};
    case ConnectionOrder::reason:
      return {0, close_reason_text(record.reason)};
    case ConnectionOrder::rtt:
      return {-record.round_trip.nanoseconds, {}};
  }
  return {};
}

}  // namespace

std::optional<ConnectionOrder> parse_connection_order(std::string_view text) {
  for (const auto& [name, order] : order_names) {
    if (name == text) {
      return order;
    }
  }
  return std::nullopt;
}

void sort_connections(std::vector<ListedConnection>& listed, ConnectionOrder order, WallTime now) {
  const bool is_by_cid = order == ConnectionOrder::cid || order == ConnectionOrder::start;
  std::vector<std::pair<Key, ListedConnection>> keyed;
  keyed.reserve(listed.size());
  for (const ListedConnection& connection : listed) {
    Key key;
    if (!is_by_cid) {
      key = connection.record != nullptr ? key_of(*connection.record, order, now)
                                         : key_of(connection.session->record(), order, now);
    }
    keyed.emplace_back(key, connection);
  }
  std::sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) {
    if (a.first.number != b.first.number) {
      return a.first.number < b.first.number;
    }
    if (a.first.text != b.first.text) {
      return a.first.text < b.first.text;
    }
    return a.second.number < b.second.number;
  });
  for (std::size_t at = 0; at < listed.size(); ++at) {
    listed[at] = keyed[at].second;
  }
}

}  // namespace rubus
