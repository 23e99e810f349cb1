#include "sim/world.h"

#include <algorithm>
#include <stdexcept>

#include "engine/base/text_number.h"
#include "engine/seam/describe.h"
#include "sim/check/bounded_memory.h"
#include "sim/cluster/cluster_world.h"

namespace rubus::sim {

namespace {

constexpr std::int64_t start_seconds = 1'000;
constexpr std::int64_t wall_start_seconds = 1'700'000'000;
constexpr std::uint64_t events_max = 20'000'000;
constexpr std::size_t read_bytes = 16384;

ScenarioStep plain_step(std::uint32_t client, StepKind kind) {
  ScenarioStep step;
  step.client = client;
  step.kind = kind;
  return step;
}

}  // namespace

World::World(const Scenario& scenario, const RunOptions& options)
    : scenario_(scenario),
      options_(options),
      now_{seconds(start_seconds).nanoseconds},
      turns_(scenario.seed, "turns"),
      jobs_(scenario.seed, "jobs"),
      current_(scenario.links.size(), 0),
      delivery_(scenario),
      canary_(options.canary, options.canary_nth) {
  trace_.is_on = options.has_trace;
  for (std::uint32_t client = 0; client < scenario.links.size(); ++client) {
    clients_.emplace_back(client, scenario.knobs);
  }
  start_process();
  for (std::size_t at = 0; at < scenario_.steps.size(); ++at) {
    schedule(now_ + microseconds(scenario_.steps[at].at_us), EventKind::step,
             scenario_.steps[at].client, at);
  }
}

WallTime World::wall() const {
  return WallTime{seconds(wall_start_seconds).nanoseconds} + Duration{now_.nanoseconds} +
         wall_offset_;
}

void World::note(const std::string& what) {
  trace_.add(now_, process_ == nullptr ? 0 : process_->steps(), what);
}

void World::schedule(Instant at, EventKind kind, std::uint32_t client, std::uint64_t detail) {
  busy_events_ += kind == EventKind::wake ? 0 : 1;
  queue_.push({std::max(at, now_), 0, kind, client, detail});
}

void World::start_process() {
  ++epoch_;
  process_ =
      std::make_unique<SimProcess>(scenario_, options_.habits, scenario_.seed + epoch_, wall());
  process_->after_step = [this](StepReport& report, std::uint64_t digest) {
    after_step(report, digest);
  };
  process_->on_wire_change = [this](SimConnection& connection) {
    arm(connection);
    if (!connection.is_client_gone) {
      pump(connection.client);
    }
  };
  process_->start_job = [this](std::uint64_t job) {
    const std::uint64_t most = static_cast<std::uint64_t>(scenario_.knobs.job_us) + 1;
    schedule(now_ + microseconds(static_cast<std::int64_t>(jobs_.below(most))), EventKind::job,
             epoch_, job);
  };
  if (options_.keeps_bytes) {
    process_->on_written = [this](Serial serial, std::string_view bytes) {
      result_.bytes[serial - 1] += bytes;
    };
  }
  if (canary_.is_set()) {
    process_->tamper = [this](Serial serial, std::string& fresh) { canary_.change(serial, fresh); };
  }
  if (options_.keeps_recording) {
    recorder_.emplace(options_.elides_payloads);
    result_.recording.clear();
    encode_header({scenario_.seed + epoch_, wall(), options_.elides_payloads, "simulator",
                   server_options(scenario_)},
                  result_.recording);
    process_->before_step = [this](const InputBatch& batch) {
      recorder_->append_batch(batch, result_.recording);
    };
  }
  is_turn_scheduled_ = false;
  wake_scheduled_ = Instant::never();
  ++wake_number_;
}

SimConnection* World::connection_of(std::uint32_t client) {
  const auto found = connections_.find(current_[client]);
  return found == connections_.end() ? nullptr : found->second.get();
}

void World::arm(SimConnection& connection) {
  const auto arm_pipe = [this, &connection](SimPipe& pipe, EventKind kind) {
    const Instant at = pipe.next_arrival();
    if (!pipe.is_armed && at != Instant::never()) {
      pipe.is_armed = true;
      schedule(at, kind, connection.client, connection.serial);
    }
  };
  arm_pipe(connection.link.to_server, EventKind::server_arrival);
  arm_pipe(connection.link.to_client, EventKind::client_arrival);
}

// Moves what a client has said into its link, as far as there is room.
void World::pump(std::uint32_t client) {
  SimConnection* connection = connection_of(client);
  if (connection == nullptr) {
    return;
  }
  std::deque<ClientOperation>& said = clients_[client].operations();
  std::move(said.begin(), said.end(), std::back_inserter(connection->operations));
  said.clear();
  const std::size_t sent = connection->link.to_server.send(now_, clients_[client].unsent());
  clients_[client].on_sent(sent);
  arm(*connection);
}

void World::open(std::uint32_t client, const ScenarioStep& step) {
  if (clients_[client].is_connected() || process_ == nullptr) {
    return;
  }
  const Serial serial = ++serials_;
  const LinkShape& shape = scenario_.links[client];
  const std::string name = "client " + number_text(client) + " connection " + number_text(serial);
  connections_[serial] = std::make_unique<SimConnection>(SimConnection{
      serial, client, SimLink(shape, scenario_.seed, name), {}, 0, false, false, false});
  current_[client] = serial;
  delivery_.on_opened(serial, client);
  if (options_.keeps_bytes) {
    result_.bytes.resize(serial);
  }
  clients_[client].on_connected();
  schedule(now_ + microseconds(shape.latency_us), EventKind::server_arrival, client, serial);
  clients_[client].say(step);
}

void World::leave(std::uint32_t client, StepKind how) {
  SimConnection* connection = connection_of(client);
  if (connection == nullptr || !clients_[client].is_connected()) {
    return;
  }
  pump(client);
  delivery_.check_received(connection->serial, clients_[client].frames(), clients_[client].digest(),
                           false);
  clients_[client].on_closed();
  connection->is_client_gone = true;
  current_[client] = 0;
  if (how == StepKind::half_open) {
    connection->link.to_server.vanish();
    connection->link.to_client.vanish();
    vanished_.push_back(connection->serial);
    return;
  }
  if (how == StepKind::reset) {
    connection->is_reset = true;
    schedule(now_ + microseconds(scenario_.links[client].latency_us), EventKind::server_arrival,
             client, connection->serial);
    return;
  }
  connection->link.to_server.send_end(now_);
  arm(*connection);
}

void World::crash(Duration down) {
  if (process_ == nullptr) {
    return;
  }
  for (std::uint32_t client = 0; client < clients_.size(); ++client) {
    if (clients_[client].is_connected()) {
      delivery_.check_received(current_[client], clients_[client].frames(),
                               clients_[client].digest(), false);
    }
    clients_[client].on_closed();
    current_[client] = 0;
  }
  connections_.clear();
  vanished_.clear();
  delivery_.on_crash();
  process_.reset();
  schedule(now_ + down, EventKind::restart, 0, 0);
}

void World::play(const ScenarioStep& step) {
  if (trace_.is_on) {
    note("scenario: " + step_text(step));
  }
  SimConnection* connection = connection_of(step.client);
  switch (step.kind) {
    case StepKind::open:
      open(step.client, step);
      break;
    case StepKind::connect:
    case StepKind::subscribe:
    case StepKind::unsubscribe:
    case StepKind::publish:
    case StepKind::ping:
    case StepKind::malformed:
      clients_[step.client].say(step);
      break;
    case StepKind::close:
    case StepKind::reset:
    case StepKind::half_open:
      leave(step.client, step.kind);
      break;
    case StepKind::pause:
      clients_[step.client].is_paused = true;
      break;
    case StepKind::resume:
      clients_[step.client].is_paused = false;
      if (connection != nullptr) {
        read(*connection);
      }
      break;
    case StepKind::stall:
      if (connection != nullptr) {
        connection->link.to_server.stall_until(now_ + microseconds(step.number));
        connection->link.to_client.stall_until(now_ + microseconds(step.number));
      }
      break;
    case StepKind::crash:
      crash(microseconds(step.number));
      break;
    case StepKind::clock:
      wall_offset_ = wall_offset_ + microseconds(step.number);
      break;
    case StepKind::fault:
      break;  // of clusters only
  }
  pump(step.client);
}

void World::on_server_arrival(SimConnection& connection) {
  if (process_ == nullptr) {
    return;
  }
  if (!connection.is_accepted) {
    connection.is_accepted = true;
    process_->accept(connection);
  } else if (!connection.is_reset) {
    connection.link.to_server.is_armed = false;
  }
  if (connection.is_reset) {
    process_->on_reset(connection);
    return;
  }
  if (connection.link.to_server.arrive(now_)) {
    process_->on_arrival(connection);
  }
  arm(connection);
}

void World::on_client_arrival(SimConnection& connection) {
  connection.link.to_client.is_armed = false;
  connection.link.to_client.arrive(now_);
  read(connection);
  arm(connection);
}

// The client reads all that has arrived; a client that is gone throws it away.
void World::read(SimConnection& connection) {
  SimPipe& pipe = connection.link.to_client;
  const bool is_mine = !connection.is_client_gone;
  SimClient& client = clients_[connection.client];
  if (is_mine && client.is_paused) {
    return;
  }
  const bool has_news = pipe.has_arrived();
  while (pipe.has_arrived()) {
    const std::string bytes = pipe.take(read_bytes);
    if (is_mine) {
      client.on_bytes(bytes);
    }
  }
  if (is_mine) {
    if (!client.violation().empty()) {
      violate("client " + number_text(connection.client) + " cannot read: " + client.violation());
    }
    pump(connection.client);
  }
  if (has_news && process_ != nullptr) {
    process_->on_space(connection);
  }
  if (is_mine && pipe.is_at_end()) {
    delivery_.check_received(connection.serial, client.frames(), client.digest(), false);
    note("client " + number_text(connection.client) + " sees the end of its connection");
    client.on_closed();
    connection.is_client_gone = true;
    current_[connection.client] = 0;
  }
}

void World::after_step(StepReport& report, std::uint64_t digest) {
  ++result_.steps;
  chain_.add(digest);
  if (options_.keeps_digests) {
    result_.digests.push_back(digest);
  }
  if (recorder_ && recorder_->wants_digest()) {
    recorder_->append_digest(digest, result_.recording);
  }
  if (options_.describe_at_step == result_.steps) {
    process_->shard().describe(result_.description);
  }
  if (trace_.is_on) {
    for (const Happening& happening : report.happenings) {
      static constexpr std::string_view names[] = {"opened", "bytes", "closed", "password check"};
      std::string line = "in: connection " + number_text(happening.serial) + " ";
      line += names[static_cast<std::size_t>(happening.kind)];
      note(happening.bytes > 0 ? line + " " + number_text(happening.bytes) : line);
    }
    for (const auto& [serial, bytes] : report.fresh) {
      std::string line = "out: connection " + number_text(serial) + " ";
      describe_bytes(bytes, line);
      note(line);
    }
    for (const ServerClose& close : report.closes) {
      note("out: connection " + number_text(close.serial) + " is closed");
    }
  }
  delivery_.on_step(report, connections_);
  check_slow_consumers(report);
}

// A queue above max_pending ends the connection in the same step.
void World::check_slow_consumers(const StepReport& report) {
  for (const auto& [serial, bytes] : report.fresh) {
    const std::uint64_t waiting = process_->waiting_bytes(serial);
    const bool is_closed =
        std::any_of(report.closes.begin(), report.closes.end(),
                    [serial = serial](const ServerClose& close) { return close.serial == serial; });
    if (waiting > static_cast<std::uint64_t>(scenario_.knobs.max_pending) && !is_closed &&
        delivery_.is_open(serial)) {
      violate("connection " + number_text(serial) + " lives with " + number_text(waiting) +
              " bytes waiting");
    }
  }
}

void World::after_turn() {
  if (process_ == nullptr) {
    return;
  }
  for (const std::string& what : process_->violations()) {
    violate(what);
  }
  process_->violations().clear();
  if (process_->has_work() && !is_turn_scheduled_) {
    is_turn_scheduled_ = true;
    const std::uint64_t most = static_cast<std::uint64_t>(scenario_.knobs.turn_us) + 1;
    schedule(now_ + microseconds(static_cast<std::int64_t>(turns_.below(most))), EventKind::turn, 0,
             epoch_);
  }
  const Instant wake = process_->wake_at();
  if (wake != wake_scheduled_) {
    wake_scheduled_ = wake;
    ++wake_number_;
    if (wake != Instant::never()) {
      schedule(wake, EventKind::wake, 0, wake_number_);
    }
  }
}

void World::happen(const Event& event) {
  ++result_.events;
  now_ = event.at;
  busy_events_ -= event.kind == EventKind::wake ? 0 : 1;
  const auto found = connections_.find(static_cast<Serial>(event.detail));
  switch (event.kind) {
    case EventKind::step:
      play(scenario_.steps[event.detail]);
      break;
    case EventKind::server_arrival:
      if (found != connections_.end()) {
        on_server_arrival(*found->second);
      }
      break;
    case EventKind::client_arrival:
      if (found != connections_.end()) {
        on_client_arrival(*found->second);
      }
      break;
    case EventKind::turn:
      if (event.detail == epoch_ && process_ != nullptr) {
        is_turn_scheduled_ = false;
        process_->turn(now_, wall());
      }
      break;
    case EventKind::wake:
      if (event.detail == wake_number_ && process_ != nullptr) {
        process_->turn(now_, wall());
        if (process_->wake_at() <= now_) {
          violate("the shard asks to be woken at once, again");
        }
      }
      break;
    case EventKind::job:
      if (event.client == epoch_ && process_ != nullptr) {
        process_->on_job_due(event.detail);
      }
      break;
    case EventKind::restart:
      start_process();
      note("the server is started again");
      break;
  }
  for (const std::string& what : delivery_.violations()) {
    violate(what);
  }
  delivery_.violations().clear();
  after_turn();
}

void World::run_until_quiet() {
  while (busy_events_ > 0 && !has_failed()) {
    happen(queue_.pop());
    if (result_.events > events_max) {
      violate("the world does not come to rest");
    }
  }
}

// Clients that vanished without a word are noticed by unanswered pings or blocked writes.
void World::run_until_noticed() {
  const Knobs& knobs = scenario_.knobs;
  const Instant latest = now_ +
                         milliseconds((knobs.ping_max + 2) * knobs.ping_interval_ms * 2 +
                                      knobs.write_deadline_ms + knobs.auth_timeout_ms) +
                         seconds(10);
  const auto is_left = [this](Serial serial) { return process_->is_known(serial); };
  while (!has_failed() && std::any_of(vanished_.begin(), vanished_.end(), is_left)) {
    if (queue_.empty() || queue_.top().at > latest) {
      violate("the server never noticed that a client had vanished");
      return;
    }
    happen(queue_.pop());
  }
}

void World::check_everyone_is_served() {
  std::uint64_t waiting = 0;
  for (std::uint32_t client = 0; client < clients_.size(); ++client) {
    if (clients_[client].is_connected()) {
      delivery_.check_received(current_[client], clients_[client].frames(),
                               clients_[client].digest(), true);
      waiting += process_->waiting_bytes(current_[client]);
    }
    result_.messages_read += clients_[client].messages();
  }
  delivery_.check_nothing_owed();
  check_bounded_memory(scenario_, *process_, waiting, result_.violations);
}

void World::settle() {
  run_until_quiet();
  for (std::uint32_t client = 0; client < clients_.size(); ++client) {
    play(plain_step(client, StepKind::resume));
  }
  run_until_quiet();
  for (std::uint32_t client = 0; client < clients_.size(); ++client) {
    play(plain_step(client, StepKind::ping));
  }
  run_until_quiet();
  run_until_noticed();
  run_until_quiet();
  if (!has_failed()) {
    check_everyone_is_served();
  }
  for (std::uint32_t client = 0; client < clients_.size(); ++client) {
    leave(client, StepKind::close);
  }
  // The server may be pausing its reading of a fast producer, or lingering over a slow one.
  const Instant latest = now_ + seconds(30);
  while (!has_failed() && process_->open_sockets() > 0 && !queue_.empty() &&
         queue_.top().at <= latest) {
    happen(queue_.pop());
  }
  run_until_quiet();
  if (has_failed()) {
    return;
  }
  if (process_->open_sockets() != 0) {
    violate("a connection is left after the last client has gone");
  } else if (process_->shard().blocks().blocks_in_use() != 0) {
    violate("the shard still holds " + number_text(process_->shard().blocks().blocks_in_use()) +
            " blocks after the last client has gone");
  }
}

RunResult World::run() {
  const Instant began = now_;
  try {
    settle();
  } catch (const std::logic_error& broken) {
    violate(std::string("broken ensure: ") + broken.what());
    static_cast<void>(process_.release());  // its insides are in an unknown state
  }
  for (const std::string& what : delivery_.violations()) {
    violate(what);
  }
  if (recorder_ && process_ != nullptr && !has_failed()) {
    recorder_->append_end(process_->shard().digest(), result_.recording);
  }
  result_.chain = chain_.value();
  result_.virtual_time = now_ - began;
  result_.counts = delivery_.counts();
  result_.has_canary_sung = canary_.has_sung();
  result_.trace = trace_.last(trace_.lines_max);
  return std::move(result_);
}

RunResult run_scenario(const Scenario& scenario, const RunOptions& options) {
  if (!scenario.nodes.empty()) {
    return ClusterWorld(scenario, options).run();
  }
  return World(scenario, options).run();
}

}  // namespace rubus::sim
