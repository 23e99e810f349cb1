// SimProcess: the production shell in virtual time. It drives the same DurableShard.
//
// It collects what has happened at its sockets into batches, steps the shard, and obeys the output:
// writes as far as the link has room, pauses reading, closes (after flushing, with a linger limit),
// runs jobs later. It decides nothing about the protocol. After each step it reports what was
// handed in and what newly waits to leave (StepReport); the checks live on that.
// It also watches the shard's own promises: bytes that were gathered stay as they are until sent,
// and slots are never used twice at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/model/pubsub_model.h"
#include "sim/sim_link.h"
#include "storage/durable_shard.h"

namespace rubus::sim {

struct SimConnection {
  Serial serial = 0;
  std::uint32_t client = 0;
  SimLink link;
  std::deque<ClientOperation> operations;  // said, not yet wholly handed to the server
  std::uint64_t handed_in = 0;             // bytes
  bool is_client_gone = false;
  bool is_accepted = false;
  bool is_reset = false;
};

enum class HappeningKind : std::uint8_t { opened, bytes, closed, job };

// One input as the model sees it.
struct Happening {
  HappeningKind kind = HappeningKind::opened;
  Serial serial = 0;
  std::uint64_t bytes = 0;
  bool is_accepted = false;
};

struct ServerClose {
  Serial serial = 0;
  std::uint64_t waiting_bytes = 0;  // unsent when it was decided
  Duration blocked;                 // how long bytes waited without progress
};

struct StepReport {
  Instant now;
  std::vector<Happening> happenings;
  std::map<Serial, std::string> fresh;  // bytes that newly wait to leave
  std::vector<ServerClose> closes;
  std::map<Serial, std::uint64_t> waiting_before;
  std::vector<Serial> gone;    // of whose end the shard was told
  std::vector<Serial> logins;  // whose password check became a job, in order
};

// How a shell may differ without a client noticing.
struct ShellHabits {
  bool one_input_per_batch = false;
  std::size_t read_bytes_max = 65536;  // longer reads are cut
  std::uint64_t digest_interval = 1;   // steps; 0: never
};

bool judge_job(const Scenario& scenario, const Job& job);

class SimProcess {
 public:
  SimProcess(const Scenario& scenario, const ShellHabits& habits, std::uint64_t seed,
             WallTime started);

  void accept(SimConnection& connection);
  void on_arrival(SimConnection& connection);  // bytes or an end are there to be read
  void on_space(SimConnection& connection);    // the link has room again
  void on_reset(SimConnection& connection);
  void on_job_due(std::uint64_t job);

  bool has_work() const { return !controls_.empty() || !readable_.empty(); }
  void turn(Instant now, WallTime wall);
  // When to turn even if nothing happens: the shard's wish, or a linger limit.
  Instant wake_at() const;

  DurableShard& shard() { return shard_; }
  std::uint64_t steps() const { return steps_; }
  std::size_t open_sockets() const { return slots_of_.size(); }
  std::uint64_t waiting_bytes(Serial serial) const;
  bool is_known(Serial serial) const { return slots_of_.contains(serial); }

  std::function<void(const InputBatch&)> before_step;
  std::function<void(StepReport&, std::uint64_t digest)> after_step;
  std::function<void(SimConnection&)> on_wire_change;  // link has news for the world
  std::function<void(std::uint64_t job)> start_job;
  std::function<void(Serial, std::string_view)> on_written;  // may be empty
  // Changes bytes between shard and wire; only canaries set it.
  std::function<void(Serial, std::string&)> tamper;
  std::vector<std::string>& violations() { return violations_; }

 private:
  struct Socket {
    SimConnection* connection = nullptr;
    ConnectionId id;
    bool is_open = false;
    bool is_paused = false;
    bool is_closing = false;  // close after flush was asked for
    bool wants_write = false;
    bool is_unreported = false;  // a BytesSent is on its way to the shard
    std::uint64_t queued = 0;    // waits in the shard, sent but unreported bytes included
    std::string outbox;          // the same bytes, as they are to be sent
    Instant blocked_since = Instant::never();  // since when bytes wait without progress
    std::uint64_t progress = 0;                // bytes that left since then
    Instant linger_until = Instant::never();
    std::uint32_t read_bytes = 0;
  };
  struct PendingJob {
    JobTicket ticket;
    bool is_accepted = false;
    Serial serial = 0;
  };
  struct Pending {
    Input input;
    Happening happening;
    bool is_happening = true;
  };

  Socket* socket_of(Serial serial);
  Socket* socket_of(ConnectionId id);
  Socket* known_socket(ConnectionId id);
  void collect(std::vector<Pending>& pending);
  void collect_reads(Socket& socket, std::vector<Pending>& pending);
  void step(Instant now, WallTime wall, std::size_t first, std::size_t last,
            std::vector<Pending>& pending);
  void unblock_the_idle();
  void take_fresh(ConnectionId id, StepReport& report);
  void obey(Instant now);
  void flush_all(Instant now);
  void flush(Socket& socket, Instant now);
  void close(Socket& socket, Instant now, CloseCause cause);
  void check_stability(const Socket& socket, std::size_t bytes);

  Scenario scenario_;
  ShellHabits habits_;
  DurableShard shard_;
  Output output_;
  std::vector<Socket> sockets_;  // by slot
  std::map<Serial, std::uint32_t> slots_of_;
  std::vector<Pending> controls_;
  std::vector<Serial> readable_;  // in order of arrival
  std::vector<PendingJob> jobs_;
  std::vector<Input> inputs_;
  RandomStream nonces_;
  std::uint64_t steps_ = 0;
  Instant last_now_;
  std::vector<std::string> violations_;
};

}  // namespace rubus::sim
