#include "bench/footprint.h"

#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bench/connection.h"
#include "bench/stopwatch.h"

namespace rubus::load {

namespace {

constexpr std::uint32_t subscription_connections = 10;
// SUB lines between two confirmations.
constexpr std::uint32_t subscriptions_per_round = 1000;

Failure open_many(std::uint16_t port, std::uint32_t count, std::vector<Connection>& connections) {
  for (std::uint32_t i = 0; i < count; ++i) {
    Connection connection;
    if (Failure failure = connection.open(port)) {
      return "connection " + std::to_string(i + 1) + ": " + *failure;
    }
    connection.forget_info();
    connections.push_back(std::move(connection));
  }
  return std::nullopt;
}

}  // namespace

Failure allow_descriptors(std::uint32_t count) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return system_failure("getrlimit");
  }
  const rlim_t wanted = rlim_t{count} + 64;
  if (limit.rlim_cur < wanted) {
    if (limit.rlim_max < wanted) {
      return "only " + std::to_string(limit.rlim_max) + " descriptors are allowed (ulimit -n)";
    }
    limit.rlim_cur = wanted;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
      return system_failure("setrlimit");
    }
  }
  return std::nullopt;
}

double Footprint::bytes_each(std::uint32_t count) const {
  return static_cast<double>(after.rss_bytes - before.rss_bytes) / static_cast<double>(count);
}

Failure measure_connections(const ChildProcess& server, std::uint16_t port, std::uint32_t count,
                            double settle, Footprint& result) {
  std::vector<Connection> connections;
  if (Failure failure = open_many(port, 1, connections)) {
    return failure;
  }
  wait_for(from_seconds(settle));
  result.before = server.memory();
  if (Failure failure = open_many(port, count, connections)) {
    return failure;
  }
  wait_for(from_seconds(settle));
  result.after = server.memory();
  return std::nullopt;
}

Failure measure_subscriptions(const ChildProcess& server, std::uint16_t port, std::uint32_t count,
                              double settle, Footprint& result) {
  std::vector<Connection> connections;
  if (Failure failure = open_many(port, subscription_connections, connections)) {
    return failure;
  }
  wait_for(from_seconds(settle));
  result.before = server.memory();
  std::uint32_t next = 0;
  for (std::uint32_t round = 0; next < count; ++round) {
    const std::uint32_t each = round % subscription_connections;
    std::string lines;
    const std::uint32_t end = std::min(count, next + subscriptions_per_round);
    for (; next < end; ++next) {
      const std::string number = std::to_string(next);
      lines += "SUB load.device" + std::to_string(each) + "." + number + " " + number + "\r\n";
    }
    if (Failure failure = connections[each].send_and_sync(lines)) {
      return failure;
    }
  }
  wait_for(from_seconds(settle));
  result.after = server.memory();
  return std::nullopt;
}

}  // namespace rubus::load
