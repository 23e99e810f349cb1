// TcpSocket: one TCP connection, accepted or dialed, as the shard loop drives it.
//
// It knows system calls and pending waits, nothing of the protocol and nothing of batches. Reading
// and writing are single non-blocking system calls on the native handle; Asio is asked only to wait
// for readiness, and the memory of those waits lies inside this object (HandlerMemory), so the
// object must live until its last wait has been answered: see may_be_destroyed().
//
// An idle connection holds no buffer.
#pragma once

#include <sys/uio.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "engine/base/byte_queue.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/seam/input.h"
#include "engine/seam/output.h"
#include "io/handler_memory.h"

namespace rubus::io {

class ShardLoop;

using StreamSocket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

class TlsContext;
class TlsStream;

// How far TLS has come on a connection.
enum class TlsPhase : std::uint8_t {
  plain,        // no TLS, or none yet
  clear_first,  // the bytes queued so far leave in clear, then the handshake must begin
  peeking,      // plain until the first received byte decides
  waiting,      // the first received byte must begin a handshake; nothing is sent
  handshaking,
  established,
};

enum class TransferStatus : std::uint8_t { done, would_block, ended, failed };

struct Transfer {
  TransferStatus status = TransferStatus::done;
  std::size_t bytes = 0;
};

class TcpSocket {
 public:
  // Takes over `descriptor`, which is non-blocking.
  TcpSocket(ShardLoop& loop, boost::asio::io_context& context, int descriptor,
            ConnectionId connection);
  ~TcpSocket();
  TcpSocket(const TcpSocket&) = delete;
  TcpSocket& operator=(const TcpSocket&) = delete;

  ConnectionId connection() const { return connection_; }

  Transfer receive(char* place, std::size_t bytes_max);
  Transfer send(std::span<const iovec> pieces);

  // Ask to be told (ShardLoop::on_readable, on_writable) once; asking twice is harmless.
  void wait_readable();
  void wait_writable();
  bool is_waiting_writable() const { return waiting_write_; }

  void close();
  bool is_closed() const { return closed_; }
  bool may_be_destroyed() const { return !waiting_read_ && !waiting_write_; }
  // A closed socket with answers outstanding owns itself until they came.
  void own(std::unique_ptr<TcpSocket> self) { self_ = std::move(self); }
  std::unique_ptr<TcpSocket> disown() { return std::move(self_); }

  // What the loop remembers about this connection; no invariant of this class.
  struct LoopState {
    std::uint64_t read_turn = 0;            // the turn of the last read: one read per turn
    std::uint64_t sent_bytes = 0;           // written, not yet told to the engine
    std::uint32_t next_read_bytes = 0;      // asked for by the engine; 0: read_bytes
    std::uint32_t read_bytes = 64U << 10U;  // of a plain read, adapted to what comes
    bool paused = false;                    // the engine wants no bytes for now
    bool has_input = false;                 // became readable while paused
    bool queued_ready = false;              // stands in the loop's list of readable sockets
    bool queued_flush = false;              // stands in the loop's list of sockets to flush
    bool closing = false;                   // close as soon as everything has left
    TlsPhase phase = TlsPhase::plain;
    std::size_t clear_bytes_left = 0;  // of clear_first
  };
  LoopState state;
  ConnectionKind kind = ConnectionKind::client;
  std::unique_ptr<const DialPeer> dialed;        // null: accepted
  std::shared_ptr<const TlsContext> dialed_tls;  // for a handshake, as settings were when dialed
  std::unique_ptr<TlsStream> tls;                // from the first byte of a handshake on

  // "127.0.0.1:51234", for log lines; empty once the peer is gone.
  std::string peer_text() const;

 private:
  struct ReadWait;
  struct WriteWait;

  ShardLoop& loop_;
  StreamSocket socket_;
  ConnectionId connection_;
  bool waiting_read_ = false;
  bool waiting_write_ = false;
  bool closed_ = false;
  HandlerMemory read_memory_;
  HandlerMemory write_memory_;
  std::unique_ptr<TcpSocket> self_;
};

}  // namespace rubus::io
