#include "sim/cluster/cluster_world.h"

#include <algorithm>
#include <stdexcept>

#include "engine/base/text_number.h"

namespace rubus::sim {

namespace {

constexpr std::int64_t start_seconds = 1'000;
constexpr std::int64_t wall_start_seconds = 1'700'000'000;
constexpr std::uint64_t events_max = 5'000'000;
constexpr std::uint64_t digest_interval = 16;  // of many shards: each step would cost too much

Duration settle_time(const Scenario& scenario) {
  std::int64_t slowest_us = 0;
  for (const LinkShape& link : scenario.links) {
    slowest_us = std::max(slowest_us, link.latency_us + link.jitter_us);
  }
  const Knobs& knobs = scenario.knobs;
  const std::int64_t peers_us = knobs.peer_latency_us + knobs.peer_jitter_us;
  return milliseconds(300) + microseconds(8 * (slowest_us + peers_us + knobs.turn_us)) +
         microseconds(knobs.job_us);
}

}  // namespace

Duration convergence_bound(const Scenario& scenario) {
  const Knobs& knobs = scenario.knobs;
  const std::int64_t noticed_ms = knobs.peer_ping_ms * (knobs.peer_ping_max + 2);
  const std::int64_t dialed_ms = knobs.dial_timeout_ms + 1'200;
  return milliseconds(2 * noticed_ms + knobs.peer_write_deadline_ms + 3 * dialed_ms + 3'000 +
                      (knobs.connect_backoff != 0 ? 60'000 : 0)) +
         microseconds(3 * knobs.resolve_us + 20 * knobs.peer_latency_us);
}

ClusterWorld::ClusterWorld(const Scenario& scenario, const RunOptions& options)
    : scenario_(scenario),
      options_(options),
      now_{seconds(start_seconds).nanoseconds},
      began_(now_),
      settle_(settle_time(scenario)),
      flight_(settle_time(scenario) + milliseconds(700)),
      calm_(scenario.nodes.size(), convergence_bound(scenario)),
      network_(scenario_, agenda_, now_),
      resolver_(scenario_),
      nodes_(scenario.nodes.size()),
      model_(scenario_, calm_, settle_, flight_),
      jobs_(scenario.seed, "jobs"),
      accepts_(scenario.seed, "accepts"),
      canary_(options.canary, options.canary_nth) {
  if (options_.habits.digest_interval == 1 && !options_.keeps_digests) {
    options_.habits.digest_interval = digest_interval;
  }
  trace_.is_on = options.has_trace;
  network_.on_arrival = [this](Wire& wire, std::size_t end) { on_arrival(wire, end); };
  network_.on_reset = [this](Wire& wire, std::size_t end) { on_reset(wire, end); };
  network_.on_space = [this](Wire& wire, std::size_t end) { on_space(wire, end); };
  network_.on_change = [this](std::uint32_t one, std::uint32_t other) { calm_.bump(one, other); };
  for (std::uint32_t client = 0; client < scenario_.links.size(); ++client) {
    clients_.emplace_back(client, scenario_.knobs);
    client_streams_.emplace_back(scenario_.seed, "client " + number_text(client));
  }
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    const Duration later = microseconds(scenario_.nodes[node].start_us);
    calm_.disturb_node(node, now_, now_ + later);
    nodes_[node].is_host_up = later.nanoseconds == 0;
    agenda_.add(now_ + later, [this, node] { start_node(node); });
  }
  for (const ScenarioStep& step : scenario_.steps) {
    agenda_.add(now_ + microseconds(step.at_us), [this, &step] { play(step); });
  }
}

WallTime ClusterWorld::wall() const {
  return WallTime{seconds(wall_start_seconds).nanoseconds} + Duration{now_.nanoseconds};
}

void ClusterWorld::violate(const std::string& what) {
  result_.violations.push_back(what);
  if (trace_.is_on) {
    note("VIOLATION " + what);
  }
}

void ClusterWorld::note(const std::string& what) { trace_.add(now_, result_.events, what); }

void ClusterWorld::play(const ScenarioStep& step) {
  if (trace_.is_on) {
    note("scenario: " + step_text(step));
  }
  if (step.kind == StepKind::fault) {
    return play_fault(step.fault);
  }
  play_client(step);
}

void ClusterWorld::run_until(Instant at) {
  while (!has_failed() && !agenda_.empty() && agenda_.next() <= at) {
    now_ = std::max(now_, agenda_.next());
    ++result_.events;
    agenda_.take()();
    for (const std::string& what : model_.violations) {
      violate(what);
    }
    model_.violations.clear();
    if (result_.events > events_max) {
      violate("the world does not come to rest");
    }
  }
  if (!has_failed()) {
    now_ = std::max(now_, at);
  }
}

// All steps, and the end of every fault.
void ClusterWorld::let_settle() {
  Instant last = began_;
  if (!scenario_.steps.empty()) {
    last = last + microseconds(scenario_.steps.back().at_us);
  }
  run_until(last);
  while (!has_failed() && calm_.last_end() + calm_.bound() > now_) {
    run_until(calm_.last_end() + calm_.bound());
  }
  const auto is_down = [](const Node& node) { return node.process == nullptr; };
  if (!has_failed() && std::any_of(nodes_.begin(), nodes_.end(), is_down)) {
    violate("a node did not come back within the bound");
  }
}

// Everybody is there, reads, and publishes to every subject anybody ever spoke of.
void ClusterWorld::probe() {
  std::vector<std::string> subjects;
  for (const ScenarioStep& step : scenario_.steps) {
    const bool is_new = std::find(subjects.begin(), subjects.end(), step.subject) == subjects.end();
    if (step.kind == StepKind::publish && is_new) {
      subjects.push_back(step.subject);
    }
  }
  for (std::uint32_t client = 0; client < clients_.size(); ++client) {
    clients_[client].speech.is_paused = false;
    if (clients_[client].wire != 0) {
      read(*network_.find(clients_[client].wire));
    }
  }
  // Who lost a server comes back by itself; the second wait is for the news of it.
  run_until(now_ + settle_ + seconds(3));
  ScenarioStep inbox;
  inbox.kind = StepKind::subscribe;
  inbox.sid = "probe";
  for (std::uint32_t client = 0; client < clients_.size(); ++client) {
    inbox.client = client;
    inbox.subject = "_INBOX.probe." + number_text(client) + ".*";
    play_client(inbox);
  }
  run_until(now_ + settle_ + flight_);
  ScenarioStep message;
  message.kind = StepKind::publish;
  for (std::uint32_t client = 0; client < clients_.size(); ++client) {
    for (std::size_t at = 0; at < subjects.size(); ++at) {
      message.client = client;
      message.subject = subjects[at];
      message.reply = "_INBOX.probe." + number_text(client) + "." + number_text(at);
      message.number = 20;
      play_client(message);
    }
  }
  run_until(now_ + flight_ + settle_);
}

void ClusterWorld::end_clients() {
  is_ending_ = true;
  for (std::uint32_t client = 0; client < clients_.size(); ++client) {
    leave_client(client, StepKind::close);
  }
  run_until(now_ + seconds(2));
}

// Orderly: every shard must say that it has finished, and hold nothing then.
void ClusterWorld::end_nodes() {
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    leave(node, ShutdownRequested{}, -1);
  }
  run_until(now_ + seconds(10));
  for (std::uint32_t node = 0; node < nodes_.size() && !has_failed(); ++node) {
    if (nodes_[node].process != nullptr) {
      violate("node " + number_text(node) + " did not finish its shutdown");
    }
  }
}

void ClusterWorld::check_memory() {
  constexpr std::uint64_t connection_bytes = 262'144;
  constexpr std::uint64_t pin_factor = 16;
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    for (std::uint32_t shard = 0; shard < nodes_[node].process->shards(); ++shard) {
      ShardShell& shell = nodes_[node].process->shell(shard);
      const std::uint64_t held = shell.shard().blocks().bytes_in_use();
      const std::uint64_t most =
          connection_bytes * shell.open_sockets() + pin_factor * shell.waiting_bytes();
      if (held > most) {
        violate("node " + number_text(node) + "." + number_text(shard) + " holds " +
                number_text(held) + " bytes for " +
                number_text(std::uint64_t{shell.open_sockets()}) + " connections");
      }
    }
  }
}

