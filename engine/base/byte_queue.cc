#include "engine/base/byte_queue.h"

#include <algorithm>
#include <bit>

#include "engine/base/ensure.h"

namespace rubus {

ByteQueue::ByteQueue(ByteQueue&& other) noexcept
    : pieces_(std::move(other.pieces_)),
      first_(std::exchange(other.first_, 0)),
      room_(std::exchange(other.room_, 0)),
      open_(std::exchange(other.open_, nullptr)),
      open_end_(std::exchange(other.open_end_, 0)),
      next_block_(other.next_block_),
      taken_(std::exchange(other.taken_, 0)),
      size_(std::exchange(other.size_, 0)) {
  other.pieces_.clear();
}

void ByteQueue::drop_open() {
  if (open_ != nullptr) {
    drop_reference(open_);
    open_ = nullptr;
  }
}

char* ByteQueue::grow(BlockPool& pool, std::size_t bytes) {
  if (open_ != nullptr && open_->capacity - open_end_ >= bytes) {
    Block* block = std::exchange(open_, nullptr);
    pieces_.push_back({block, open_end_, open_end_});
    room_ = block->capacity - open_end_;
    return block->bytes() + open_end_;
  }
  drop_open();
  // Why doubling: an idle or rarely used connection pays 1 KiB, a busy one soon writes into
  // blocks of 64 KiB and needs only a few pieces per system call.
  const std::size_t wanted = std::max<std::size_t>(bytes, next_block_);
  next_block_ = static_cast<std::uint32_t>(std::min<std::size_t>(next_block_ * 2, block_bytes_max));
  Block* block = pool.take(wanted);
  taken_ += block->capacity;
  pieces_.push_back({block, 0, 0});
  room_ = block->capacity;
  return block->bytes();
}

void ByteQueue::append(BlockPool& pool, std::string_view bytes) {
  if (bytes.empty()) {
    return;
  }
  char* place = reserve(pool, bytes.size());
  std::memcpy(place, bytes.data(), bytes.size());
  commit(bytes.size());
}

void ByteQueue::append_slice(const Slice& slice) {
  if (slice.empty()) {
    return;
  }
  if (room_ > 0) {
    drop_open();
    open_ = pieces_.back().block;
    open_end_ = pieces_.back().end;
    add_reference(open_);
  }
  Slice kept = slice;
  const std::size_t size = kept.size();
  Block* block = nullptr;
  std::uint32_t offset = 0;
  std::move(kept).release(block, offset);
  pieces_.push_back({block, offset, offset + static_cast<std::uint32_t>(size)});
  room_ = 0;  // the bytes behind a referenced slice belong to somebody else
  size_ += size;
}

std::size_t ByteQueue::gather(std::span<ByteView> views) const {
  std::size_t filled = 0;
  for (std::size_t at = first_; at < pieces_.size() && filled < views.size(); ++at) {
    const Piece& piece = pieces_[at];
    if (piece.begin < piece.end) {
      views[filled++] = {piece.block->bytes() + piece.begin, piece.end - piece.begin};
    }
  }
  return filled;
}

void ByteQueue::consume(std::size_t bytes) {
  ensure(bytes <= size_, "no more bytes leave than were queued");
  size_ -= bytes;
  if (size_ == 0) {
    // Why a quarter: taking a block doubled it, so a connection that needs little now comes down
    // by half each time, and one that needs as much as before keeps its size.
    const std::size_t unused = room_ > 0          ? room_
                               : open_ == nullptr ? 0
                                                  : open_->capacity - open_end_;
    const std::size_t needed = std::max<std::size_t>(taken_ - unused, next_block_ / 4);
    next_block_ = static_cast<std::uint32_t>(
        std::clamp(std::bit_ceil(needed), block_bytes_min, block_bytes_max));
    clear();
    return;
  }
  while (bytes > 0) {
    Piece& piece = pieces_[first_];
    const std::size_t here = std::min<std::size_t>(bytes, piece.end - piece.begin);
    piece.begin += static_cast<std::uint32_t>(here);
    bytes -= here;
    if (piece.begin == piece.end && first_ + 1 < pieces_.size()) {
      drop_reference(piece.block);
      ++first_;
    }
  }
  // Why half: keeps the erased prefix amortised, each piece is moved at most once per drop.
  if (first_ > 32 && first_ * 2U > pieces_.size()) {
    pieces_.erase(pieces_.begin(), pieces_.begin() + first_);
    first_ = 0;
  }
}

void ByteQueue::clear() {
  for (std::size_t at = first_; at < pieces_.size(); ++at) {
    drop_reference(pieces_[at].block);
  }
  drop_open();
  // Why a quarter: a busy connection keeps its list, one that became quiet gives it back with its
  // next answer or PING.
  constexpr std::size_t kept_small = 64;
  constexpr std::size_t kept_max = 4096;
  const std::size_t held = pieces_.capacity();
  if (held > kept_max || (held > kept_small && pieces_.size() < held / 4)) {
    pieces_ = {};
  } else {
    pieces_.clear();
  }
  first_ = 0;
  room_ = 0;
  taken_ = 0;
  size_ = 0;
}

}  // namespace rubus
