// ShardLoop, fourth part: connections to the other shards of the process.
#include <algorithm>
#include <utility>

#include "io/shard_loop.h"
#include "io/sibling_pipe.h"

namespace rubus::io {

namespace {

// One read per sibling and turn, as of a busy socket.
constexpr std::size_t read_bytes_least = std::size_t{64} << 10U;
constexpr std::size_t read_bytes_most = std::size_t{256} << 10U;

}  // namespace

void ShardLoop::join(const SiblingWay& way) {
  const std::uint32_t index = take_slot();
  Slot& slot = slots_[index];
  const ConnectionId connection{index, ++slot.generation};
  slot.sibling = std::make_unique<Sibling>();
  slot.sibling->way = way;
  slot.sibling->connection = connection;
  siblings_.push_back(connection);
  bell_ = way.bell;
  ++open_;
  inputs_.emplace_back(ConnectionOpened{connection, Address{}, entropy_.nonce(),
                                        ConnectionKind::sibling, DialTicket{}, way.shard});
}

ShardLoop::Sibling* ShardLoop::find_sibling(ConnectionId connection) {
  if (connection.slot >= slots_.size() ||
      slots_[connection.slot].generation != connection.generation) {
    return nullptr;
  }
  return slots_[connection.slot].sibling.get();
}

bool ShardLoop::has_sibling_work() {
  return std::any_of(siblings_.begin(), siblings_.end(), [this](ConnectionId connection) {
    const Sibling& sibling = *find_sibling(connection);
    const bool has_news = sibling.way.in->readable() > 0 || sibling.way.in->is_closed();
    return (has_news && !sibling.paused) || (sibling.blocked && sibling.way.out->has_room());
  });
}

// All of them in every turn, even if sockets have filled the batch: a sibling is never given up as
// slow, so what it has for a shard that does not read would pile up without bound. A turn grows by
// read_bytes_most for each at most. There are few, and a look at an empty pipe is two loads.
// Backwards, since one that ends leaves the list.
void ShardLoop::serve_siblings() {
  for (std::size_t i = siblings_.size(); i-- > 0;) {
    const ConnectionId connection = siblings_[i];
    Sibling* sibling = find_sibling(connection);
    if (sibling->blocked && sibling->way.out->has_room()) {
      flush_sibling(*sibling);
      sibling = find_sibling(connection);
    }
    if (sibling != nullptr && !sibling->paused) {
      read_sibling(*sibling);
    }
  }
}

void ShardLoop::read_sibling(Sibling& sibling) {
  SiblingPipe& pipe = *sibling.way.in;
  // Before the look at the bytes: what was written before the end is seen with it.
  const bool is_ended = pipe.is_closed();
  const std::size_t readable = pipe.readable();
  if (readable == 0) {
    if (is_ended) {
      close_sibling(sibling);
    }
    return;
  }
  const std::size_t wanted = std::clamp(readable, read_bytes_least, read_bytes_most);
  Block* const block = take_read_block(wanted);
  const std::size_t bytes = pipe.read(block->bytes(), wanted);
  batch_bytes_ += bytes;
  inputs_.emplace_back(BytesReceived{sibling.connection, fitting_slice(block, bytes)});
}

void ShardLoop::flush_sibling(Sibling& sibling) {
  const Waiting waiting = waiting_bytes(sibling.connection, sibling.sent_bytes, SIZE_MAX);
  const std::size_t taken = sibling.way.out->write({waiting.pieces.data(), waiting.pieces_count});
  if (taken > 0 && sibling.sent_bytes == 0) {
    sent_.push_back(sibling.connection);
  }
  sibling.sent_bytes += taken;
  sibling.blocked = taken < waiting.bytes;
  if (sibling.blocked) {
    return;
  }
  if (waiting.may_be_more) {
    if (!sibling.queued_flush) {
      sibling.queued_flush = true;
      flush_next_.push_back(sibling.connection);
    }
  } else if (sibling.closing) {
    close_sibling(sibling);
  }
}

void ShardLoop::close_sibling(Sibling& sibling) {
  const ConnectionId connection = sibling.connection;
  if (sibling.sent_bytes > 0) {
    inputs_.emplace_back(BytesSent{connection, sibling.sent_bytes});
  }
  inputs_.emplace_back(ConnectionClosed{connection, CloseCause::peer_closed});
  sibling.way.out->close();
  std::erase(siblings_, connection);
  slots_[connection.slot].sibling.reset();
  free_slots_.push_back(connection.slot);
  --open_;
}

}  // namespace rubus::io
