#include "sim/sim_process.h"

#include <algorithm>

#include "engine/base/ensure.h"
#include "engine/base/text_number.h"
#include "sim/stand_ins.h"

namespace rubus::sim {

namespace {

// Less than this within the write deadline is no progress (the server's rule, stated again).
constexpr std::uint64_t progress_min = 65'536;

constexpr Duration linger = seconds(2);
constexpr std::size_t batch_bytes_of_connection_max = 65536;
constexpr std::size_t write_bytes_max = 65536;

std::vector<ByteView> gather_all(const DurableShard& shard, ConnectionId id) {
  std::vector<ByteView> views(16);
  std::size_t filled = shard.gather(id, views);
  while (filled == views.size()) {
    views.resize(views.size() * 4);
    filled = shard.gather(id, views);
  }
  views.resize(filled);
  return views;
}

}  // namespace

// A signature is good if it is the one of a user, and what it is to sign looks like a nonce.
bool judge_job(const Scenario& scenario, const Job& job) {
  constexpr std::size_t nonce_size = 15;
  if (job.kind == JobKind::bcrypt_check) {
    return stand_in_hash(job.secret) == job.hash;
  }
  return job.secret.size() == nonce_size &&
         std::any_of(
             scenario.users.begin(), scenario.users.end(), [&job](const ScenarioUser& user) {
               return is_nkey(user.name) && stand_in_signature(user.password) == job.signature;
             });
}

SimProcess::SimProcess(const Scenario& scenario, const ShellHabits& habits, std::uint64_t seed,
                       WallTime started)
    : scenario_(scenario),
      habits_(habits),
      shard_(server_options(scenario), seed, started),
      nonces_(seed, "nonces") {}

SimProcess::Socket* SimProcess::socket_of(Serial serial) {
  const auto found = slots_of_.find(serial);
  return found == slots_of_.end() ? nullptr : &sockets_[found->second];
}

SimProcess::Socket* SimProcess::socket_of(ConnectionId id) {
  if (id.slot >= sockets_.size() || sockets_[id.slot].id != id || !sockets_[id.slot].is_open) {
    return nullptr;
  }
  return &sockets_[id.slot];
}

// Known to the shard, though perhaps closed on our side already.
SimProcess::Socket* SimProcess::known_socket(ConnectionId id) {
  if (id.slot >= sockets_.size() || sockets_[id.slot].id != id ||
      sockets_[id.slot].connection == nullptr) {
    return nullptr;
  }
  return &sockets_[id.slot];
}

std::uint64_t SimProcess::waiting_bytes(Serial serial) const {
  const auto found = slots_of_.find(serial);
  return found == slots_of_.end() ? 0 : sockets_[found->second].queued;
}

void SimProcess::accept(SimConnection& connection) {
  std::uint32_t slot = 0;
  while (slot < sockets_.size() && sockets_[slot].connection != nullptr) {
    ++slot;
  }
  if (slot == sockets_.size()) {
    sockets_.emplace_back();
  }
  const std::uint32_t generation = sockets_[slot].id.generation + 1;
  sockets_[slot] = Socket();
  Socket& socket = sockets_[slot];
  socket.connection = &connection;
  socket.id = {slot, generation};
  socket.is_open = true;
  slots_of_[connection.serial] = slot;
  ConnectionOpened opened;
  opened.connection = socket.id;
  opened.remote.bytes = {127, 0, 0, 1};
  opened.remote.port = static_cast<std::uint16_t>(20'000 + connection.serial % 40'000);
  for (std::uint8_t& byte : opened.nonce) {
    byte = static_cast<std::uint8_t>(nonces_.next());
  }
  controls_.push_back({opened, {HappeningKind::opened, connection.serial, 0, false}, true});
}

void SimProcess::on_arrival(SimConnection& connection) {
  if (std::find(readable_.begin(), readable_.end(), connection.serial) == readable_.end() &&
      socket_of(connection.serial) != nullptr) {
    readable_.push_back(connection.serial);
  }
}

void SimProcess::on_space(SimConnection& connection) {
  if (Socket* socket = socket_of(connection.serial);
      socket != nullptr && socket->is_open && socket->wants_write) {
    flush(*socket, last_now_);
  }
}

void SimProcess::on_reset(SimConnection& connection) {
  if (Socket* socket = socket_of(connection.serial); socket != nullptr && socket->is_open) {
    close(*socket, last_now_, CloseCause::read_error);
  }
}

void SimProcess::on_job_due(std::uint64_t job) {
  const PendingJob& due = jobs_.at(job);
  controls_.push_back({JobDone{due.ticket, due.is_accepted},
                       {HappeningKind::job, due.serial, 0, due.is_accepted},
                       true});
}

// The socket is gone: the shard is told once, and what was on its way to it is dropped.
void SimProcess::close(Socket& socket, Instant now, CloseCause cause) {
  const Serial serial = socket.connection->serial;
  socket.is_open = false;
  std::erase_if(controls_, [&socket](const Pending& pending) {
    const BytesSent* sent = std::get_if<BytesSent>(&pending.input);
    return sent != nullptr && sent->connection == socket.id;
  });
  std::erase(readable_, serial);
  controls_.push_back(
      {ConnectionClosed{socket.id, cause}, {HappeningKind::closed, serial, 0, false}, true});
  if (!socket.connection->is_client_gone) {
    socket.connection->link.to_client.send_end(now);
    on_wire_change(*socket.connection);
  }
}

void SimProcess::collect_reads(Socket& socket, std::vector<Pending>& pending) {
  SimConnection& connection = *socket.connection;
  SimPipe& pipe = connection.link.to_server;
  std::size_t taken = 0;
  while (!socket.is_paused && pipe.has_arrived() && taken < batch_bytes_of_connection_max) {
    const std::string bytes = pipe.take(habits_.read_bytes_max);
    taken += bytes.size();
    pending.push_back({BytesReceived{socket.id, Slice::copy_of(shard_.blocks(), bytes)},
                       {HappeningKind::bytes, connection.serial, bytes.size(), false},
                       true});
  }
  if (taken > 0) {
    on_wire_change(connection);  // room for the client
  }
}

void SimProcess::collect(std::vector<Pending>& pending) {
  std::vector<Serial> readable;
  std::swap(readable, readable_);
  for (const Serial serial : readable) {
    Socket* socket = socket_of(serial);
    if (socket == nullptr || !socket->is_open) {
      continue;
    }
    // The connection's own opening must come first.
    std::move(controls_.begin(), controls_.end(), std::back_inserter(pending));
    controls_.clear();
    collect_reads(*socket, pending);
    SimPipe& pipe = socket->connection->link.to_server;
    if (pipe.is_at_end()) {
      close(*socket, last_now_, CloseCause::peer_closed);
    } else if (pipe.has_arrived() && !socket->is_paused) {
      readable_.push_back(serial);
    }
  }
  std::move(controls_.begin(), controls_.end(), std::back_inserter(pending));
  controls_.clear();
}

void SimProcess::turn(Instant now, WallTime wall) {
  last_now_ = now;
  for (Socket& socket : sockets_) {
    if (socket.is_open && socket.linger_until <= now) {
      close(socket, now, CloseCause::write_error);
    }
  }
  std::vector<Pending> pending;
  collect(pending);
  const std::size_t most =
      habits_.one_input_per_batch ? 1 : static_cast<std::size_t>(scenario_.knobs.batch_inputs);
  std::size_t first = 0;
  do {
    const std::size_t last = std::min(pending.size(), first + most);
    step(now, wall, first, last, pending);
    first = last;
  } while (first < pending.size());
  flush_all(now);
}

void SimProcess::step(Instant now, WallTime wall, std::size_t first, std::size_t last,
                      std::vector<Pending>& pending) {
  StepReport report;
  report.now = now;
  for (const Socket& socket : sockets_) {
    if (socket.connection != nullptr && socket.queued > 0) {
      report.waiting_before[socket.connection->serial] = socket.queued;
    }
  }
  inputs_.clear();
  for (std::size_t at = first; at < last; ++at) {
    Pending& one = pending[at];
    if (const BytesSent* sent = std::get_if<BytesSent>(&one.input)) {
      if (Socket* socket = known_socket(sent->connection)) {
        socket->queued -= sent->count;
        socket->is_unreported = false;
        socket->progress += sent->count;
        if (socket->progress >= progress_min) {
          socket->progress = 0;
          socket->blocked_since = now;
        }
      }
    }
    if (one.is_happening) {
      report.happenings.push_back(one.happening);
    }
    inputs_.push_back(std::move(one.input));
  }
  const InputBatch batch{now, wall, inputs_};
  if (before_step) {
    before_step(batch);
  }
  shard_.step(batch, output_);
  ++steps_;
  for (const Input& input : inputs_) {
    if (const ConnectionClosed* closed = std::get_if<ConnectionClosed>(&input)) {
      Socket& socket = sockets_[closed->connection.slot];
      report.gone.push_back(socket.connection->serial);
      slots_of_.erase(socket.connection->serial);
      socket.connection = nullptr;
    }
  }
  inputs_.clear();
  for (const ConnectionId id : output_.sendable) {
    take_fresh(id, report);
  }
  const bool is_due = habits_.digest_interval != 0 && steps_ % habits_.digest_interval == 0;
  const std::uint64_t digest = is_due ? shard_.digest() : 0;
  for (const CloseConnection& wish : output_.closes) {
    if (const Socket* socket = known_socket(wish.connection)) {
      const Duration blocked =
          socket->blocked_since == Instant::never() ? Duration{} : now - socket->blocked_since;
      report.closes.push_back({socket->connection->serial, socket->queued, blocked});
    }
  }
  unblock_the_idle();
  for (const Job& job : output_.jobs) {
    jobs_.push_back({job.ticket, judge_job(scenario_, job), 0});
  }
  after_step(report, digest);
  for (std::size_t at = 0; at < output_.jobs.size() && at < report.logins.size(); ++at) {
    jobs_[jobs_.size() - output_.jobs.size() + at].serial = report.logins[at];
  }
  obey(now);
}

// Who has nothing waiting is not blocked. Looked at behind the step only, so that this clock never
// starts later than the shard's own.
void SimProcess::unblock_the_idle() {
  for (Socket& socket : sockets_) {
    if (socket.queued == 0) {
      socket.blocked_since = Instant::never();
    }
  }
}

// What newly waits on a connection goes to the outbox, through the tamper if there is one.
void SimProcess::take_fresh(ConnectionId id, StepReport& report) {
  Socket* socket = known_socket(id);
  if (socket == nullptr) {
    return;
  }
  std::uint64_t skip = socket->queued;
  std::string fresh;
  std::uint64_t total = 0;
  for (const ByteView& view : gather_all(shard_, id)) {
    total += view.size;
    const std::size_t skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip, view.size));
    skip -= skipped;
    fresh.append(view.data + skipped, view.size - skipped);
  }
  if (total < socket->queued) {
    // Only a close that throws the queue away may take bytes back.
    const bool is_closed =
        std::any_of(output_.closes.begin(), output_.closes.end(),
                    [id](const CloseConnection& c) { return c.connection == id; });
    if (!is_closed) {
      violations_.push_back("bytes vanished from the queue of a connection");
    }
    return;
  }
  if (socket->blocked_since == Instant::never() && total > 0) {
    socket->blocked_since = report.now;
    socket->progress = 0;
  }
  socket->queued = total;
  if (tamper) {
    tamper(socket->connection->serial, fresh);
  }
  socket->outbox += fresh;
  if (!fresh.empty()) {
    report.fresh[socket->connection->serial] += fresh;
  }
}

