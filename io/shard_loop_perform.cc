// ShardLoop, second half: doing what an Output allows.
#include <algorithm>
#include <array>

#include "io/clock_source.h"
#include "io/shard_loop.h"

namespace rubus::io {

namespace {

// How long queued bytes of a closing connection may take to leave. A client that does not read its
// last -ERR does not keep a descriptor for longer.
constexpr Duration linger_time = seconds(2);

}  // namespace

void ShardLoop::perform() {
  // Before the log: who reads there that no new client is taken may rely on it.
  if (output_.stop_listening) {
    wishes_.stop_listening();
  }
  for (const LogLine& line : output_.logs) {
    wishes_.log(line);
  }
  for (const ReadAppetite& wish : output_.appetite) {
    perform_appetite(wish);
  }
  flush_again();
  for (const ConnectionId connection : output_.sendable) {
    if (TcpSocket* const socket = find(connection)) {
      flush(*socket);
    } else if (Sibling* const sibling = find_sibling(connection)) {
      flush_sibling(*sibling);
    }
  }
  for (const StartTls& wish : output_.tls) {
    perform_tls(wish);
  }
  for (const CloseConnection& wish : output_.closes) {
    perform_close(wish);
  }
  perform_requests();
  set_timer(output_.wake_at);
  if (output_.finished) {
    wishes_.finished();
  }
}

// What others do for the shard.
void ShardLoop::perform_requests() {
  for (Job& job : output_.jobs) {
    wishes_.job(std::move(job));
  }
  for (MonitorReply& reply : output_.replies) {
    wishes_.reply(std::move(reply));
  }
  for (SnapshotWish& wish : output_.snapshot_wishes) {
    wishes_.ask_others(std::move(wish));
  }
  for (SnapshotGiven& given : output_.snapshots) {
    wishes_.snapshot(std::move(given));
  }
  for (ResolveHost& wish : output_.resolves) {
    wishes_.resolve(std::move(wish));
  }
  for (DialPeer& peer : output_.dials) {
    std::shared_ptr<const TlsContext> tls = dialing_tls(peer);
    dialer_->dial(std::move(peer), std::move(tls));
  }
  if (output_.sample_process) {
    push(ProcessSampled{facts_.read()});
  }
  if (output_.reload_wanted) {
    wishes_.reload();
  }
}

void ShardLoop::perform_appetite(const ReadAppetite& wish) {
  TcpSocket* const socket = find(wish.connection);
  if (socket == nullptr) {
    if (Sibling* const sibling = find_sibling(wish.connection)) {
      sibling->paused = wish.paused;
    }
    return;
  }
  socket->state.next_read_bytes = wish.next_read_bytes;
  const bool resumed = socket->state.paused && !wish.paused;
  socket->state.paused = wish.paused;
  if (resumed && socket->state.has_input) {
    socket->state.has_input = false;
    queue_ready(*socket);
  }
}

void ShardLoop::perform_close(const CloseConnection& wish) {
  TcpSocket* const socket = find(wish.connection);
  if (socket == nullptr) {
    // Else the peer was faster; its ConnectionClosed is on the way.
    if (Sibling* const sibling = find_sibling(wish.connection)) {
      sibling->closing = true;
      if (wish.after_flush) {
        flush_sibling(*sibling);
      } else {
        close_sibling(*sibling);
      }
    }
    return;
  }
  if (!wish.after_flush) {
    close(*socket, CloseCause::peer_closed);
    return;
  }
  if (!socket->state.closing) {
    socket->state.closing = true;
    lingering_.push_back({wish.connection, now_monotonic() + linger_time});
    flush(*socket);
  }
}

void ShardLoop::close_overdue(Instant now) {
  while (!lingering_.empty()) {
    TcpSocket* const socket = find(lingering_.front().connection);
    if (socket != nullptr) {
      if (now < lingering_.front().until) {
        return;
      }
      close(*socket, CloseCause::write_error);
    }
    lingering_.pop_front();
  }
}

void ShardLoop::on_writable(TcpSocket& socket) {
  if (!destroy_if_answered(socket)) {
    flush(socket);
  }
}

void ShardLoop::flush_again() {
  flush_now_.swap(flush_next_);
  for (const ConnectionId connection : flush_now_) {
    if (TcpSocket* const socket = find(connection)) {
      socket->state.queued_flush = false;
      flush(*socket);
    } else if (Sibling* const sibling = find_sibling(connection)) {
      sibling->queued_flush = false;
      flush_sibling(*sibling);
    }
  }
  flush_now_.clear();
}

// gather() shows bytes until the engine has been told that they left: those of this turn are
// skipped.
ShardLoop::Waiting ShardLoop::waiting_bytes(ConnectionId connection, std::size_t already_sent,
                                            std::size_t bytes_max) const {
  std::array<ByteView, pieces_per_write_max> views;
  const std::size_t count = shard_.gather(connection, views);
  Waiting waiting;
  waiting.may_be_more = count == views.size();
  std::size_t skip = already_sent;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t skipped = std::min(skip, views[i].size);
    skip -= skipped;
    const std::size_t size = std::min(views[i].size - skipped, bytes_max - waiting.bytes);
    if (size > 0) {
      waiting.pieces[waiting.pieces_count++] = {const_cast<char*>(views[i].data) + skipped, size};
      waiting.bytes += size;
    }
  }
  return waiting;
}

