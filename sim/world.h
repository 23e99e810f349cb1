// World: one scenario, played in virtual time by one thread.
//
// It owns the clock, the clients, the links and the server process, and lets events happen in the
// order of the queue. When all steps are done it heals what was broken, lets everything come to
// rest, checks that nobody is owed anything, that vanished clients were noticed, and that the
// server holds nothing once the last client is gone.
// The same scenario and habits give the same run, step by step, on every machine.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/reached.h"
#include "engine/seam/recording.h"
#include "sim/canary.h"
#include "sim/check/delivery.h"
#include "sim/cluster/cluster_model.h"
#include "sim/event_queue.h"
#include "sim/scenario.h"
#include "sim/sim_client.h"
#include "sim/sim_process.h"
#include "sim/trace.h"

namespace rubus::sim {

struct RunOptions {
  ShellHabits habits;
  CanaryKind canary = CanaryKind::none;
  std::uint64_t canary_nth = 1;
  bool has_trace = true;
  bool keeps_digests = false;  // the state digest after each step
  bool keeps_bytes = false;    // what was written to each connection
  bool keeps_recording = false;
  bool elides_payloads = true;
  std::uint64_t describe_at_step = 0;  // 0: nowhere
};

using MarkCounts = std::array<std::uint64_t, reached_names.size()>;
using FaultCounts = std::array<std::uint64_t, fault_kinds>;

struct RunResult {
  std::vector<std::string> violations;
  std::uint64_t chain = 0;  // folds the digests of all steps
  std::vector<std::uint64_t> digests;
  std::vector<std::string> bytes;
  std::string recording;    // of the last server process
  std::string description;  // of the shard after the step that was asked for
  std::uint64_t steps = 0;
  std::uint64_t events = 0;
  Duration virtual_time;
  DeliveryCounts counts;
  std::uint64_t messages_read = 0;
  bool has_canary_sung = false;
  std::string trace;
  // Of clusters:
  ClusterCounts cluster;
  FaultCounts faults{};       // by FaultKind: those that had somebody to hit
  MarkCounts marks{};         // by place in reached_names
  std::uint64_t answers = 0;  // to monitoring questions

  bool is_good() const { return violations.empty(); }
};

class World {
 public:
  World(const Scenario& scenario, const RunOptions& options);
  RunResult run();

 private:
  void happen(const Event& event);
  void run_until_quiet();
  void run_until_noticed();
  void play(const ScenarioStep& step);
  void open(std::uint32_t client, const ScenarioStep& step);
  void leave(std::uint32_t client, StepKind how);
  void crash(Duration down);
  void start_process();
  void on_server_arrival(SimConnection& connection);
  void on_client_arrival(SimConnection& connection);
  void after_step(StepReport& report, std::uint64_t digest);
  void after_turn();
  void pump(std::uint32_t client);
  void read(SimConnection& connection);
  void arm(SimConnection& connection);
  void schedule(Instant at, EventKind kind, std::uint32_t client, std::uint64_t detail);
  void settle();
  void check_everyone_is_served();
  void check_slow_consumers(const StepReport& report);
  void violate(const std::string& what) { result_.violations.push_back(what); }
  void note(const std::string& what);
  SimConnection* connection_of(std::uint32_t client);
  WallTime wall() const;
  bool has_failed() const { return !result_.violations.empty(); }

  Scenario scenario_;
  RunOptions options_;
  RunResult result_;
  EventQueue queue_;
  Instant now_;
  Duration wall_offset_;
  std::uint64_t busy_events_ = 0;  // in the queue and not merely a wish of the server to be woken
  RandomStream turns_;
  RandomStream jobs_;
  std::vector<SimClient> clients_;
  std::vector<Serial> current_;  // connection of each client, 0: none
  std::map<Serial, std::unique_ptr<SimConnection>> connections_;
  std::vector<Serial> vanished_;
  Serial serials_ = 0;
  std::unique_ptr<SimProcess> process_;
  std::uint32_t epoch_ = 0;
  bool is_turn_scheduled_ = false;
  Instant wake_scheduled_ = Instant::never();
  std::uint64_t wake_number_ = 0;
  DeliveryCheck delivery_;
  Canary canary_;
  Digest chain_;
  Trace trace_;
  std::optional<RecordingWriter> recorder_;
};

// With nodes: in a ClusterWorld, otherwise in a World.
RunResult run_scenario(const Scenario& scenario, const RunOptions& options);

}  // namespace rubus::sim
