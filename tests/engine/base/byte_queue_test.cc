#include "engine/base/byte_queue.h"

#include <gtest/gtest.h>

namespace rubus::test {
namespace {

std::string content(const ByteQueue& queue) {
  std::array<ByteView, 256> views;
  std::string text;
  for (std::size_t at = 0, count = queue.gather(views); at < count; ++at) {
    text.append(views[at].data, views[at].size);
  }
  return text;
}

TEST(ByteQueue, an_empty_queue_holds_no_block) {
  BlockPool pool;
  ByteQueue queue;
  queue.append(pool, "hello");
  EXPECT_EQ(pool.blocks_in_use(), 1U);
  queue.consume(5);
  EXPECT_EQ(pool.blocks_in_use(), 0U);
}

TEST(ByteQueue, a_referenced_slice_keeps_its_place_between_copied_bytes) {
  BlockPool pool;
  ByteQueue queue;
  {
    const Slice payload = Slice::copy_of(pool, "payload");
    queue.append(pool, "before ");
    queue.append_slice(payload.part(3, 4));
    queue.append(pool, " behind");
  }
  EXPECT_EQ(content(queue), "before load behind");
}

TEST(ByteQueue, the_short_writes_between_slices_share_a_block) {
  BlockPool pool;
  ByteQueue queue;
  const Slice payload = Slice::copy_of(pool, "payload ");
  std::string expected;
  for (int at = 0; at < 20; ++at) {
    queue.append(pool, "line ");
    queue.append_slice(payload);
    expected += "line payload ";
  }
  EXPECT_EQ(content(queue), expected);
  EXPECT_EQ(pool.blocks_in_use(), 2U) << "the payload's and the lines'";
  queue.consume(expected.size() - 3);
  queue.append(pool, "end");
  EXPECT_EQ(content(queue), "ad end");
  queue.clear();
  EXPECT_EQ(pool.blocks_in_use(), 1U);
}

TEST(ByteQueue, bytes_partly_consumed_do_not_come_again) {
  BlockPool pool;
  ByteQueue queue;
  queue.append(pool, "abcdef");
  queue.consume(4);
  EXPECT_EQ(content(queue), "ef");
}

}  // namespace
}  // namespace rubus::test