void ShardLoop::note_sent(TcpSocket& socket, std::size_t bytes) {
  if (bytes > 0 && socket.state.sent_bytes == 0) {
    sent_.push_back(socket.connection());
  }
  socket.state.sent_bytes += bytes;
}

// True if everything in `waiting` left; else the socket waits or is closed.
bool ShardLoop::write_plain(TcpSocket& socket, const Waiting& waiting) {
  if (waiting.bytes == 0) {
    return true;
  }
  const Transfer transfer = socket.send({waiting.pieces.data(), waiting.pieces_count});
  if (transfer.status == TransferStatus::failed) {
    close(socket, CloseCause::write_error);
    return false;
  }
  note_sent(socket, transfer.bytes);
  if (transfer.bytes < waiting.bytes) {
    socket.wait_writable();
    return false;
  }
  return true;
}

// Writes what is queued for the connection, as much as the kernel takes at once.
void ShardLoop::flush(TcpSocket& socket) {
  if (socket.is_waiting_writable()) {
    return;
  }
  bool is_all = true;
  bool may_be_more = false;
  switch (socket.state.phase) {
    case TlsPhase::plain:
    case TlsPhase::peeking: {
      const Waiting waiting = waiting_bytes(socket.connection(), socket.state.sent_bytes, SIZE_MAX);
      may_be_more = waiting.may_be_more;
      is_all = write_plain(socket, waiting);
      break;
    }
    case TlsPhase::clear_first: {
      const std::uint64_t before = socket.state.sent_bytes;
      const Waiting waiting = waiting_bytes(socket.connection(), socket.state.sent_bytes,
                                            socket.state.clear_bytes_left);
      is_all = write_plain(socket, waiting);
      if (!socket.is_closed()) {
        socket.state.clear_bytes_left -= socket.state.sent_bytes - before;
        if (socket.state.clear_bytes_left == 0) {
          expect_handshake(socket);
        }
      }
      break;
    }
    case TlsPhase::waiting:
      break;
    case TlsPhase::handshaking:
      is_all = send_ciphertext(socket);
      break;
    case TlsPhase::established: {
      const Waiting waiting = waiting_bytes(socket.connection(), socket.state.sent_bytes, SIZE_MAX);
      may_be_more = waiting.may_be_more;
      is_all = write_tls(socket, waiting);
      break;
    }
  }
  if (!is_all) {
    return;
  }
  if (may_be_more) {
    if (!socket.state.queued_flush) {
      socket.state.queued_flush = true;
      flush_next_.push_back(socket.connection());
    }
  } else if (socket.state.closing) {
    close(socket, CloseCause::peer_closed);
  }
}

}  // namespace rubus::io
