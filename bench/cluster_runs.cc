#include "bench/cluster_runs.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <vector>

#include "bench/connection.h"
#include "bench/frame_counter.h"
#include "bench/interest.h"
#include "bench/stopwatch.h"

namespace rubus::load {

namespace {

constexpr std::int64_t trickle_interval = nanoseconds_per_second / 4000;
constexpr std::int64_t outage_limit = 30 * nanoseconds_per_second;
constexpr double before_the_kill_seconds = 0.2;
// How long a link stays cut: each time another phase of the redial timers.
constexpr double cut_seconds = 0.7;
constexpr double cut_step_seconds = 0.23;
constexpr double idle_seconds_min = 5.0;
constexpr std::string_view message = "PUB load.trickle 2\r\nhi\r\n";
constexpr std::string_view subscription = "SUB load.trickle 1\r\n";

// A publisher and a subscriber of one message every quarter of a millisecond.
class Trickle {
 public:
  [[nodiscard]] Failure open(std::uint16_t publisher_port, std::uint16_t subscriber_port) {
    if (Failure failure = publisher_.open(publisher_port)) {
      return failure;
    }
    if (Failure failure = subscribe(subscriber_port)) {
      return failure;
    }
    return wait_for_interest(subscriber_, publisher_);
  }

  // A new connection in the place of the old one; blocks until the server has the subscription.
  [[nodiscard]] Failure subscribe(std::uint16_t port) {
    subscriber_ = Connection();
    counter_ = FrameCounter(64 * 1024);
    if (Failure failure = subscriber_.open(port)) {
      return failure;
    }
    return subscriber_.send_and_sync(subscription);
  }

  // One message out, what has come in until the next is due.
  [[nodiscard]] Failure turn() {
    if (Failure failure = publisher_.send_all(message)) {
      return failure;
    }
    const std::int64_t due = monotonic_now() + trickle_interval;
    timespec left{0, static_cast<long>(trickle_interval)};
    pollfd entry{subscriber_.fd(), POLLIN, 0};
    if (!has_ended_ && ::ppoll(&entry, 1, &left, nullptr) == 1) {
      read();
    }
    wait_for(std::max<std::int64_t>(due - monotonic_now(), 0));
    return std::nullopt;
  }

  [[nodiscard]] Failure run(double seconds) {
    const std::int64_t end = monotonic_now() + from_seconds(seconds);
    while (monotonic_now() < end) {
      if (Failure failure = turn()) {
        return failure;
      }
    }
    return std::nullopt;
  }

  // Until one more message has arrived.
  [[nodiscard]] Failure run_until_message() {
    const std::uint64_t seen = counter_.messages();
    const std::int64_t end = monotonic_now() + outage_limit;
    while (counter_.messages() == seen) {
      if (monotonic_now() > end) {
        return "no message arrived within 30 s after the outage";
      }
      if (Failure failure = turn()) {
        return failure;
      }
    }
    return std::nullopt;
  }

  std::uint64_t received() const { return counter_.messages(); }
  bool has_ended() const { return has_ended_; }
  void forget_end() { has_ended_ = false; }

 private:
  void read() {
    const std::span<char> space = counter_.space();
    const ssize_t count = ::recv(subscriber_.fd(), space.data(), space.size(), 0);
    if (count <= 0 || !counter_.received(static_cast<std::size_t>(count))) {
      has_ended_ = true;
    }
  }