// What is written must still be what was seen when it was queued.
void SimProcess::check_stability(const Socket& socket, std::size_t bytes) {
  std::size_t at = 0;
  for (const ByteView& view : gather_all(shard_, socket.id)) {
    const std::size_t size = std::min(view.size, bytes - at);
    if (socket.outbox.compare(at, size, view.data, size) != 0) {
      violations_.push_back("bytes changed while they waited to be sent to connection " +
                            number_text(socket.connection->serial));
      return;
    }
    at += size;
    if (at == bytes) {
      return;
    }
  }
  violations_.push_back("bytes that waited to be sent are gone");
}

void SimProcess::flush(Socket& socket, Instant now) {
  if (socket.is_unreported || (socket.outbox.empty() && !(tamper && socket.queued > 0))) {
    return;
  }
  SimConnection& connection = *socket.connection;
  SimPipe& pipe = connection.link.to_client;
  const std::size_t size = std::min({socket.outbox.size(), pipe.space(), write_bytes_max});
  if (size == 0 && !socket.outbox.empty()) {
    socket.wants_write = true;
    return;
  }
  if (!tamper) {
    check_stability(socket, size);
  }
  const std::string_view written = std::string_view(socket.outbox).substr(0, size);
  pipe.send(now, written);
  if (on_written) {
    on_written(connection.serial, written);
  }
  socket.outbox.erase(0, size);
  socket.wants_write = !socket.outbox.empty();
  // With a tamper the two byte counts differ; the shard then hears of everything at once.
  const std::uint64_t reported = tamper ? socket.queued : size;
  if (reported > 0) {
    socket.is_unreported = true;
    controls_.push_back({BytesSent{socket.id, reported}, {}, false});
  }
  on_wire_change(connection);
}

