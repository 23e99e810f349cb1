// ClusterWorld: a scenario with nodes, played in virtual time by one thread.
//
// It owns clock, network, nodes and clients, plays the steps, lets every fault end by itself, waits
// until the servers must have found each other again, lets every client ask and tell everything
// once more (the probe), and then has the model judge. At the very end all clients leave and all
// nodes are stopped in order; they must finish and hold nothing.
// The same scenario and habits give the same run on every machine.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/reached.h"
#include "sim/canary.h"
#include "sim/cluster/agenda.h"
#include "sim/cluster/calm.h"
#include "sim/cluster/cluster_client.h"
#include "sim/cluster/cluster_model.h"
#include "sim/cluster/network.h"
#include "sim/cluster/node_process.h"
#include "sim/cluster/resolver.h"
#include "sim/trace.h"
#include "sim/world.h"

namespace rubus::sim {

class ClusterWorld {
 public:
  ClusterWorld(const Scenario& scenario, const RunOptions& options);
  RunResult run();

 private:
  struct Node {
    std::unique_ptr<NodeProcess> process;  // none: down
    std::uint32_t address_version = 0;
    std::uint32_t epoch = 0;
    bool is_host_up = true;
    bool is_listening = false;
    bool is_leaving = false;
    std::int64_t down_us = 0;  // after leaving
    std::size_t finished = 0;  // shards
    std::uint32_t asked = 0;   // monitoring questions without an answer
  };
  // cluster_world.cc: the course of a run
  void play(const ScenarioStep& step);
  void run_until(Instant at);
  void let_settle();
  void probe();
  void end_clients();
  void end_nodes();
  void check_memory();
  void check_urls();
  void finish_result();
  WallTime wall() const;
  void violate(const std::string& what);
  void note(const std::string& what);
  bool has_failed() const { return !result_.violations.empty(); }

  // cluster_world_nodes.cc: processes and what they want
  void start_node(std::uint32_t node);
  void end_process(std::uint32_t node, bool is_host_down);
  void leave(std::uint32_t node, Input wish, std::int64_t down_us);
  void on_output(std::uint32_t node, std::uint32_t shard, const Output& output);
  void gather_snapshots(std::uint32_t node, std::uint32_t shard, const Output& output);
  void dial(std::uint32_t node, std::uint32_t shard, const DialPeer& wish);
  void fail_dial(std::uint32_t node, std::uint32_t shard, std::uint32_t epoch, DialTicket ticket,
                 const std::string& why, Duration later);
  void resolve(std::uint32_t node, std::uint32_t shard, const ResolveHost& wish);
  void start_job(std::uint32_t node, std::uint32_t shard, const Job& job);
  void on_reply(std::uint32_t node, const MonitorReply& reply);
  void tell(std::uint32_t node, std::uint32_t shard, Input input);
  void count_marks(std::uint32_t node);
  ShardShell* shell_of(const WireEnd& end);
  std::optional<std::uint32_t> listener_at(const Address& address) const;

  // cluster_world_faults.cc
  void play_fault(const Fault& fault);
  void play_node_fault(const Fault& fault, std::uint32_t node);
  void play_pair_fault(const Fault& fault);
  void play_partition(const Fault& fault);
  void restart_later(std::uint32_t node, std::int64_t us);
  void reload(std::uint32_t node);
  void ask(std::uint32_t node, const std::string& path);

  // cluster_world_clients.cc
  void play_client(const ScenarioStep& step);
  void want(std::uint32_t client, const ScenarioStep& step);
  void leave_client(std::uint32_t client, StepKind how);
  void client_dial(std::uint32_t client);
  void client_redial(std::uint32_t client);
  void client_connected(std::uint32_t client, Wire& wire);
  void client_lost(std::uint32_t client);
  void pump(std::uint32_t client);
  void read(Wire& wire);
  void on_handed_in(Wire& wire, std::uint64_t bytes);
  void on_node_closed(Wire& wire, std::size_t end, bool is_wish);
  void on_arrival(Wire& wire, std::size_t end);
  void on_reset(Wire& wire, std::size_t end);
  void on_space(Wire& wire, std::size_t end);

  Scenario scenario_;
  RunOptions options_;
  RunResult result_;
  Agenda agenda_;
  Instant now_;
  Instant began_;
  Duration settle_;
  Duration flight_;
  Calm calm_;
  ClusterNetwork network_;
  Resolver resolver_;
  std::vector<Node> nodes_;
  std::vector<ClusterClient> clients_;
  ClusterModel model_;
  std::vector<RandomStream> client_streams_;
  RandomStream jobs_;
  RandomStream accepts_;
  std::uint64_t questions_ = 0;
  bool is_ending_ = false;
  Canary canary_;
  Digest chain_;
  Trace trace_;
};

// Virtual time within which servers that can reach each other must have told each other all.
Duration convergence_bound(const Scenario& scenario);

}  // namespace rubus::sim
