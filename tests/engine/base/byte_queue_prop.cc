// Law: a ByteQueue is a string to which one appends and from whose front one takes.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/byte_queue.h"

namespace rubus::test {
namespace {

RC_GTEST_PROP(ByteQueue, behaves_like_a_string,
              (std::vector<std::pair<int, std::uint16_t>> moves)) {
  BlockPool pool;
  {
    ByteQueue queue;
    std::string model;
    char next = 'a';
    for (const auto& [kind, amount] : moves) {
      if (kind % 3 == 0) {
        const std::string bytes(amount % 3000, next);
        queue.append(pool, bytes);
        model += bytes;
      } else if (kind % 3 == 1) {
        const std::string bytes(amount % 5000 + 1, next);
        queue.append_slice(Slice::copy_of(pool, bytes));
        model += bytes;
      } else {
        const std::size_t taken = std::min<std::size_t>(amount, model.size());
        queue.consume(taken);
        model.erase(0, taken);
      }
      next = next == 'z' ? 'a' : static_cast<char>(next + 1);
      std::vector<ByteView> views(moves.size() * 4 + 4);
      std::string content;
      for (std::size_t at = 0, count = queue.gather(views); at < count; ++at) {
        content.append(views[at].data, views[at].size);
      }
      RC_ASSERT(content == model);
      RC_ASSERT(queue.size() == model.size());
    }
  }
  RC_ASSERT(pool.blocks_in_use() == 0U);
}

}  // namespace
}  // namespace rubus::test
