// ShardLoop: collect → stamp → record → step → perform, for one shard on one thread.
//
// Batch policy lives here and nowhere else: what is ready is taken, at most 1 MiB or 256 inputs a
// turn and one read of at most 64 KiB per connection (more where a connection fills its reads or
// the engine asks for it), and stamped once. Siblings are read once in every turn, on top of that.
// Idle: batches of one. Busy: large batches. Everything in an Output is done at once and in full;
// nothing is ordered, delayed or interpreted.
//
// Sockets that still had bytes after a full read are read again in the next turn without asking the
// kernel; only a drained socket is armed. Bytes written are told to the engine in the next batch.
//
// A sibling (another shard of the process) is a connection whose bytes go through a pair of pipes
// instead of a socket; apart from that it is read, flushed, paused and closed like any other.
//
// Ownership: all connections live in the slot table; the shard's blocks belong to this thread.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "engine/seam/input.h"
#include "engine/seam/output.h"
#include "io/dialer.h"
#include "io/entropy_source.h"
#include "io/process_facts.h"
#include "io/tcp_socket.h"
#include "io/tls_context.h"
#include "storage/durable_shard.h"

namespace rubus::io {

class FlightRecorder;
class LoopBell;
class SiblingPipe;

class ShardLoop {
 public:
  // What a shard wants from the rest of the process.
  struct Wishes {
    std::function<void(const LogLine&)> log;
    std::function<void(Job&&)> job;
    std::function<void(MonitorReply&&)> reply;
    std::function<void(SnapshotWish&&)> ask_others;
    std::function<void(SnapshotGiven&&)> snapshot;
    std::function<void(ResolveHost&&)> resolve;
    std::function<void()> reload;
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

  // For handshakes that begin from now on.
  void set_tls(TlsContexts tls) { tls_ = std::move(tls); }

  // Takes over an accepted, non-blocking descriptor.
  void adopt(int descriptor, const Address& remote, ConnectionKind kind);
  // Joins another shard of this process; at most once each. All three outlive the loop.
  struct SiblingWay {
    std::uint32_t shard = 0;
    LoopBell* bell = nullptr;  // of this loop
    SiblingPipe* in = nullptr;
    SiblingPipe* out = nullptr;
  };
  void join(const SiblingWay& way);
  // An input that is not about a socket: options, jobs, monitoring, shutdown.
  void push(Input input) { inputs_.push_back(std::move(input)); }

  // Turns until stop(); one call of turn() is one step.
  void run();
  void stop() { stopped_ = true; }
  // Waits for something to happen and steps. For run() and tests.
  void run_once();

  const DurableShard& shard() const { return shard_; }
  std::size_t connections() const { return open_; }
  // From any thread: how many client connections came and went, failed ones included.
  std::uint64_t clients_closed() const { return clients_closed_.load(std::memory_order_relaxed); }

  // Called by TcpSocket.
  void on_readable(TcpSocket& socket);
  void on_writable(TcpSocket& socket);

 private:
  // The end of a pair of pipes: a connection without a socket.
  struct Sibling {
    SiblingWay way;
    ConnectionId connection;
    std::uint64_t sent_bytes = 0;  // written, not yet told to the engine
    bool paused = false;
    bool blocked = false;  // the pipe was full
    bool queued_flush = false;
    bool closing = false;
  };
  struct Slot {  // one of the two is set while a connection is there
    std::unique_ptr<TcpSocket> socket;
    std::unique_ptr<Sibling> sibling;
    std::uint32_t generation = 0;
  };
  struct Lingering {
    ConnectionId connection;
    Instant until;
  };

  TcpSocket* find(ConnectionId connection);
  Sibling* find_sibling(ConnectionId connection);
  std::uint32_t take_slot();
  void wait_for_work();
  bool is_batch_full() const;
  bool has_work() const { return !inputs_.empty() || !sent_.empty(); }

  void read_in_turn(TcpSocket& socket);
  void read(TcpSocket& socket);
  void receive_plain(TcpSocket& socket);
  void receive_tls(TcpSocket& socket);
  bool begin_tls(TcpSocket& socket, std::string_view bytes);
  void begin_dialed_tls(TcpSocket& socket);
  std::shared_ptr<const TlsContext> tls_without_settings();
  std::shared_ptr<const TlsContext> accepting_tls(ConnectionKind kind) const;
  std::shared_ptr<const TlsContext> dialing_tls(const DialPeer& peer) const;
  void decrypt(TcpSocket& socket, std::string_view ciphertext);
  void refuse_tls(TcpSocket& socket, const std::string& problem);
  void perform_tls(const StartTls& wish);
  void expect_handshake(TcpSocket& socket);
  bool send_ciphertext(TcpSocket& socket);
  Block* take_read_block(std::size_t bytes);
  void return_read_block(Block* block);
  void on_dialed(const DialPeer& peer, std::shared_ptr<const TlsContext> tls, int descriptor);
  bool has_sibling_work();
  void serve_siblings();
  void read_sibling(Sibling& sibling);
  void flush_sibling(Sibling& sibling);
  void close_sibling(Sibling& sibling);
  void on_no_bytes(TcpSocket& socket, TransferStatus status);
  Slice fitting_slice(Block* block, std::size_t bytes);
  void queue_ready(TcpSocket& socket);
  void read_ready();

  void turn();
  void report_sent();
  void perform();
  void perform_requests();
  void perform_appetite(const ReadAppetite& wish);
  void perform_close(const CloseConnection& wish);
  void flush(TcpSocket& socket);
  static constexpr std::size_t pieces_per_write_max = 64;
  // What waits to leave on a connection, as far as one look shows it.
  struct Waiting {
    std::array<iovec, pieces_per_write_max> pieces;
    std::size_t pieces_count = 0;
    std::size_t bytes = 0;
    bool may_be_more = false;
  };
  bool write_plain(TcpSocket& socket, const Waiting& waiting);
  bool write_tls(TcpSocket& socket, const Waiting& waiting);
  Waiting waiting_bytes(ConnectionId connection, std::size_t already_sent,
                        std::size_t bytes_max) const;
  void note_sent(TcpSocket& socket, std::size_t bytes);
  void flush_again();
  void close(TcpSocket& socket, CloseCause cause);
  void note_gone(ConnectionKind kind);
  void bury_closed();
  bool destroy_if_answered(TcpSocket& socket);
  void close_overdue(Instant now);
  void set_timer(Instant wake_at);

  boost::asio::io_context& context_;
  Wishes wishes_;
  EntropySource entropy_;
  DurableShard shard_;
  FlightRecorder* recorder_ = nullptr;
  TlsContexts tls_;
  std::shared_ptr<const TlsContext> tls_unset_;
  std::unique_ptr<Dialer> dialer_;
  ProcessFactsReader facts_;

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::size_t open_ = 0;
  std::atomic<std::uint64_t> clients_closed_ = 0;
  std::vector<std::unique_ptr<TcpSocket>> closed_;  // of this turn
  std::size_t dying_ = 0;  // closed, with waits not yet answered; they own themselves
  std::vector<ConnectionId> siblings_;
  LoopBell* bell_ = nullptr;  // set where there are siblings

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
  bool has_begun_ = false;
  bool stopped_ = false;
};

}  // namespace rubus::io
