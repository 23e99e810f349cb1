// ShardLoop, third part: TLS between the socket and the engine's plain bytes.
//
// Accepted connections (a dialed one is in `handshaking` at once):
//
//   perform_tls ──► clear_first ──► waiting ──► handshaking ──► established
//               └─────────────────► waiting        ▲
//               └─► peeking ───────────────────────┘   (first byte 0x16)
//                         └──────► plain               (any other first byte)
#include "io/shard_loop.h"
#include "io/tls_stream.h"

namespace rubus::io {

namespace {

constexpr char handshake_record = 0x16;
// A block takes the plaintext of one read: what arrived and at most one record from before.
constexpr std::size_t plaintext_block_bytes = std::size_t{64} << 10U;
constexpr std::size_t ciphertext_bytes_max =
    plaintext_block_bytes - TlsStream::record_bytes_max - 1024;

const char* handshake_name(ConnectionKind kind) {
  switch (kind) {
    case ConnectionKind::route:
      return "TLS route handshake";
    case ConnectionKind::leaf:
      return "TLS leafnode handshake";
    case ConnectionKind::client:
    case ConnectionKind::sibling:
      return "TLS handshake";
  }
  return "TLS handshake";
}

}  // namespace

void ShardLoop::perform_tls(const StartTls& wish) {
  TcpSocket* const socket = find(wish.connection);
  if (socket == nullptr) {
    return;
  }
  switch (wish.start) {
    case TlsStart::after_flush: {
      std::array<ByteView, pieces_per_write_max> views;
      const std::size_t count = shard_.gather(wish.connection, views);
      std::size_t bytes = 0;
      for (std::size_t i = 0; i < count; ++i) {
        bytes += views[i].size;
      }
      socket->state.clear_bytes_left = bytes - socket->state.sent_bytes;
      socket->state.phase = TlsPhase::clear_first;
      if (socket->state.clear_bytes_left == 0) {
        expect_handshake(*socket);
      } else {
        flush(*socket);
      }
      return;
    }
    case TlsStart::peek:
      socket->state.phase = TlsPhase::peeking;
      // After a wait for a handshake that did not come: what was held back may leave now.
      flush(*socket);
      return;
    case TlsStart::now:
      expect_handshake(*socket);
      return;
    case TlsStart::dial:
      begin_dialed_tls(*socket);
      return;
  }
}

void ShardLoop::expect_handshake(TcpSocket& socket) {
  socket.state.phase = TlsPhase::waiting;
  if (socket.state.has_input && !socket.state.paused) {
    socket.state.has_input = false;
    queue_ready(socket);
  }
}

std::shared_ptr<const TlsContext> ShardLoop::accepting_tls(ConnectionKind kind) const {
  switch (kind) {
    case ConnectionKind::client:
      return tls_.client;
    case ConnectionKind::route:
      return tls_.route;
    case ConnectionKind::leaf:
      return tls_.leaf;
    case ConnectionKind::sibling:
      return nullptr;
  }
  return nullptr;
}

// To be asked as it is dialed: after a reload the same number may stand for another remote.
std::shared_ptr<const TlsContext> ShardLoop::dialing_tls(const DialPeer& peer) const {
  if (peer.kind == ConnectionKind::route) {
    return tls_.dialed_route;
  }
  return peer.leaf_remote < tls_.dialed_leaf.size() ? tls_.dialed_leaf[peer.leaf_remote] : nullptr;
}

// A hub may ask for TLS that nobody configured here: then the authorities of the system decide.
// They are read when first needed, since they take some 2 MiB.
std::shared_ptr<const TlsContext> ShardLoop::tls_without_settings() {
  if (tls_unset_ == nullptr) {
    std::string problem;
    tls_unset_ = TlsContext::make_dialing(TlsFiles{}, problem);
    if (tls_unset_ == nullptr) {
      wishes_.log(LogLine{LogLevel::error, problem});
    }
  }
  return tls_unset_;
}

void ShardLoop::begin_dialed_tls(TcpSocket& socket) {
  std::shared_ptr<const TlsContext> tls = std::move(socket.dialed_tls);
  if (tls == nullptr && socket.kind == ConnectionKind::leaf) {
    tls = tls_without_settings();
  }
  if (tls == nullptr || socket.dialed == nullptr) {
    refuse_tls(socket, "no TLS configured for this connection");
    return;
  }
  socket.state.phase = TlsPhase::handshaking;
  socket.tls = std::make_unique<TlsStream>(std::move(tls), socket.dialed->host);
  if (send_ciphertext(socket) && socket.state.has_input && !socket.state.paused) {
    socket.state.has_input = false;
    queue_ready(socket);
  }
}

void ShardLoop::refuse_tls(TcpSocket& socket, const std::string& problem) {
  wishes_.log(LogLine{LogLevel::error, socket.peer_text() + " - " + handshake_name(socket.kind) +
                                           " error: " + problem});
  close(socket, CloseCause::tls_failed);
}

void ShardLoop::receive_tls(TcpSocket& socket) {
  Block* const block = take_read_block(plaintext_block_bytes);
  const Transfer transfer = socket.receive(block->bytes(), ciphertext_bytes_max);
  if (transfer.status != TransferStatus::done) {
    return_read_block(block);
    on_no_bytes(socket, transfer.status);
    return;
  }
  batch_bytes_ += transfer.bytes;
  const std::string_view bytes(block->bytes(), transfer.bytes);
  const bool is_full = transfer.bytes == ciphertext_bytes_max;
  if (socket.tls == nullptr && !begin_tls(socket, bytes)) {
    return_read_block(block);
    return;
  }
  decrypt(socket, bytes);
  return_read_block(block);
  if (socket.is_closed()) {
    return;
  }
  if (is_full) {
    queue_ready(socket);
  } else {
    socket.wait_readable();
  }
}

// The first bytes of the client. False: not TLS, and everything about them is settled.
bool ShardLoop::begin_tls(TcpSocket& socket, std::string_view bytes) {
  std::shared_ptr<const TlsContext> tls = accepting_tls(socket.kind);
  if (bytes.front() == handshake_record && tls != nullptr) {
    inputs_.emplace_back(TlsChanged{socket.connection(), TlsStage::started, nullptr});
    socket.state.phase = TlsPhase::handshaking;
    socket.tls = std::make_unique<TlsStream>(std::move(tls));
    return true;
  }
  if (socket.state.phase == TlsPhase::peeking && bytes.front() != handshake_record) {
    socket.state.phase = TlsPhase::plain;
    inputs_.emplace_back(TlsChanged{socket.connection(), TlsStage::absent, nullptr});
    inputs_.emplace_back(
        BytesReceived{socket.connection(), Slice::copy_of(shard_.blocks(), bytes)});
    socket.wait_readable();
    return false;
  }
  refuse_tls(socket, tls == nullptr ? "no certificate configured"
                                    : "tls: first record does not look like a TLS handshake");
  return false;
}

void ShardLoop::decrypt(TcpSocket& socket, std::string_view ciphertext) {
  TlsStream& tls = *socket.tls;
  Block* const block = shard_.blocks().take(plaintext_block_bytes);
  tls.feed(ciphertext);
  const std::size_t bytes = tls.read(block->bytes(), block->capacity);
  if (socket.state.phase == TlsPhase::handshaking && tls.state() != TlsStream::State::handshaking &&
      tls.has_been_established()) {
    socket.state.phase = TlsPhase::established;
    inputs_.emplace_back(TlsChanged{socket.connection(), TlsStage::established, tls.facts()});
    if (!socket.state.queued_flush) {  // what was queued meanwhile
      socket.state.queued_flush = true;
      flush_next_.push_back(socket.connection());
    }
  }
  if (bytes > 0) {
    inputs_.emplace_back(BytesReceived{socket.connection(), fitting_slice(block, bytes)});
  } else {
    return_read_block(block);
  }
  if (!send_ciphertext(socket) && socket.is_closed()) {
    return;
  }
  switch (tls.state()) {
    case TlsStream::State::handshaking:
    case TlsStream::State::established:
      return;
    case TlsStream::State::ended:
      close(socket, CloseCause::peer_closed);
      return;
    case TlsStream::State::failed:
      if (socket.state.phase == TlsPhase::established) {
        close(socket, CloseCause::read_error);
      } else {
        refuse_tls(socket, tls.problem());
      }
      return;
  }
}

// True if no ciphertext waits any more; else the socket waits or is closed.
bool ShardLoop::send_ciphertext(TcpSocket& socket) {
  while (!socket.tls->outgoing().empty()) {
    const std::string_view bytes = socket.tls->outgoing();
    const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    const Transfer transfer = socket.send({&piece, 1});
    if (transfer.status == TransferStatus::failed) {
      close(socket, CloseCause::write_error);
      return false;
    }
    socket.tls->consume_outgoing(transfer.bytes);
    if (transfer.bytes < bytes.size()) {
      socket.wait_writable();
      return false;
    }
  }
  return true;
}

// Bytes count as sent once they are encrypted; at most TlsStream::outgoing_bytes_max of them can
// still wait in the process.
bool ShardLoop::write_tls(TcpSocket& socket, const Waiting& waiting) {
  if (!send_ciphertext(socket)) {
    return false;
  }
  std::span<const iovec> pieces(waiting.pieces.data(), waiting.pieces_count);
  const std::size_t taken = socket.tls->write(pieces);
  note_sent(socket, taken);
  const bool is_all = taken == waiting.bytes;
  if (is_all && socket.state.closing && !waiting.may_be_more) {
    socket.tls->say_goodbye();
  }
  if (!send_ciphertext(socket)) {
    return false;
  }
  if (!is_all) {
    socket.wait_writable();  // the rest in the next turn of the loop
  }
  return is_all;
}

}  // namespace rubus::io
