// ShardLoop: collect → stamp → record → step → perform, for one shard on one thread.
//
// Batch policy lives here and nowhere else: what is ready is taken, at most 1 MiB or 256 inputs a
// turn and one read of at most 64 KiB per connection (more only where the engine asked for it), and
// stamped once. Idle: batches of one. Busy: large batches. Everything in an Output is done at once
// and in full; nothing is ordered, delayed or interpreted.
//
// Sockets that still had bytes after a full read are read again in the next turn without asking the
// kernel; only a drained socket is armed. Bytes written are told to the engine in the next batch.
//
// Ownership: all connections live in the slot table; the shard's blocks belong to this thread.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "engine/seam/input.h"
#include "engine/seam/output.h"
#include "io/client_socket.h"
#include "io/entropy_source.h"
#include "storage/durable_shard.h"

namespace rubus::io {

class FlightRecorder;
class TlsContext;

class ShardLoop {
 public:
  // What a shard wants from the rest of the process.
  struct Wishes {
    std::function<void(const LogLine&)> log;
    std::function<void(Job&&)> job;
    std::function<void(MonitorReply&&)> reply;
    std::function<void()> stop_listening;
    std::function<void()> finished;
  };

  ShardLoop(boost::asio::io_context& context, const Options& options, std::uint64_t seed,
            WallTime started, Wishes wishes);
  ShardLoop(const ShardLoop&) = delete;
  ShardLoop& operator=(const ShardLoop&) = delete;
  ~ShardLoop();

  // `recorder` outlives the loop; null: nothing is recorded.
  void record_to(FlightRecorder* recorder) { recorder_ = recorder; }

  // For handshakes that begin from now on; null: none can.
  void set_tls(std::shared_ptr<const TlsContext> tls) { tls_ = std::move(tls); }

  // Takes over an accepted, non-blocking descriptor.
  void adopt(int descriptor, const Address& remote);
  // An input that is not about a socket: options, jobs, monitoring, shutdown.
  void push(Input input) { inputs_.push_back(std::move(input)); }

  // Turns until stop(); one call of turn() is one step.
  void run();
  void stop() { stopped_ = true; }
  // Waits for something to happen and steps. For run() and tests.
  void run_once();

  const DurableShard& shard() const { return shard_; }
  std::size_t connections() const { return open_; }

  // Called by ClientSocket.
  void on_readable(ClientSocket& socket);
  void on_writable(ClientSocket& socket);

 private:
  struct Slot {
    std::unique_ptr<ClientSocket> socket;
    std::uint32_t generation = 0;
  };
  struct Lingering {
    ConnectionId connection;
    Instant until;
  };

  ClientSocket* find(ConnectionId connection);
  bool is_batch_full() const;
  bool has_work() const { return !inputs_.empty() || !sent_.empty(); }

  void read_in_turn(ClientSocket& socket);
  void read(ClientSocket& socket);
  void receive_plain(ClientSocket& socket);
  void receive_tls(ClientSocket& socket);
  bool begin_tls(ClientSocket& socket, std::string_view bytes);
  void decrypt(ClientSocket& socket, std::string_view ciphertext);
  void refuse_tls(ClientSocket& socket, const std::string& problem);
  void perform_tls(const StartTls& wish);
  void expect_handshake(ClientSocket& socket);
  bool send_ciphertext(ClientSocket& socket);
  Block* take_read_block(std::size_t bytes);
  void return_read_block(Block* block);
  void on_no_bytes(ClientSocket& socket, TransferStatus status);
  Slice fitting_slice(Block* block, std::size_t bytes);
  void queue_ready(ClientSocket& socket);
  void read_ready();

  void turn();
  void report_sent();
  void perform();
  void perform_appetite(const ReadAppetite& wish);
  void perform_close(const CloseConnection& wish);
  void flush(ClientSocket& socket);
  static constexpr std::size_t pieces_per_write_max = 64;
  // What waits to leave on a connection, as far as one look shows it.
  struct Waiting {
    std::array<iovec, pieces_per_write_max> pieces;
    std::size_t pieces_count = 0;
    std::size_t bytes = 0;
    bool may_be_more = false;
  };
  bool write_plain(ClientSocket& socket, const Waiting& waiting);
  bool write_tls(ClientSocket& socket, const Waiting& waiting);
  Waiting waiting_bytes(const ClientSocket& socket, std::size_t bytes_max) const;
  void note_sent(ClientSocket& socket, std::size_t bytes);
  void flush_again();
  void close(ClientSocket& socket, CloseCause cause);
  void bury_closed();
  bool destroy_if_answered(ClientSocket& socket);
  void close_overdue(Instant now);
  void set_timer(Instant wake_at);

  boost::asio::io_context& context_;
  Wishes wishes_;
  EntropySource entropy_;
  DurableShard shard_;
  FlightRecorder* recorder_ = nullptr;
  std::shared_ptr<const TlsContext> tls_;

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::size_t open_ = 0;
  std::vector<std::unique_ptr<ClientSocket>> closed_;  // of this turn
  std::size_t dying_ = 0;  // closed, with waits not yet answered; they own themselves

  std::vector<Input> inputs_;  // the batch being collected
  std::vector<Input> told_;    // its BytesSent
  std::size_t batch_bytes_ = 0;
  Output output_;
  std::vector<ConnectionId> opened_;      // of this batch; not read from yet
  std::vector<ConnectionId> ready_;       // readable, left over from an earlier turn
  std::vector<ConnectionId> ready_now_;   // the part of ready_ being worked on
  std::vector<ConnectionId> sent_;        // connections with sent_bytes to report
  std::vector<ConnectionId> flush_next_;  // had more pieces than one gather() shows
  std::vector<ConnectionId> flush_now_;
  std::deque<Lingering> lingering_;  // closing after flush, oldest first
  Block* read_block_ = nullptr;      // the next default-sized read goes here
  std::uint64_t turn_ = 1;

  boost::asio::steady_timer timer_;
  Instant timer_at_ = Instant::never();  // when timer_ fires
  Instant wake_at_ = Instant::never();   // when the shard wants to be stepped
  bool stopped_ = false;
};

}  // namespace rubus::io
