// Goal: a link is a byte stream: nothing lost, nothing out of order, bounded, late as it says.
#include "sim/sim_link.h"

#include <gtest/gtest.h>

namespace rubus::sim {
namespace {

std::string drain(SimPipe& pipe) {
  std::string all;
  while (pipe.has_arrived()) {
    all += pipe.take(5);
  }
  return all;
}

TEST(SimPipe, bytes_arrive_in_order_whatever_the_cut) {
  for (const SplitMode split : {SplitMode::whole, SplitMode::random, SplitMode::byte}) {
    SimPipe pipe({100, 80, split, 10'000}, 1, "test");
    std::string sent;
    std::string received;
    Instant now{0};
    for (int round = 0; round < 200; ++round) {
      const std::string bytes = "round " + std::to_string(round) + "\r\n";
      EXPECT_EQ(pipe.send(now, bytes), bytes.size());
      sent += bytes;
      now = now + microseconds(37);
      pipe.arrive(now);
      received += drain(pipe);
    }
    pipe.send_end(now);
    pipe.arrive(now + milliseconds(1));
    received += drain(pipe);
    EXPECT_EQ(received, sent);
    EXPECT_TRUE(pipe.is_at_end());
  }
}

TEST(SimPipe, takes_no_more_than_its_sockets_hold) {
  SimPipe pipe({100, 0, SplitMode::whole, 10}, 1, "test");
  EXPECT_EQ(pipe.send({0}, "0123456789abc"), 10U);
  EXPECT_EQ(pipe.send({0}, "x"), 0U);
  pipe.arrive({1'000'000});
  EXPECT_EQ(pipe.space(), 0U);
  EXPECT_EQ(pipe.take(4), "0123");
  EXPECT_EQ(pipe.space(), 4U);
}

TEST(SimPipe, nothing_arrives_before_its_latency_or_during_a_stall) {
  SimPipe pipe({100, 0, SplitMode::whole, 100}, 1, "test");
  pipe.send({0}, "x");
  EXPECT_EQ(pipe.next_arrival(), Instant{100'000});
  EXPECT_FALSE(pipe.arrive({99'999}));
  pipe.stall_until({500'000});
  EXPECT_FALSE(pipe.arrive({499'999}));
  EXPECT_TRUE(pipe.arrive({500'000}));
}

TEST(SimPipe, a_vanished_end_swallows_bytes_until_it_is_full) {
  SimPipe pipe({100, 0, SplitMode::whole, 10}, 1, "test");
  pipe.vanish();
  EXPECT_EQ(pipe.send({0}, "0123456789abc"), 10U);
  EXPECT_EQ(pipe.next_arrival(), Instant::never());
  EXPECT_EQ(pipe.space(), 0U);
}

TEST(SimPipe, another_link_does_not_change_the_draws_of_this_one) {
  const LinkShape shape{100, 1000, SplitMode::random, 100'000};
  SimPipe one(shape, 5, "one");
  SimPipe same(shape, 5, "one");
  SimPipe other(shape, 5, "other");
  one.send({0}, std::string(500, 'x'));
  other.send({0}, std::string(500, 'x'));
  same.send({0}, std::string(500, 'x'));
  EXPECT_EQ(one.next_arrival(), same.next_arrival());
  EXPECT_NE(one.next_arrival(), other.next_arrival());
}

}  // namespace
}  // namespace rubus::sim
