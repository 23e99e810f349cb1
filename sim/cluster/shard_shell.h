// ShardShell: the production shell of one shard in virtual time, for clusters.
//
// It collects inputs into batches, steps the shard, and obeys: writes as far as a wire has room,
// pauses reading, closes (after flushing, with a linger limit). What concerns the outside (dials,
// names, jobs, answers) is handed to the world with the output. It decides nothing.
// It watches that bytes that were gathered stay as they are until sent.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/seam/recording.h"
#include "sim/cluster/wire.h"
#include "sim/sim_process.h"
#include "storage/durable_shard.h"

namespace rubus::sim {

class ShardShell {
 public:
  ShardShell(const Options& options, std::uint64_t seed, WallTime started,
             const ShellHabits& habits, std::size_t batch_inputs);

  void attach(Wire& wire, std::size_t end, std::uint32_t sibling);
  void on_arrival(Wire& wire, std::size_t end);  // bytes or an end are there to be read
  void on_space(Wire& wire, std::size_t end, Instant now);
  void on_reset(Wire& wire, std::size_t end);
  void tell(Input input) { controls_.push_back(std::move(input)); }

  bool has_work() const { return !controls_.empty() || !readable_.empty(); }
  void turn(Instant now, WallTime wall);
  Instant wake_at() const;

  DurableShard& shard() { return shard_; }
  const DurableShard& shard() const { return shard_; }
  std::uint64_t steps() const { return steps_; }
  std::size_t open_sockets() const;
  std::uint64_t waiting_bytes() const;

  std::function<void(Wire&)> on_wire_change;
  std::function<void(Wire&, std::size_t end)> on_room;  // bytes of that end were taken
  std::function<void(Wire&, std::size_t end, bool is_wish)> on_closed;  // the socket is gone
  std::function<void(Wire&, std::uint64_t bytes)> on_handed_in;
  std::function<void(const Output&)> on_output;
  std::function<void(const InputBatch&)> before_step;     // may be empty
  std::function<void(Wire&, std::string& fresh)> tamper;  // canaries set it
  std::function<void(std::uint64_t digest)> on_digest;
  std::vector<std::string> violations;

 private:
  struct Socket {
    Wire* wire = nullptr;
    std::size_t end = 0;
    ConnectionId id;
    bool is_open = false;
    bool is_paused = false;
    bool is_closing = false;
    bool is_unreported = false;
    std::uint64_t queued = 0;
    std::string outbox;
    Instant linger_until = Instant::never();
  };

  // A wire may lead from a shard to itself: only with the end is it a socket.
  using Place = std::pair<WireNumber, std::size_t>;
  Socket* socket_of(Place place);
  Socket* known_socket(ConnectionId id);
  void collect(std::vector<Input>& pending);
  void collect_reads(Socket& socket, std::vector<Input>& pending);
  void step(Instant now, WallTime wall, std::span<Input> inputs);
  void take_fresh(ConnectionId id);
  void check_stability(const Socket& socket, std::size_t bytes);
  void obey(Instant now);
  void flush(Socket& socket, Instant now);
  void flush_all(Instant now);
  void close(Socket& socket, CloseCause cause, bool is_wish);

  ShellHabits habits_;
  std::size_t batch_inputs_;
  DurableShard shard_;
  Output output_;
  std::vector<Socket> sockets_;  // by slot
  std::map<Place, std::uint32_t> slots_;
  std::vector<Input> controls_;
  std::vector<Place> readable_;
  RandomStream nonces_;
  Instant last_now_;
  std::uint64_t steps_ = 0;
};

}  // namespace rubus::sim
