#include "bench/server_group.h"

#include <algorithm>

#include "bench/connection.h"

namespace rubus::load {

namespace {

std::string cluster_flags(const GroupPlan& plan, const std::vector<std::uint16_t>& cluster_ports,
                          std::size_t node) {
  const std::string host = "127.0.0.1:";
  std::string flags = " --server_name n" + std::to_string(node + 1) +
                      " --cluster_name load --cluster nats://" + host +
                      std::to_string(cluster_ports[node]);
  const std::vector<std::uint16_t>& dialed =
      plan.advertised_ports.empty() ? cluster_ports : plan.advertised_ports;
  if (node > 0) {
    flags += " --routes nats://" + host + std::to_string(dialed[0]);
  }
  if (!plan.advertised_ports.empty()) {
    flags += " --cluster_advertise " + host + std::to_string(dialed[node]);
  }
  return flags;
}

}  // namespace

Failure ServerGroup::start(const GroupPlan& plan) {
  std::vector<std::uint16_t> cluster_ports = plan.cluster_ports;
  while (cluster_ports.size() < plan.nodes) {
    cluster_ports.push_back(find_free_port());
  }
  for (std::size_t node = 0; node < plan.nodes; ++node) {
    const std::uint16_t port = plan.nodes == 1 && plan.port != 0 ? plan.port : find_free_port();
    const std::string command =
        plan.command + (plan.nodes > 1 ? cluster_flags(plan, cluster_ports, node) : "");
    ports_.push_back(port);
    nodes_.push_back(std::make_unique<ChildProcess>());
    if (Failure failure =
            nodes_.back()->start(command_words(command, port, plan.config), port, plan.processor)) {
      return failure;
    }
  }
  return std::nullopt;
}

std::int64_t ServerGroup::cpu_time() const {
  std::int64_t sum = 0;
  for (const std::unique_ptr<ChildProcess>& node : nodes_) {
    sum += node->cpu_time();
  }
  return sum;
}

Memory ServerGroup::memory() const {
  Memory largest;
  for (const std::unique_ptr<ChildProcess>& node : nodes_) {
    const Memory memory = node->memory();
    largest.rss_bytes = std::max(largest.rss_bytes, memory.rss_bytes);
    largest.peak_bytes = std::max(largest.peak_bytes, memory.peak_bytes);
  }
  return largest;
}

}  // namespace rubus::load
