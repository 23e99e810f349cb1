// Goal: the pool keeps what is of use and no more than it may.
#include "engine/base/block.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace rubus::test {
namespace {

// Takes `count` blocks, gives them all back and returns them.
std::set<Block*> take_and_give_back(BlockPool& pool, std::size_t count, std::size_t bytes) {
  std::set<Block*> blocks;
  for (std::size_t at = 0; at < count; ++at) {
    blocks.insert(pool.take(bytes));
  }
  for (Block* block : blocks) {
    drop_reference(block);
  }
  return blocks;
}

TEST(BlockPool, a_block_given_back_is_taken_again) {
  BlockPool pool;
  Block* block = pool.take(600);
  EXPECT_EQ(block->capacity, 1024U);
  drop_reference(block);
  EXPECT_EQ(pool.bytes_in_use(), 0U);
  EXPECT_EQ(take_and_give_back(pool, 1, 1024), std::set<Block*>{block});
}

TEST(BlockPool, larger_blocks_displace_smaller_ones_from_a_full_pool) {
  BlockPool pool;
  constexpr std::size_t small = 1024;
  constexpr std::size_t large = std::size_t{64} << 10U;
  constexpr std::size_t count = BlockPool::kept_bytes_max / large;
  take_and_give_back(pool, BlockPool::kept_bytes_max / small, small);
  const std::set<Block*> first = take_and_give_back(pool, count, large);
  EXPECT_EQ(pool.kept_bytes(), BlockPool::kept_bytes_max);
  EXPECT_EQ(take_and_give_back(pool, count, large), first) << "all of them were kept";
}

TEST(BlockPool, never_keeps_more_than_its_limit) {
  BlockPool pool;
  for (const std::size_t bytes :
       {BlockPool::class_bytes_max, std::size_t{512}, std::size_t{4096}}) {
    take_and_give_back(pool, 2 * BlockPool::kept_bytes_max / bytes, bytes);
    EXPECT_EQ(pool.kept_bytes(), BlockPool::kept_bytes_max);
  }
  take_and_give_back(pool, 1, BlockPool::class_bytes_max + 1);
  EXPECT_EQ(pool.kept_bytes(), BlockPool::kept_bytes_max) << "too large to be kept";
}

}  // namespace
}  // namespace rubus::test
