#include "engine/base/block.h"

#include <bit>
#include <new>

namespace rubus {

namespace {

// Index of the smallest class that holds `bytes`.
std::size_t class_of(std::size_t bytes) {
  const std::size_t rounded =
      std::bit_ceil(bytes < BlockPool::class_bytes_min ? BlockPool::class_bytes_min : bytes);
  return static_cast<std::size_t>(std::countr_zero(rounded) -
                                  std::countr_zero(BlockPool::class_bytes_min));
}

}  // namespace

BlockPool::~BlockPool() {
  ensure(blocks_in_use_ == 0, "no slice outlives the pool of its shard");
  for (std::vector<Block*>& kept : kept_) {
    for (Block* block : kept) {
      ::operator delete(block);
    }
  }
}

Block* BlockPool::take(std::size_t bytes) {
  ensure(bytes <= (std::size_t{1} << 31U), "a block is smaller than 2 GiB");
  std::size_t capacity = bytes;
  Block* block = nullptr;
  if (bytes <= class_bytes_max) {
    const std::size_t index = class_of(bytes);
    capacity = class_bytes_min << index;
    if (!kept_[index].empty()) {
      block = kept_[index].back();
      kept_[index].pop_back();
      kept_bytes_ -= capacity;
    }
  }
  if (block == nullptr) {
    block = static_cast<Block*>(::operator new(sizeof(Block) + capacity));
  }
  block->home = this;
  block->references = 1;
  block->capacity = static_cast<std::uint32_t>(capacity);
  ++blocks_in_use_;
  bytes_in_use_ += capacity;
  return block;
}

void BlockPool::give_back(Block* block) {
  ensure(block->home == this, "a block returns to the pool it came from");
  ensure(blocks_in_use_ > 0, "a block is not given back twice");
  --blocks_in_use_;
  bytes_in_use_ -= block->capacity;
  if (block->capacity <= class_bytes_max && make_room_for(block->capacity)) {
    kept_bytes_ += block->capacity;
    kept_[class_of(block->capacity)].push_back(block);
    return;
  }
  ::operator delete(block);
}

// False: there is none. Smaller blocks give way. Why: queues that grow leave one block of each size
// behind; those would hold the pool for ever while the sizes now in use come from the heap, the
// dearer the larger.
bool BlockPool::make_room_for(std::size_t capacity) {
  const auto is_full = [&]() { return kept_bytes_ + capacity > kept_bytes_max; };
  for (std::size_t index = 0; is_full() && index < class_of(capacity); ++index) {
    std::vector<Block*>& kept = kept_[index];
    while (is_full() && !kept.empty()) {
      kept_bytes_ -= kept.back()->capacity;
      ::operator delete(kept.back());
      kept.pop_back();
    }
  }
  return !is_full();
}

}  // namespace rubus
