#include "sim/cluster/node_process.h"

#include <algorithm>

#include "engine/base/text_number.h"

namespace rubus::sim {

NodeProcess::NodeProcess(const NodeStart& start, const ShellHabits& habits,
                         Surroundings surroundings)
    : start_(start),
      around_(std::move(surroundings)),
      turns_(around_.scenario.seed,
             "turns of node " + number_text(start.node) + " " + number_text(start.epoch)) {
  const std::int64_t shards = around_.scenario.nodes[start.node].shards;
  for (std::uint32_t shard = 0; shard < static_cast<std::uint32_t>(shards); ++shard) {
    start_shard(shard, habits);
  }
  join_siblings();
}

void NodeProcess::start_shard(std::uint32_t shard, const ShellHabits& habits) {
  NodeStart start = start_;
  start.shard = shard;
  const std::uint64_t seed =
      around_.scenario.seed + 1000 * start.node + 100'000 * start.epoch + shard;
  Run run;
  run.shell = std::make_unique<ShardShell>(
      node_options(around_.scenario, start), seed, around_.wall(), habits,
      static_cast<std::size_t>(around_.scenario.knobs.batch_inputs));
  ShardShell& shell = *run.shell;
  shell.on_wire_change = [this](Wire& wire) { around_.network.arm(wire); };
  shell.on_room = [this](Wire& wire, std::size_t end) { around_.network.on_space(wire, end); };
  shell.on_closed = around_.on_closed;
  shell.on_handed_in = [this](Wire& wire, std::uint64_t bytes) {
    if (wire.kind == ConnectionKind::client) {
      around_.on_handed_in(wire, bytes);
    }
  };
  shell.on_output = [this, shard](const Output& output) { around_.on_output(shard, output); };
  shell.on_digest = around_.on_digest;
  shell.tamper = around_.tamper;
  if (around_.before_step) {
    shell.before_step = [this, shard](const InputBatch& batch) {
      around_.before_step(shard, batch);
    };
  }
  runs_.push_back(std::move(run));
}

void NodeProcess::join_siblings() {
  for (std::uint32_t lower = 0; lower < runs_.size(); ++lower) {
    for (std::uint32_t upper = lower + 1; upper < runs_.size(); ++upper) {
      WireEnd ends[2];
      for (std::size_t end = 0; end < 2; ++end) {
        ends[end].is_node = true;
        ends[end].who = start_.node;
        ends[end].epoch = start_.epoch;
        ends[end].shard = end == 0 ? lower : upper;
        ends[end].has_socket = true;
      }
      Wire& wire = around_.network.make(ConnectionKind::sibling, ends[0], ends[1]);
      shell(lower).attach(wire, 0, upper);
      shell(upper).attach(wire, 1, lower);
    }
  }
}

void NodeProcess::poke(std::uint32_t shard) {
  Run& run = runs_[shard];
  if (run.shell->has_work() && !run.is_turn_scheduled) {
    run.is_turn_scheduled = true;
    const std::uint64_t most = static_cast<std::uint64_t>(around_.scenario.knobs.turn_us) + 1;
    const Instant at = std::max(around_.now, frozen_until_) +
                       microseconds(static_cast<std::int64_t>(turns_.below(most)));
    around_.agenda.add(at, [this, shard, alive = is_alive, epoch = start_.epoch] {
      if (alive(epoch)) {
        runs_[shard].is_turn_scheduled = false;
        turn(shard);
      }
    });
  }
  const Instant wake = std::max(run.shell->wake_at(), frozen_until_);
  if (wake != run.wake_scheduled) {
    run.wake_scheduled = wake;
    const std::uint64_t number = ++run.wake_number;
    if (wake != Instant::never()) {
      around_.agenda.add(std::max(wake, around_.now),
                         [this, shard, number, alive = is_alive, epoch = start_.epoch] {
                           if (alive(epoch) && runs_[shard].wake_number == number) {
                             turn(shard);
                           }
                         });
    }
  }
}

void NodeProcess::turn(std::uint32_t shard) {
  if (is_frozen()) {
    Run& run = runs_[shard];
    run.wake_scheduled = Instant::never();
    return poke(shard);
  }
  ShardShell& shell = *runs_[shard].shell;
  shell.turn(around_.now, around_.wall());
  for (const std::string& what : shell.violations) {
    around_.on_violation("node " + number_text(start_.node) + "." + number_text(shard) + ": " +
                         what);
  }
  shell.violations.clear();
  if (shell.wake_at() <= around_.now) {
    around_.on_violation("node " + number_text(start_.node) + "." + number_text(shard) +
                         " asks to be woken at once, again");
    return;
  }
  for (std::uint32_t at = 0; at < runs_.size(); ++at) {
    poke(at);
  }
}

}  // namespace rubus::sim
