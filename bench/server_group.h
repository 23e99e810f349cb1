// The server processes of one run: one alone, or several that form a cluster.
//
// A cluster is made with the flags that nats-server has (--cluster, --cluster_name, --routes,
// --server_name, --cluster_advertise), appended to the candidate's command; every node but the
// first knows the first. Whether the mesh stands is not asked here: see interest.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/child_process.h"
#include "bench/failure.h"

namespace rubus::load {

struct GroupPlan {
  std::string command;  // with {port} and {config}
  std::string config;
  std::uint32_t nodes = 1;
  std::uint16_t port = 0;  // of a single server; 0 finds a free one
  std::optional<int> processor;
  // Where node i tells others to dial it; empty: where it listens.
  std::vector<std::uint16_t> advertised_ports;
  std::vector<std::uint16_t> cluster_ports;  // empty: free ones
};

class ServerGroup {
 public:
  [[nodiscard]] Failure start(const GroupPlan& plan);

  std::uint16_t port(std::size_t node = 0) const { return ports_[node]; }
  std::size_t size() const { return nodes_.size(); }
  ChildProcess& node(std::size_t index) { return *nodes_[index]; }
  const ChildProcess& node(std::size_t index) const { return *nodes_[index]; }
  std::int64_t cpu_time() const;  // of all
  Memory memory() const;          // of the largest
  std::int64_t first_byte_after() const { return nodes_.front()->first_byte_after(); }

 private:
  std::vector<std::unique_ptr<ChildProcess>> nodes_;
  std::vector<std::uint16_t> ports_;
};

}  // namespace rubus::load
