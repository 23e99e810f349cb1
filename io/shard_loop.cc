#include "io/shard_loop.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "io/clock_source.h"
#include "io/flight_recorder.h"
#include "io/sibling_pipe.h"

namespace rubus::io {

namespace {

constexpr std::size_t batch_bytes_max = std::size_t{1} << 20U;
constexpr std::size_t batch_inputs_max = 256;
// Handlers that bring no input (writable, queued readiness) do not fill a batch; this ends the
// collecting all the same.
constexpr std::size_t handlers_per_turn_max = 1024;
constexpr std::size_t read_bytes_default = std::size_t{64} << 10U;
constexpr std::size_t read_bytes_max = std::size_t{1} << 20U;
// A connection that fills its reads is read in larger ones: fewer turns, and larger writes to each
// of many receivers. Bounded by what stays in a second-level cache.
constexpr std::size_t read_bytes_busy = std::size_t{256} << 10U;

void adapt_read_bytes(TcpSocket::LoopState& state, std::size_t got, std::size_t wanted) {
  if (got == wanted) {
    // Never lowered here: a read may have been larger than read_bytes_busy, at the engine's wish.
    state.read_bytes = std::max(state.read_bytes,
                                static_cast<std::uint32_t>(std::min(wanted * 2, read_bytes_busy)));
  } else if (got < wanted / 4) {
    state.read_bytes = static_cast<std::uint32_t>(read_bytes_default);
  }
}

}  // namespace

ShardLoop::ShardLoop(boost::asio::io_context& context, const Options& options, std::uint64_t seed,
                     WallTime started, Wishes wishes)
    : context_(context),
      wishes_(std::move(wishes)),
      shard_(options, seed, started),
      timer_(context) {
  dialer_ = std::make_unique<Dialer>(
      context,
      Dialer::Outcome{
          .connected = [this](const DialPeer& peer, std::shared_ptr<const TlsContext> tls,
                              int socket) { on_dialed(peer, std::move(tls), socket); },
          .failed =
              [this](DialTicket ticket, std::string text) {
                inputs_.emplace_back(DialFailed{
                    ticket, std::make_shared<const DialTrouble>(DialTrouble{std::move(text)})});
              },
      });
}

ShardLoop::~ShardLoop() {
  dialer_.reset();
  timer_.cancel();
  for (Slot& slot : slots_) {
    if (slot.socket != nullptr) {
      close(*slot.socket, CloseCause::peer_closed);
    }
  }
  bury_closed();
  // Pending waits live in the sockets' memory: let Asio answer them before it goes.
  context_.restart();
  while (dying_ > 0 && context_.poll() > 0) {
  }
  inputs_.clear();
  output_.clear();
  if (read_block_ != nullptr) {
    drop_reference(read_block_);
  }
}

void ShardLoop::run() {
  while (!stopped_) {
    run_once();
  }
}

void ShardLoop::wait_for_work() {
  if (siblings_.empty()) {
    context_.run_one();
    return;
  }
  bell_->doze();
  if (!has_sibling_work()) {
    context_.run_one();
  }
  bell_->wake();
}

void ShardLoop::run_once() {
  if (!has_begun_) {  // nothing has happened yet, but the engine may have wishes: peers to dial
    has_begun_ = true;
    turn();
  }
  if (!has_work() && ready_.empty() && flush_next_.empty()) {
    wait_for_work();
  }
  // Not poll(): descriptors that become ready as fast as they are served would keep it forever.
  for (std::size_t i = 0; i < handlers_per_turn_max && !is_batch_full() && context_.poll_one() > 0;
       ++i) {
  }
  read_ready();
  serve_siblings();
  const Instant now = now_monotonic();
  // A batch can be full without an input: ciphertext that completes no record counts as well.
  if (has_work() || is_batch_full() || !flush_next_.empty() || now >= wake_at_) {
    turn();
  }
  bury_closed();
}

// ---- connections
// ---------------------------------------------------------------------------------

std::uint32_t ShardLoop::take_slot() {
  if (free_slots_.empty()) {
    slots_.emplace_back();
    return static_cast<std::uint32_t>(slots_.size() - 1);
  }
  const std::uint32_t index = free_slots_.back();
  free_slots_.pop_back();
  return index;
}

void ShardLoop::adopt(int descriptor, const Address& remote, ConnectionKind kind) {
  const std::uint32_t index = take_slot();
  Slot& slot = slots_[index];
  const ConnectionId connection{index, ++slot.generation};
  slot.socket = std::make_unique<TcpSocket>(*this, context_, descriptor, connection);
  if (slot.socket->is_closed()) {
    slot.socket.reset();
    free_slots_.push_back(index);
    note_gone(kind);
    return;
  }
  slot.socket->kind = kind;
  ++open_;
  inputs_.emplace_back(
      ConnectionOpened{connection, remote, entropy_.nonce(), kind, DialTicket{}, 0});
  opened_.push_back(connection);
}

void ShardLoop::on_dialed(const DialPeer& peer, std::shared_ptr<const TlsContext> tls,
                          int descriptor) {
  const std::size_t before = inputs_.size();
  adopt(descriptor, peer.address, peer.kind);
  if (inputs_.size() == before) {
    inputs_.emplace_back(DialFailed{
        peer.ticket, std::make_shared<const DialTrouble>(DialTrouble{"too many open files"})});
    return;
  }
  ConnectionOpened& opened = std::get<ConnectionOpened>(inputs_.back());
  opened.dial = peer.ticket;
  TcpSocket& socket = *find(opened.connection);
  socket.dialed = std::make_unique<const DialPeer>(peer);
  socket.dialed_tls = std::move(tls);
}

TcpSocket* ShardLoop::find(ConnectionId connection) {
  if (connection.slot >= slots_.size() ||
      slots_[connection.slot].generation != connection.generation) {
    return nullptr;
  }
  return slots_[connection.slot].socket.get();
}

void ShardLoop::close(TcpSocket& socket, CloseCause cause) {
  const ConnectionId connection = socket.connection();
  if (socket.state.sent_bytes > 0) {
    inputs_.emplace_back(BytesSent{connection, socket.state.sent_bytes});
    socket.state.sent_bytes = 0;
  }
  inputs_.emplace_back(ConnectionClosed{connection, cause});
  Slot& slot = slots_[connection.slot];
  std::unique_ptr<TcpSocket> self = std::move(slot.socket);
  free_slots_.push_back(connection.slot);
  --open_;
  note_gone(self->kind);
  self->close();
  closed_.push_back(std::move(self));
}

void ShardLoop::note_gone(ConnectionKind kind) {
  if (kind == ConnectionKind::client) {
    clients_closed_.fetch_add(1, std::memory_order_relaxed);
  }
}

// Callers of close() may still hold a reference: what was closed goes between turns only.
void ShardLoop::bury_closed() {
  for (std::unique_ptr<TcpSocket>& socket : closed_) {
    if (!socket->may_be_destroyed()) {
      ++dying_;
      TcpSocket* const place = socket.get();
      place->own(std::move(socket));
    }
  }
  closed_.clear();
}

bool ShardLoop::destroy_if_answered(TcpSocket& socket) {
  if (!socket.is_closed()) {
    return false;
  }
  if (socket.may_be_destroyed()) {
    if (const std::unique_ptr<TcpSocket> last = socket.disown()) {
      --dying_;
    }
  }
  return true;
}

// ---- collect
// -------------------------------------------------------------------------------------

bool ShardLoop::is_batch_full() const {
  return inputs_.size() >= batch_inputs_max || batch_bytes_ >= batch_bytes_max;
}

void ShardLoop::on_readable(TcpSocket& socket) {
  if (destroy_if_answered(socket) || socket.state.closing) {
    return;
  }
  // Who became readable now does not overtake those left over from an earlier turn.
  if (!ready_.empty()) {
    queue_ready(socket);
    return;
  }
  read_in_turn(socket);
}

void ShardLoop::read_in_turn(TcpSocket& socket) {
  // Why has_work(): a read that gave nothing brings no turn, so it may be tried again at once.
  if (is_batch_full() || (socket.state.read_turn == turn_ && has_work())) {
    queue_ready(socket);
    return;
  }
  read(socket);
}

void ShardLoop::queue_ready(TcpSocket& socket) {
  if (!socket.state.queued_ready) {
    socket.state.queued_ready = true;
    ready_.push_back(socket.connection());
  }
}

void ShardLoop::read_ready() {
  if (ready_.empty()) {
    return;
  }
  ready_now_.swap(ready_);
  std::size_t served = 0;
  for (; served < ready_now_.size() && !is_batch_full(); ++served) {
    TcpSocket* const socket = find(ready_now_[served]);
    if (socket == nullptr) {
      continue;
    }
    socket->state.queued_ready = false;
    if (!socket->state.closing) {
      read_in_turn(*socket);
    }
  }
  // Who got no turn stands before those read just now (and still counts as queued): otherwise the
  // first few busy connections fill every batch and the others starve.
  ready_.insert(ready_.begin(), ready_now_.begin() + static_cast<std::ptrdiff_t>(served),
                ready_now_.end());
  ready_now_.clear();
}

Block* ShardLoop::take_read_block(std::size_t bytes) {
  if (bytes == read_bytes_default && read_block_ != nullptr) {
    return std::exchange(read_block_, nullptr);
  }
  return shard_.blocks().take(bytes);
}

void ShardLoop::return_read_block(Block* block) {
  if (read_block_ == nullptr && block->capacity == read_bytes_default) {
    read_block_ = block;
  } else {
    drop_reference(block);
  }
}

// Pin rule: what may be kept for long does not hold a block more than eight times its size.
Slice ShardLoop::fitting_slice(Block* block, std::size_t bytes) {
  if (bytes >= block->capacity / 8) {
    return Slice::adopt(block, 0, bytes);
  }
  Slice slice = Slice::copy_of(shard_.blocks(), {block->bytes(), bytes});
  return_read_block(block);
  return slice;
}

void ShardLoop::read(TcpSocket& socket) {
  if (socket.state.paused || socket.state.phase == TlsPhase::clear_first) {
    socket.state.has_input = true;
    return;
  }
  socket.state.read_turn = turn_;
  if (socket.state.phase == TlsPhase::plain) {
    receive_plain(socket);
  } else {
    receive_tls(socket);
  }
}

void ShardLoop::receive_plain(TcpSocket& socket) {
  // The engine's wish only ever enlarges: a busy connection is not read in smaller pieces because
  // little is missing of one payload.
  const std::size_t wanted = std::min<std::size_t>(
      std::max(socket.state.next_read_bytes, socket.state.read_bytes), read_bytes_max);
  Block* const block = take_read_block(wanted);
  const Transfer transfer = socket.receive(block->bytes(), wanted);
  if (transfer.status != TransferStatus::done) {
    return_read_block(block);
    on_no_bytes(socket, transfer.status);
    return;
  }
  batch_bytes_ += transfer.bytes;
  inputs_.emplace_back(BytesReceived{socket.connection(), fitting_slice(block, transfer.bytes)});
  adapt_read_bytes(socket.state, transfer.bytes, wanted);
  if (transfer.bytes == wanted) {
    queue_ready(socket);  // most likely there is more
  } else {
    socket.wait_readable();
  }
}

void ShardLoop::on_no_bytes(TcpSocket& socket, TransferStatus status) {
  switch (status) {
    case TransferStatus::would_block:
      socket.wait_readable();
      return;
    case TransferStatus::ended:
      close(socket, CloseCause::peer_closed);
      return;
    case TransferStatus::failed:
      close(socket, CloseCause::read_error);
      return;
    case TransferStatus::done:
      return;
  }
}

// ---- step
// ----------------------------------------------------------------------------------------

// What left comes first in the batch, before anybody asks. Not earlier than in the turn that tells
// the engine: until then gather() still shows the bytes, and sent_bytes says how many to skip.
void ShardLoop::report_sent() {
  told_.clear();
  for (const ConnectionId connection : sent_) {
    TcpSocket* const socket = find(connection);
    Sibling* const sibling = socket == nullptr ? find_sibling(connection) : nullptr;
    if (socket != nullptr && socket->state.sent_bytes > 0) {
      told_.emplace_back(BytesSent{connection, std::exchange(socket->state.sent_bytes, 0)});
    } else if (sibling != nullptr && sibling->sent_bytes > 0) {
      told_.emplace_back(BytesSent{connection, std::exchange(sibling->sent_bytes, 0)});
    }
  }
  sent_.clear();
  inputs_.insert(inputs_.begin(), told_.begin(), told_.end());
}

void ShardLoop::turn() {
  report_sent();
  const InputBatch batch{now_monotonic(), now_wall(), inputs_};
  if (recorder_ != nullptr) {
    recorder_->append_batch(batch);
  }
  output_.clear();
  shard_.step(batch, output_);
  if (recorder_ != nullptr) {
    recorder_->after_step(shard_);
    if (const std::string trouble = recorder_->take_trouble(); !trouble.empty()) {
      wishes_.log(LogLine{LogLevel::error, trouble});
    }
  }
  inputs_.clear();
  batch_bytes_ = 0;
  ++turn_;
  close_overdue(batch.now);
  perform();
  // Why not at once in adopt(): how the first bytes are to be read (in clear, as a handshake) is
  // for the engine to say, and it has only now been told of the connection.
  for (const ConnectionId connection : opened_) {
    if (TcpSocket* const socket = find(connection)) {
      socket->wait_readable();
    }
  }
  opened_.clear();
}

void ShardLoop::set_timer(Instant wake_at) {
  wake_at_ = wake_at;
  if (!lingering_.empty()) {
    wake_at_ = std::min(wake_at_, lingering_.front().until);
  }
  // A timer that fires early costs one idle turn; moving it at every step costs a system call each.
  if (wake_at_ >= timer_at_) {
    return;
  }
  timer_at_ = wake_at_;
  const std::chrono::nanoseconds since_boot(wake_at_.nanoseconds);
  timer_.expires_at(std::chrono::steady_clock::time_point(since_boot));
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) {
      timer_at_ = Instant::never();
      if (now_monotonic() < wake_at_) {
        set_timer(wake_at_);
      }
    }
  });
}

}  // namespace rubus::io
