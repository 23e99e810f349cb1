#include "sim/cluster/shard_shell.h"

#include <algorithm>

#include "engine/base/text_number.h"

namespace rubus::sim {

namespace {

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

ShardShell::ShardShell(const Options& options, std::uint64_t seed, WallTime started,
                       const ShellHabits& habits, std::size_t batch_inputs)
    : habits_(habits),
      batch_inputs_(habits.one_input_per_batch ? 1 : batch_inputs),
      shard_(options, seed, started),
      nonces_(seed, "nonces") {}

ShardShell::Socket* ShardShell::socket_of(Place place) {
  const auto found = slots_.find(place);
  return found == slots_.end() ? nullptr : &sockets_[found->second];
}

// Known to the shard, though perhaps closed on our side already.
ShardShell::Socket* ShardShell::known_socket(ConnectionId id) {
  if (id.slot >= sockets_.size() || sockets_[id.slot].id != id ||
      sockets_[id.slot].wire == nullptr) {
    return nullptr;
  }
  return &sockets_[id.slot];
}

std::size_t ShardShell::open_sockets() const {
  return static_cast<std::size_t>(std::count_if(
      sockets_.begin(), sockets_.end(), [](const Socket& socket) { return socket.is_open; }));
}

std::uint64_t ShardShell::waiting_bytes() const {
  std::uint64_t total = 0;
  for (const Socket& socket : sockets_) {
    total += socket.queued;
  }
  return total;
}

void ShardShell::attach(Wire& wire, std::size_t end, std::uint32_t sibling) {
  std::uint32_t slot = 0;
  while (slot < sockets_.size() && sockets_[slot].wire != nullptr) {
    ++slot;
  }
  if (slot == sockets_.size()) {
    sockets_.emplace_back();
  }
  const std::uint32_t generation = sockets_[slot].id.generation + 1;
  sockets_[slot] = Socket();
  Socket& socket = sockets_[slot];
  socket.wire = &wire;
  socket.end = end;
  socket.id = {slot, generation};
  socket.is_open = true;
  slots_[{wire.number, end}] = slot;
  ConnectionOpened opened;
  opened.connection = socket.id;
  opened.remote = wire.addresses[1 - end];
  opened.kind = wire.kind;
  opened.dial = end == 0 ? wire.ticket : DialTicket();
  opened.sibling = sibling;
  for (std::uint8_t& byte : opened.nonce) {
    byte = static_cast<std::uint8_t>(nonces_.next());
  }
  tell(opened);
  if (wire.to(end).has_arrived() || wire.to(end).is_at_end()) {
    on_arrival(wire, end);
  }
}

void ShardShell::on_arrival(Wire& wire, std::size_t end) {
  const Place place(wire.number, end);
  if (std::find(readable_.begin(), readable_.end(), place) == readable_.end() &&
      socket_of(place) != nullptr) {
    readable_.push_back(place);
  }
}

void ShardShell::on_space(Wire& wire, std::size_t end, Instant now) {
  if (Socket* socket = socket_of({wire.number, end}); socket != nullptr && socket->is_open) {
    flush(*socket, now);
  }
}

void ShardShell::on_reset(Wire& wire, std::size_t end) {
  if (Socket* socket = socket_of({wire.number, end}); socket != nullptr && socket->is_open) {
    close(*socket, CloseCause::read_error, false);
  }
}

// The socket is gone: the shard is told once, and what was on its way to it is dropped.
void ShardShell::close(Socket& socket, CloseCause cause, bool is_wish) {
  Wire& wire = *socket.wire;
  socket.is_open = false;
  std::erase_if(controls_, [&socket](const Input& input) {
    const BytesSent* sent = std::get_if<BytesSent>(&input);
    return sent != nullptr && sent->connection == socket.id;
  });
  std::erase(readable_, Place(wire.number, socket.end));
  tell(ConnectionClosed{socket.id, cause});
  on_closed(wire, socket.end, is_wish);
}

void ShardShell::collect_reads(Socket& socket, std::vector<Input>& pending) {
  SimPipe& pipe = socket.wire->to(socket.end);
  std::size_t taken = 0;
  while (!socket.is_paused && pipe.has_arrived() && taken < batch_bytes_of_connection_max) {
    const std::string bytes = pipe.take(habits_.read_bytes_max);
    taken += bytes.size();
    pending.push_back(BytesReceived{socket.id, Slice::copy_of(shard_.blocks(), bytes)});
  }
  if (taken > 0) {
    on_handed_in(*socket.wire, taken);
    on_room(*socket.wire, 1 - socket.end);
  }
}

void ShardShell::collect(std::vector<Input>& pending) {
  std::vector<Place> readable;
  std::swap(readable, readable_);
  for (const Place& place : readable) {
    Socket* socket = socket_of(place);
    if (socket == nullptr || !socket->is_open) {
      continue;
    }
    // The connection's own opening must come first.
    std::move(controls_.begin(), controls_.end(), std::back_inserter(pending));
    controls_.clear();
    collect_reads(*socket, pending);
    const SimPipe& pipe = socket->wire->to(socket->end);
    if (pipe.is_at_end()) {
      close(*socket, CloseCause::peer_closed, false);
    } else if (pipe.has_arrived() && !socket->is_paused) {
      readable_.push_back(place);
    }
  }
  std::move(controls_.begin(), controls_.end(), std::back_inserter(pending));
  controls_.clear();
}

void ShardShell::turn(Instant now, WallTime wall) {
  last_now_ = now;
  for (Socket& socket : sockets_) {
    if (socket.is_open && socket.linger_until <= now) {
      close(socket, CloseCause::write_error, true);
    }
  }
  std::vector<Input> pending;
  collect(pending);
  std::size_t first = 0;
  do {
    const std::size_t count = std::min(pending.size() - first, batch_inputs_);
    step(now, wall, std::span(pending).subspan(first, count));
    first += count;
  } while (first < pending.size());
  flush_all(now);
}

void ShardShell::step(Instant now, WallTime wall, std::span<Input> inputs) {
  for (const Input& input : inputs) {
    if (const BytesSent* sent = std::get_if<BytesSent>(&input)) {
      if (Socket* socket = known_socket(sent->connection)) {
        socket->queued -= sent->count;
        socket->is_unreported = false;
      }
    }
  }
  const InputBatch batch{now, wall, inputs};
  if (before_step) {
    before_step(batch);
  }
  shard_.step(batch, output_);
  ++steps_;
  for (Input& input : inputs) {
    if (const ConnectionClosed* closed = std::get_if<ConnectionClosed>(&input)) {
      Socket& socket = sockets_[closed->connection.slot];
      slots_.erase({socket.wire->number, socket.end});
      socket.wire = nullptr;
      socket.queued = 0;
    }
    input = LameDuckRequested{};  // lets go of its bytes
  }
  for (const ConnectionId id : output_.sendable) {
    take_fresh(id);
  }
  if (habits_.digest_interval != 0 && steps_ % habits_.digest_interval == 0) {
    on_digest(shard_.digest());
  }
  obey(now);
}

// What newly waits on a connection goes to the outbox, through the tamper if there is one.
void ShardShell::take_fresh(ConnectionId id) {
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
    const bool is_closed =
        std::any_of(output_.closes.begin(), output_.closes.end(),
                    [id](const CloseConnection& wish) { return wish.connection == id; });
    if (!is_closed) {
      violations.push_back("bytes vanished from the queue of a connection");
    }
    return;
  }
  socket->queued = total;
  if (tamper) {
    tamper(*socket->wire, fresh);
  }
  socket->outbox += fresh;
}

// What is written must still be what was seen when it was queued.
void ShardShell::check_stability(const Socket& socket, std::size_t bytes) {
  std::size_t at = 0;
  for (const ByteView& view : gather_all(shard_, socket.id)) {
    const std::size_t size = std::min(view.size, bytes - at);
    if (socket.outbox.compare(at, size, view.data, size) != 0) {
      violations.push_back("bytes changed while they waited to be sent to connection " +
                           number_text(socket.wire->number));
      return;
    }
    at += size;
    if (at == bytes) {
      return;
    }
  }
  violations.push_back("bytes that waited to be sent are gone");
}

void ShardShell::flush(Socket& socket, Instant now) {
  if (socket.is_unreported || (socket.outbox.empty() && !(tamper && socket.queued > 0))) {
    return;
  }
  SimPipe& pipe = socket.wire->from(socket.end);
  const std::size_t size = std::min({socket.outbox.size(), pipe.space(), write_bytes_max});
  if (size == 0 && !socket.outbox.empty()) {
    return;
  }
  if (!tamper) {
    check_stability(socket, size);
  }
  pipe.send(now, std::string_view(socket.outbox).substr(0, size));
  socket.outbox.erase(0, size);
  // With a tamper the two byte counts differ; the shard then hears of everything at once.
  const std::uint64_t reported = tamper ? socket.queued : size;
  if (reported > 0) {
    socket.is_unreported = true;
    tell(BytesSent{socket.id, reported});
  }
  on_wire_change(*socket.wire);
}

void ShardShell::obey(Instant now) {
  for (const ReadAppetite& appetite : output_.appetite) {
    Socket* socket = known_socket(appetite.connection);
    if (socket != nullptr && socket->is_open) {
      socket->is_paused = appetite.paused;
      if (!appetite.paused) {
        on_arrival(*socket->wire, socket->end);
      }
    }
  }
  for (const CloseConnection& wish : output_.closes) {
    Socket* socket = known_socket(wish.connection);
    if (socket == nullptr || !socket->is_open) {
      continue;
    }
    if (wish.after_flush) {
      socket->is_closing = true;
      socket->linger_until = std::min(socket->linger_until, now + linger);
    } else {
      close(*socket, CloseCause::peer_closed, true);
    }
  }
  on_output(output_);
}

// Once per turn, so that what the wire carries does not depend on how a turn is cut into batches.
void ShardShell::flush_all(Instant now) {
  for (Socket& socket : sockets_) {
    if (!socket.is_open) {
      continue;
    }
    flush(socket, now);
    if (socket.is_closing && socket.outbox.empty() && !socket.is_unreported) {
      close(socket, CloseCause::peer_closed, true);
    }
  }
}

Instant ShardShell::wake_at() const {
  Instant at = output_.wake_at;
  for (const Socket& socket : sockets_) {
    if (socket.is_open) {
      at = std::min(at, socket.linger_until);
    }
  }
  return at;
}

}  // namespace rubus::sim
