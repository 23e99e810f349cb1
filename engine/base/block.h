// Block, Slice, BlockPool: refcounted bytes of one shard.
//
// A Block is a run of bytes with a plain (non-atomic) count; it belongs to the thread of its shard
// and never leaves it. A Slice is a counted view into a Block, 16 bytes. The pool keeps freed
// blocks in power-of-two classes from 512 B to 1 MiB and gives memory back to the heap above
// `kept_bytes_max`, so an idle server stays small. Larger blocks are never kept.
//
// Ownership: the pool outlives every Slice made from it (checked when it is destroyed).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/ensure.h"

namespace rubus {

class BlockPool;

struct Block {
  BlockPool* home;
  std::uint32_t references;
  std::uint32_t capacity;

  char* bytes() { return reinterpret_cast<char*>(this + 1); }
  const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
};

class BlockPool {
 public:
  static constexpr std::size_t class_bytes_min = 512;
  static constexpr std::size_t class_bytes_max = std::size_t{1} << 20U;
  static constexpr std::size_t kept_bytes_max = std::size_t{4} << 20U;

  BlockPool() = default;
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();

  // A block with at least `bytes` of capacity and one reference.
  Block* take(std::size_t bytes);
  void give_back(Block* block);
  std::size_t blocks_in_use() const { return blocks_in_use_; }
  std::size_t bytes_in_use() const { return bytes_in_use_; }
  std::size_t kept_bytes() const { return kept_bytes_; }

 private:
  bool make_room_for(std::size_t capacity);

  static constexpr std::size_t classes = 12;  // 512 B … 1 MiB
  static_assert(class_bytes_min << (classes - 1) == class_bytes_max);

  std::array<std::vector<Block*>, classes> kept_;
  std::size_t kept_bytes_ = 0;
  std::size_t blocks_in_use_ = 0;
  std::size_t bytes_in_use_ = 0;
};

inline void add_reference(Block* block) { ++block->references; }
inline void drop_reference(Block* block) {
  ensure(block->references > 0, "a block is not released more often than it was taken");
  if (--block->references == 0) {
    block->home->give_back(block);
  }
}

class Slice {
 public:
  Slice() = default;
  // Adopts one reference of `block`.
  static Slice adopt(Block* block, std::size_t offset, std::size_t size) {
    ensure(offset + size <= block->capacity, "a slice lies inside its block");
    Slice slice;
    slice.block_ = block;
    slice.offset_ = static_cast<std::uint32_t>(offset);
    slice.size_ = static_cast<std::uint32_t>(size);
    return slice;
  }
  static Slice copy_of(BlockPool& pool, std::string_view bytes) {
    Block* block = pool.take(bytes.size());
    if (!bytes.empty()) {
      std::memcpy(block->bytes(), bytes.data(), bytes.size());
    }
    return adopt(block, 0, bytes.size());
  }

  Slice(const Slice& other) : block_(other.block_), offset_(other.offset_), size_(other.size_) {
    if (block_ != nullptr) {
      add_reference(block_);
    }
  }
  Slice(Slice&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)),
        offset_(other.offset_),
        size_(std::exchange(other.size_, 0)) {}
  Slice& operator=(Slice other) noexcept {
    std::swap(block_, other.block_);
    std::swap(offset_, other.offset_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Slice() {
    if (block_ != nullptr) {
      drop_reference(block_);
    }
  }

  const char* data() const { return block_ == nullptr ? nullptr : block_->bytes() + offset_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data(), size_}; }
  Slice part(std::size_t offset, std::size_t size) const {
    ensure(offset + size <= size_, "a part lies inside its slice");
    if (block_ != nullptr) {
      add_reference(block_);
      return adopt(block_, offset_ + offset, size);
    }
    return {};
  }
  // Hands the reference to the caller.
  void release(Block*& block, std::uint32_t& offset) && {
    block = std::exchange(block_, nullptr);
    offset = offset_;
    size_ = 0;
  }
  std::size_t block_capacity() const { return block_ == nullptr ? 0 : block_->capacity; }

 private:
  Block* block_ = nullptr;
  std::uint32_t offset_ = 0;
  std::uint32_t size_ = 0;
};

static_assert(sizeof(Slice) == 16);

}  // namespace rubus
