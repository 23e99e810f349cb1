#include "io/top_sample.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <tuple>

namespace rubus::io {

namespace {

namespace json = boost::json;

std::optional<json::object> object_in(const std::string& text) {
  boost::system::error_code problem;
  json::value value = json::parse(text, problem);
  if (problem || !value.is_object()) {
    return std::nullopt;
  }
  return std::move(value.get_object());
}

std::uint64_t number_of(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  if (value == nullptr || value->is_double()) {
    return 0;
  }
  if (value->is_uint64()) {
    return value->get_uint64();
  }
  return value->is_int64()
             ? static_cast<std::uint64_t>(std::max<std::int64_t>(value->get_int64(), 0))
             : 0;
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value != nullptr && value->is_string() ? harmless_text(value->get_string())
                                                : std::string();
}

const json::object& object_of(const json::object& object, std::string_view key) {
  static const json::object none;
  const json::value* const value = object.if_contains(key);
  return value != nullptr && value->is_object() ? value->get_object() : none;
}

template <typename Visit>
void each_object(const json::object& object, std::string_view key, Visit visit) {
  const json::value* const value = object.if_contains(key);
  if (value == nullptr || !value->is_array()) {
    return;
  }
  for (const json::value& element : value->get_array()) {
    if (element.is_object()) {
      visit(element.get_object());
    }
  }
}

TopCounters counters_of(const json::object& object) {
  return {number_of(object, "in_msgs"), number_of(object, "in_bytes"),
          number_of(object, "out_msgs"), number_of(object, "out_bytes")};
}

// "1m2.5s", "310µs": Go's way to write a duration. Zero for anything else.
std::chrono::nanoseconds duration_in(std::string_view text) {
  struct Unit {
    std::string_view name;
    double nanoseconds;
  };
  constexpr Unit units[] = {{"ns", 1},     {"us", 1e3},    {"µs", 1e3},
                            {"ms", 1e6},   {"s", 1e9},     {"m", 60e9},
                            {"h", 3600e9}, {"d", 86400e9}, {"y", 31536000e9}};
  double sum = 0;
  while (!text.empty()) {
    double amount = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), amount);
    if (end.ec != std::errc() || !std::isfinite(amount)) {
      return {};
    }
    text.remove_prefix(static_cast<std::size_t>(end.ptr - text.data()));
    const std::string_view name = text.substr(0, text.find_first_of("0123456789"));
    const auto unit = std::find_if(std::begin(units), std::end(units),
                                   [&name](const Unit& known) { return known.name == name; });
    if (unit == std::end(units)) {
      return {};
    }
    sum += amount * unit->nanoseconds;
    text.remove_prefix(name.size());
  }
  constexpr double longest = 9e18;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::clamp(sum, 0.0, longest)));
}

std::string endpoint_of(const json::object& object) {
  return text_of(object, "ip") + ":" + std::to_string(number_of(object, "port"));
}

// nats-server keeps several connections to each peer: they are added up.
void read_routes(const json::object& routez, std::vector<TopLink>& links) {
  each_object(routez, "routes", [&links](const json::object& route) {
    const std::string key = "route " + text_of(route, "remote_id");
    auto link = std::find_if(links.begin(), links.end(),
                             [&key](const TopLink& known) { return known.key == key; });
    if (link == links.end()) {
      links.push_back({key,
                       text_of(route, "remote_name"),
                       "route",
                       duration_in(text_of(route, "rtt")),
                       0,
                       0,
                       {}});
      link = links.end() - 1;
      if (link->name.empty()) {
        link->name = endpoint_of(route);
      }
    }
    const TopCounters more = counters_of(route);
    link->counters.in_msgs += more.in_msgs;
    link->counters.in_bytes += more.in_bytes;
    link->counters.out_msgs += more.out_msgs;
    link->counters.out_bytes += more.out_bytes;
    link->pending += number_of(route, "pending_size");
    link->subs += number_of(route, "subscriptions");
  });
}

void read_leafs(const json::object& leafz, std::vector<TopLink>& links) {
  each_object(leafz, "leafs", [&links](const json::object& leaf) {
    const json::value* const is_spoke = leaf.if_contains("is_spoke");
    const bool dialed = is_spoke != nullptr && is_spoke->is_bool() && is_spoke->get_bool();
    links.push_back({"leaf " + std::to_string(number_of(leaf, "id")), text_of(leaf, "name"),
                     dialed ? "hub" : "leaf", duration_in(text_of(leaf, "rtt")),
                     number_of(leaf, "pending_bytes"), number_of(leaf, "subscriptions"),
                     counters_of(leaf)});
  });
}