void SimProcess::obey(Instant now) {
  for (const ReadAppetite& appetite : output_.appetite) {
    if (Socket* socket = socket_of(appetite.connection)) {
      socket->is_paused = appetite.paused;
      socket->read_bytes = appetite.next_read_bytes;
      if (!appetite.paused) {
        on_arrival(*socket->connection);
      }
    }
  }
  for (const CloseConnection& wish : output_.closes) {
    Socket* socket = socket_of(wish.connection);
    if (socket == nullptr) {
      continue;
    }
    if (wish.after_flush) {
      socket->is_closing = true;
      socket->linger_until = std::min(socket->linger_until, now + linger);
    } else {
      close(*socket, now, CloseCause::peer_closed);
    }
  }
  for (std::size_t at = jobs_.size() - output_.jobs.size(); at < jobs_.size(); ++at) {
    start_job(at);
  }
}

// Once per turn, so that what the wire carries does not depend on how a turn is cut into batches.
void SimProcess::flush_all(Instant now) {
  for (Socket& socket : sockets_) {
    if (!socket.is_open) {
      continue;
    }
    flush(socket, now);
    if (socket.is_closing && socket.outbox.empty() && !socket.is_unreported) {
      close(socket, now, CloseCause::peer_closed);
    }
  }
}

Instant SimProcess::wake_at() const {
  Instant at = output_.wake_at;
  for (const Socket& socket : sockets_) {
    if (socket.is_open) {
      at = std::min(at, socket.linger_until);
    }
  }
  return at;
}

}  // namespace rubus::sim