// Every client knows the servers that it could go to, and no other.
void ClusterWorld::check_urls() {
  for (std::uint32_t client = 0; client < clients_.size(); ++client) {
    const ClusterClient& one = clients_[client];
    if (one.wire == 0 || one.open.connect.protocol < 1 || !model_.is_logged_in(one.wire)) {
      continue;
    }
    const std::uint32_t home = network_.find(one.wire)->ends[1].who;
    for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
      const Relation relation = model_.relation(home, node);
      if (relation == Relation::unclear || scenario_.nodes[home].no_advertise) {
        continue;
      }
      const bool is_due = relation == Relation::joined && !scenario_.nodes[node].no_advertise;
      const Address address = node_address(node, nodes_[node].address_version, client_port);
      const bool is_known =
          std::any_of(one.learned.begin(), one.learned.end(), [&](const Address& known) {
            return known.bytes == address.bytes && known.port == address.port;
          });
      if (is_known != is_due) {
        violate("client " + number_text(client) + " on node " + number_text(home) +
                (is_due ? " was not told of node " : " was told of node ") + number_text(node));
      }
    }
  }
}

void ClusterWorld::finish_result() {
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    count_marks(node);
  }
  result_.chain = chain_.value();
  result_.virtual_time = now_ - began_;
  result_.cluster = model_.counts();
  result_.counts.messages = model_.counts().messages;
  result_.messages_read = model_.counts().messages;
  result_.has_canary_sung = canary_.has_sung();
  result_.trace = trace_.last(trace_.lines_max);
}

RunResult ClusterWorld::run() {
  try {
    let_settle();
    if (!has_failed()) {
      probe();
    }
    if (!has_failed()) {
      model_.judge(now_);
      for (const std::string& what : model_.violations) {
        violate(what);
      }
      model_.violations.clear();
    }
    if (!has_failed()) {
      check_memory();
      check_urls();
    }
    if (!has_failed()) {
      end_clients();
      finish_result();
      end_nodes();
    }
  } catch (const std::logic_error& broken) {
    violate(std::string("broken ensure: ") + broken.what());
    for (Node& node : nodes_) {
      static_cast<void>(node.process.release());  // its insides are in an unknown state
    }
  }
  finish_result();
  return std::move(result_);
}

}  // namespace rubus::sim