TopConnection connection_in(const json::object& object) {
  TopConnection connection;
  connection.cid = number_of(object, "cid");
  connection.name = text_of(object, "name");
  connection.address = endpoint_of(object);
  connection.account = text_of(object, "account");
  connection.rtt = duration_in(text_of(object, "rtt"));
  connection.idle = text_of(object, "idle");
  connection.idle_time = duration_in(connection.idle);
  connection.pending = number_of(object, "pending_bytes");
  connection.subs = number_of(object, "subscriptions");
  connection.counters = counters_of(object);
  return connection;
}

std::string per_cent(const json::object& varz) {
  const json::value* const value = varz.if_contains("cpu");
  if (value == nullptr || !value->is_number()) {
    return "0";
  }
  char text[400];  // the largest double has 309 digits
  const auto end = std::to_chars(text, text + sizeof text, value->to_number<double>(),
                                 std::chars_format::fixed, 1);
  return {text, end.ptr};
}

// The code point at the start of `text` and its size; a byte that begins none counts as 0.
struct CodePoint {
  std::uint32_t value;
  std::size_t size;
};

CodePoint first_code_point(std::string_view text) {
  const auto byte = [&text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) {
    return {lead, 1};
  }
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC0 || size > text.size()) {
    return {0, 1};
  }
  std::uint32_t value = lead & (0xFFU >> (size + 1));
  for (std::size_t at = 1; at < size; ++at) {
    if ((byte(at) & 0xC0U) != 0x80) {
      return {0, 1};
    }
    value = value << 6U | (byte(at) & 0x3FU);
  }
  return {value, size};
}

bool is_harmful(std::uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x200B && point <= 0x200F) ||
         (point >= 0x2028 && point <= 0x202E) || (point >= 0x2060 && point <= 0x206F) ||
         point == 0xFEFF;
}

}  // namespace

std::string harmless_text(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (is_harmful(point.value)) {
      clean.push_back('?');
    } else {
      clean.append(text.substr(0, point.size));
    }
    text.remove_prefix(point.size);
  }
  return clean;
}

std::optional<TopSample> read_top_sample(const TopDocuments& documents,
                                         std::chrono::steady_clock::time_point taken) {
  const std::optional<json::object> varz = object_in(documents.varz);
  const std::optional<json::object> connz = object_in(documents.connz);
  if (!varz || !connz) {
    return std::nullopt;
  }
  TopSample sample;
  sample.taken = taken;
  sample.server_name = text_of(*varz, "server_name");
  sample.version = text_of(*varz, "version");
  sample.cluster = text_of(object_of(*varz, "cluster"), "name");
  sample.life = text_of(*varz, "server_id") + text_of(*varz, "start");
  sample.uptime = text_of(*varz, "uptime");
  sample.cpu = per_cent(*varz);
  sample.cores = number_of(*varz, "cores");
  sample.memory = number_of(*varz, "mem");
  sample.connection_count = number_of(*varz, "connections");
  sample.connections_max = number_of(*varz, "max_connections");
  sample.subscriptions = number_of(*varz, "subscriptions");
  sample.slow_consumers = number_of(*varz, "slow_consumers");
  sample.counters = counters_of(*varz);
  const json::object health = object_in(documents.healthz).value_or(json::object());
  sample.health =
      text_of(health, "error").empty() ? text_of(health, "status") : text_of(health, "error");
  read_routes(object_in(documents.routez).value_or(json::object()), sample.links);
  read_leafs(object_in(documents.leafz).value_or(json::object()), sample.links);
  std::sort(sample.links.begin(), sample.links.end(), [](const TopLink& a, const TopLink& b) {
    return std::tie(b.kind, a.name, a.key) < std::tie(a.kind, b.name, b.key);
  });
  each_object(*connz, "connections", [&sample](const json::object& object) {
    if (text_of(object, "kind") != "Leafnode") {
      sample.connections.push_back(connection_in(object));
    }
  });
  return sample;
}

}  // namespace rubus::io
