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

TEST(ByteQueue, bytes_partly_consumed_do_not_come_again) {
  BlockPool pool;
  ByteQueue queue;
  queue.append(pool, "abcdef");
  queue.consume(4);
  EXPECT_EQ(content(queue), "ef");
}

}  // namespace
}  // namespace rubus::test
