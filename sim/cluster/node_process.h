// NodeProcess: the shards of one node. They start, crash and leave together, and are joined by
// sibling wires that lose nothing while the process lives.
//
// It hands each shard to its turn at the right time and passes what shards want from outside on to
// the world. A frozen process takes no turns; what its kernel got meanwhile waits.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/cluster/agenda.h"
#include "sim/cluster/network.h"
#include "sim/cluster/node_options.h"
#include "sim/cluster/shard_shell.h"

namespace rubus::sim {

class NodeProcess {
 public:
  // What is passed on; the world outlives the process.
  struct Surroundings {
    const Scenario& scenario;
    Agenda& agenda;
    ClusterNetwork& network;
    const Instant& now;
    std::function<WallTime()> wall;
    std::function<void(std::uint32_t shard, const Output&)> on_output;
    std::function<void(Wire&, std::uint64_t bytes)> on_handed_in;  // of clients
    std::function<void(Wire&, std::size_t end, bool is_wish)> on_closed;
    std::function<void(std::uint64_t)> on_digest;
    std::function<void(Wire&, std::string&)> tamper;                          // may be empty
    std::function<void(std::uint32_t shard, const InputBatch&)> before_step;  // may be empty
    std::function<void(const std::string&)> on_violation;
  };

  NodeProcess(const NodeStart& start, const ShellHabits& habits, Surroundings surroundings);

  std::size_t shards() const { return runs_.size(); }
  ShardShell& shell(std::uint32_t shard) { return *runs_[shard].shell; }
  std::uint32_t epoch() const { return start_.epoch; }
  // After anything was given to a shell.
  void poke(std::uint32_t shard);
  void freeze_until(Instant until) { frozen_until_ = std::max(frozen_until_, until); }
  bool is_frozen() const { return frozen_until_ > around_.now; }

  std::function<bool(std::uint32_t epoch)> is_alive;  // is this process still the node's?

 private:
  struct Run {
    std::unique_ptr<ShardShell> shell;
    bool is_turn_scheduled = false;
    Instant wake_scheduled = Instant::never();
    std::uint64_t wake_number = 0;
  };

  void start_shard(std::uint32_t shard, const ShellHabits& habits);
  void join_siblings();
  void turn(std::uint32_t shard);

  NodeStart start_;
  Surroundings around_;
  std::vector<Run> runs_;
  RandomStream turns_;
  Instant frozen_until_;
};

}  // namespace rubus::sim
