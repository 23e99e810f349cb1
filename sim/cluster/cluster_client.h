// ClusterClient: what a client of a cluster remembers beside its speech: where it may connect to,
// what it subscribes to, and that it wants to be connected. After a loss it comes back by itself,
// to the next server it knows (its home, and what connect_urls told), as client libraries do.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/seam/input.h"
#include "sim/cluster/wire.h"
#include "sim/sim_client.h"

namespace rubus::sim {

struct ClusterClient {
  ClusterClient(std::uint32_t number, const Knobs& knobs) : speech(number, knobs) {}

  SimClient speech;
  WireNumber wire = 0;  // 0: not connected
  bool is_wanted = false;
  bool is_dialing = false;
  bool is_vanished = false;
  ScenarioStep open;
  std::map<std::string, ScenarioStep> subscriptions;  // by sid, said again on each connection
  std::vector<Address> learned;                       // the last connect_urls
  std::uint64_t attempts = 0;

  void remember(const ScenarioStep& step);
  void learn(std::string_view info);
};

}  // namespace rubus::sim