  Connection publisher_;
  Connection subscriber_;
  FrameCounter counter_{64 * 1024};
  bool has_ended_ = false;
};

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double milliseconds_since(std::int64_t started) {
  return static_cast<double>(monotonic_now() - started) / 1e6;
}

}  // namespace

Failure measure_idle_cluster(const GroupPlan& plan, double settle, double seconds, Sample& sample) {
  ServerGroup servers;
  if (Failure failure = servers.start(plan)) {
    return failure;
  }
  for (std::size_t node = 0; node < servers.size(); ++node) {
    Trickle trickle;  // both ends gone before anything is measured
    if (Failure failure =
            trickle.open(servers.port(node), servers.port((node + 1) % servers.size()))) {
      return failure;
    }
  }
  wait_for(from_seconds(settle));
  const std::int64_t cpu = servers.cpu_time();
  const std::int64_t started = monotonic_now();
  wait_for(from_seconds(std::max(seconds, idle_seconds_min)));
  const double share = to_seconds(servers.cpu_time() - cpu) / to_seconds(monotonic_now() - started);
  sample.values.push_back(
      {Figure::idle_percent, share * 100.0 / static_cast<double>(servers.size())});
  sample.values.push_back(
      {Figure::rss_kib, static_cast<double>(servers.memory().rss_bytes) / 1024.0});
  return std::nullopt;
}

Failure measure_failover(const GroupPlan& plan, Sample& sample) {
  ServerGroup servers;
  Trickle trickle;
  if (Failure failure = servers.start(plan)) {
    return failure;
  }
  Connection elsewhere;  // shows that the third node is known, too
  Connection publisher;
  if (Failure failure = trickle.open(servers.port(0), servers.port(1))) {
    return failure;
  }
  if (Failure failure = elsewhere.open(servers.port(2))) {
    return failure;
  }
  if (Failure failure = publisher.open(servers.port(0))) {
    return failure;
  }
  if (Failure failure = wait_for_interest(elsewhere, publisher)) {
    return failure;
  }
  if (Failure failure = trickle.run(before_the_kill_seconds)) {
    return failure;
  }
  if (trickle.received() == 0) {
    return "no message arrived before the kill";
  }
  const std::int64_t killed = monotonic_now();
  servers.node(1).kill();
  while (!trickle.has_ended()) {
    if (Failure failure = trickle.turn()) {
      return failure;
    }
  }
  trickle.forget_end();
  if (Failure failure = trickle.subscribe(servers.port(2))) {
    return failure;
  }
  if (Failure failure = trickle.run_until_message()) {
    return failure;
  }
  sample.values.push_back({Figure::failover_ms, milliseconds_since(killed)});
  return std::nullopt;
}

Failure measure_link(const GroupPlan& plan, const std::string& own_path, std::uint32_t cuts,
                     Sample& sample) {
  GroupPlan linked = plan;
  std::vector<std::vector<std::string>> commands;
  for (std::size_t node = 0; node < plan.nodes; ++node) {
    linked.cluster_ports.push_back(find_free_port());
    linked.advertised_ports.push_back(find_free_port());
    commands.push_back({own_path, "pipe", "--port", std::to_string(linked.advertised_ports[node]),
                        "--to", std::to_string(linked.cluster_ports[node])});
  }
  ServerGroup servers;
  if (Failure failure = servers.start(linked)) {
    return failure;
  }
  std::vector<double> times;
  Trickle trickle;
  for (std::uint32_t turn = 0; turn <= cuts; ++turn) {
    std::vector<ChildProcess> pipes(plan.nodes);
    const std::int64_t started = monotonic_now();
    for (std::size_t node = 0; node < plan.nodes; ++node) {
      if (Failure failure =
              pipes[node].start(commands[node], linked.advertised_ports[node], std::nullopt)) {
        return failure;
      }
    }
    if (turn == 0) {
      if (Failure failure = trickle.open(servers.port(0), servers.port(1))) {
        return failure;
      }
    } else {
      if (Failure failure = trickle.run_until_message()) {
        return failure;
      }
      times.push_back(milliseconds_since(started));
    }
    if (Failure failure = trickle.run(before_the_kill_seconds)) {
      return failure;
    }
    for (ChildProcess& pipe : pipes) {
      pipe.kill();
    }
    const double cut = cut_seconds + static_cast<double>(turn) * cut_step_seconds;
    if (Failure failure = trickle.run(cut)) {
      return failure;
    }
  }
  sample.values.push_back({Figure::link_ms, median_of(times)});
  sample.values.push_back({Figure::link_worst_ms, *std::max_element(times.begin(), times.end())});
  return std::nullopt;
}

}  // namespace rubus::load
