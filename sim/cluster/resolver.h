// Resolver: the names of a cluster. "node3" has the address of node 3; a service has one address
// for each of its nodes that is up, in changing order; an address is its own name.
// It may forget a name for a while, or answer for it what was true at the beginning.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/base/time.h"
#include "engine/seam/input.h"
#include "sim/scenario.h"

namespace rubus::sim {

class Resolver {
 public:
  explicit Resolver(const Scenario& scenario)
      : scenario_(scenario), order_(scenario.seed, "resolver") {}

  // The present address of a node; `is_up` decides whether services name it.
  struct Place {
    std::uint32_t address_version = 0;
    bool is_up = false;
  };
  HostAddresses find(const std::string& host, const std::vector<Place>& places, Instant now);
  void forget(const std::string& host, Instant until) { forgotten_[host] = until; }
  void keep_stale(const std::string& host, Instant until) { stale_[host] = until; }
  Duration delay();

 private:
  std::vector<std::uint32_t> nodes_of(const std::string& host, bool& is_service) const;

  const Scenario& scenario_;
  RandomStream order_;
  std::map<std::string, Instant> forgotten_;
  std::map<std::string, Instant> stale_;
};

}  // namespace rubus::sim
