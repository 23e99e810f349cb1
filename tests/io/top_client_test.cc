// Goal: `rubus top` waits for no name server: not to say that it is silent, not to leave.
// Method: a name whose look-up the test holds up. What documents are made of is for the tests of
// the process (top_test.py).
#include "io/top_client.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <future>

#include "tests/io/held_look_up.h"

namespace rubus::io {
namespace {

const TopAddress held_address{"http://held.test:8222", HeldLookUp::name, "8222", ""};

TEST(TopClient, leaving_does_not_wait_for_a_name_that_is_looked_up) {
  std::future<void> left;
  HeldLookUp held;
  left = std::async(std::launch::async, [&held] {
    boost::asio::io_context context{1};
    TopClient client(context, held_address, std::chrono::seconds(100));
    client.ask({"/varz"}, [](TopAnswers) { ADD_FAILURE() << "nothing was answered"; });
    EXPECT_TRUE(held.wait_until_asked());
    context.poll();
  });
  EXPECT_EQ(left.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST(TopClient, a_name_that_is_not_found_in_time_is_said_and_asked_for_again) {
  const HeldLookUp held;
  boost::asio::io_context context{1};
  TopClient client(context, held_address, std::chrono::milliseconds(20));
  for (int look = 0; look < 2; ++look) {
    std::optional<TopAnswers> answers;
    client.ask({"/varz"}, [&answers](TopAnswers told) { answers = std::move(told); });
    EXPECT_EQ(answers, std::nullopt) << "nothing is told inside ask()";
    context.restart();
    while (!answers) {
      ASSERT_GT(context.run_one_for(std::chrono::seconds(10)), 0U) << "nothing was told in 10 s";
    }
    EXPECT_EQ(answers->problem, "lookup held.test: timed out");
  }
}

}  // namespace
}  // namespace rubus::io
