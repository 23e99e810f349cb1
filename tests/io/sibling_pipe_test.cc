// Goal: bytes between two shards arrive whole, in order and bounded, and no wake-up is lost.
// Method: two threads, each with the io_context a shard would have; sizes from a fixed sequence.
#include "io/sibling_pipe.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>
#include <thread>
#include <vector>

namespace rubus::io {
namespace {

class Thread {
 public:
  Thread() : context(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE), bell(context) {}

  // As a shard's loop waits: until `has_work` is true.
  template <typename HasWork>
  void wait(HasWork has_work) {
    while (!has_work()) {
      bell.doze();
      if (!has_work()) {
        // A lost wake-up would last for ever.
        EXPECT_GT(context.run_one_for(std::chrono::seconds(10)), 0U) << "nobody rang for 10 s";
        if (::testing::Test::HasFailure()) {
          return;
        }
      }
      bell.wake();
    }
  }

  boost::asio::io_context context;
  LoopBell bell;
};

char letter_at(std::size_t position) { return static_cast<char>(position * 7 % 251); }

TEST(SiblingPipe, takes_no_more_than_its_bound_and_rings_when_there_is_room) {
  Thread writer;
  Thread reader;
  SiblingPipe pipe(writer.bell, reader.bell);
  std::vector<char> bytes(SiblingPipe::bytes_max + 1000, 'x');
  const iovec piece{bytes.data(), bytes.size()};
  EXPECT_EQ(pipe.write({&piece, 1}), SiblingPipe::bytes_max);
  EXPECT_FALSE(pipe.has_room());
  EXPECT_EQ(pipe.readable(), SiblingPipe::bytes_max);
  writer.bell.doze();
  EXPECT_EQ(pipe.read(bytes.data(), 10), 10U);
  EXPECT_TRUE(pipe.has_room());
  EXPECT_EQ(writer.context.poll(), 1U) << "the writer is woken";
  writer.bell.doze();
  EXPECT_EQ(pipe.read(bytes.data(), 10), 10U);
  EXPECT_EQ(writer.context.poll(), 0U) << "once is enough";
}

TEST(SiblingPipe, a_reader_that_is_awake_is_not_rung) {
  Thread writer;
  Thread reader;
  SiblingPipe pipe(writer.bell, reader.bell);
  char byte = 'x';
  const iovec piece{&byte, 1};
  pipe.write({&piece, 1});
  EXPECT_EQ(reader.context.poll(), 0U);
  reader.bell.doze();
  pipe.write({&piece, 1});
  EXPECT_EQ(reader.context.poll(), 1U);
}

TEST(SiblingPipe, what_was_written_before_the_end_is_read_before_it) {
  Thread writer;
  Thread reader;
  SiblingPipe pipe(writer.bell, reader.bell);
  std::string text = "last words";
  const iovec piece{text.data(), text.size()};
  pipe.write({&piece, 1});
  reader.bell.doze();
  pipe.close();
  EXPECT_EQ(reader.context.poll(), 1U);
  EXPECT_TRUE(pipe.is_closed());
  char place[64];
  EXPECT_EQ(pipe.read(place, sizeof place), text.size());
}

TEST(SiblingPipe, two_threads_exchange_everything_in_order) {
  constexpr std::size_t total = std::size_t{24} << 20U;
  Thread writer;
  Thread reader;
  SiblingPipe pipe(writer.bell, reader.bell);
  std::thread writing([&] {
    std::vector<char> bytes(300'000);
    std::size_t position = 0;
    for (std::size_t round = 0; position < total; ++round) {
      // From single bytes to more than a read takes at once.
      const std::size_t size = std::min(total - position, 1 + round * 7919 % bytes.size());
      for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = letter_at(position + i);
      }
      const std::size_t half = size / 2;
      const iovec pieces[] = {{bytes.data(), half}, {bytes.data() + half, size - half}};
      const std::size_t taken = pipe.write(pieces);
      position += taken;
      if (taken < size) {
        writer.wait([&] { return pipe.has_room(); });
        if (::testing::Test::HasFailure()) {
          break;
        }
      }
    }
    pipe.close();
  });
  std::vector<char> place(100'000);
  std::size_t position = 0;
  std::size_t wrong = 0;
  for (;;) {
    reader.wait([&] { return pipe.readable() > 0 || pipe.is_closed(); });
    const bool is_ended = pipe.is_closed();
    const std::size_t got = pipe.read(place.data(), place.size());
    if ((got == 0 && is_ended) || ::testing::Test::HasFailure()) {
      break;
    }
    for (std::size_t i = 0; i < got; ++i) {
      wrong += place[i] != letter_at(position + i) ? 1U : 0U;
    }
    position += got;
  }
  writing.join();
  EXPECT_EQ(position, total);
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace rubus::io
