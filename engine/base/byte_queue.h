// ByteQueue: the bytes that wait to leave on one connection.
//
// A chain of block pieces: short writes are copied into the tail block, long payloads are
// referenced as Slices. What is left of the tail block serves the writes behind a Slice, so that
// the control lines of many referenced payloads share a block. An empty queue holds no block. The
// reader gathers pieces, writes them to the socket and consumes what was written; bytes stay put
// until consumed.
//
// Limit: the owner bounds size() (max_pending); this class does not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/block.h"

namespace rubus {

struct ByteView {
  const char* data = nullptr;
  std::size_t size = 0;
};

class ByteQueue {
 public:
  ByteQueue() = default;
  ByteQueue(ByteQueue&& other) noexcept;
  ByteQueue& operator=(ByteQueue&&) = delete;
  ByteQueue(const ByteQueue&) = delete;
  ByteQueue& operator=(const ByteQueue&) = delete;
  ~ByteQueue() { clear(); }

  // Room for `bytes` contiguous bytes at the tail; commit() says how many were written.
  char* reserve(BlockPool& pool, std::size_t bytes) {
    if (!pieces_.empty() && room_ >= bytes) {
      Piece& tail = pieces_.back();
      return tail.block->bytes() + tail.end;
    }
    return grow(pool, bytes);
  }
  void commit(std::size_t bytes) {
    pieces_.back().end += static_cast<std::uint32_t>(bytes);
    room_ -= static_cast<std::uint32_t>(bytes);
    size_ += bytes;
  }
  void append(BlockPool& pool, std::string_view bytes);
  void append_slice(const Slice& slice);

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Fills `views` with the first pieces; returns how many were filled.
  std::size_t gather(std::span<ByteView> views) const;
  void consume(std::size_t bytes);
  void clear();

 private:
  static constexpr std::size_t block_bytes_min = 1024;
  static constexpr std::size_t block_bytes_max = std::size_t{64} << 10U;

  struct Piece {
    Block* block;
    std::uint32_t begin;
    std::uint32_t end;
  };

  char* grow(BlockPool& pool, std::size_t bytes);
  void drop_open();

  std::vector<Piece> pieces_;
  std::uint32_t first_ = 0;  // pieces before it are consumed
  std::uint32_t room_ = 0;   // free bytes behind the last piece; 0 if it may not be written
  Block* open_ = nullptr;    // with a reference: the block written before the last piece, a Slice
  std::uint32_t open_end_ = 0;  // its first free byte
  std::uint32_t next_block_ = block_bytes_min;
  std::size_t taken_ = 0;  // capacity of the blocks taken since the queue was empty
  std::size_t size_ = 0;
};

}  // namespace rubus
