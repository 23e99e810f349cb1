// Goal: the checks can fail. Method: one message is dropped, doubled, swapped, changed or given to
// somebody else between shard and wire, and the model must say so, in words that fit.
#include "sim/canary.h"

#include <gtest/gtest.h>

#include "sim/world.h"

namespace rubus::sim {
namespace {

constexpr std::string_view conversation =
    "scenario 1\n"
    "seed 5\n"
    "client latency_us=100\n"
    "client latency_us=200\n"
    "client latency_us=150\n"
    "0 0 open\n"
    "0 1 open\n"
    "0 2 open\n"
    "100 1 subscribe a.> sid=1\n"
    "100 2 subscribe *.b sid=9\n"
    "5000 0 publish a.b bytes=10\n"
    "5000 0 publish a.b bytes=20\n"
    "5000 0 publish a.b bytes=30\n"
    "5000 0 publish a.c bytes=40\n";

RunResult run_with(CanaryKind kind, std::uint64_t nth) {
  std::string why;
  const std::optional<Scenario> scenario = parse_scenario(conversation, why);
  EXPECT_TRUE(scenario) << why;
  RunOptions options;
  options.canary = kind;
  options.canary_nth = nth;
  return run_scenario(*scenario, options);
}

void expect_named(CanaryKind kind, std::uint64_t nth, std::string_view words) {
  const RunResult result = run_with(kind, nth);
  EXPECT_TRUE(result.has_canary_sung);
  ASSERT_FALSE(result.is_good());
  EXPECT_NE(result.violations.front().find(words), std::string::npos) << result.violations.front();
}

TEST(Canary, without_one_the_conversation_is_good) {
  const RunResult result = run_with(CanaryKind::none, 1);
  EXPECT_TRUE(result.is_good()) << result.violations.front();
  EXPECT_EQ(result.counts.messages, 7U);
  EXPECT_EQ(result.messages_read, 7U);
}

TEST(Canary, a_dropped_message_is_missing_before_the_next) {
  expect_named(CanaryKind::drop, 1, "m0-1; of the same source is missing before it");
}

TEST(Canary, a_dropped_last_message_was_never_delivered) {
  const RunResult result = run_with(CanaryKind::drop, 4);
  ASSERT_FALSE(result.is_good());
  EXPECT_NE(result.violations.front().find("was never delivered"), std::string::npos)
      << result.violations.front();
}

TEST(Canary, a_doubled_message_is_named_as_delivered_twice) {
  expect_named(CanaryKind::duplicate, 2, "was delivered twice");
}

TEST(Canary, swapped_messages_are_out_of_order) {
  expect_named(CanaryKind::swap, 1, "came out of order");
}

TEST(Canary, a_changed_payload_is_shown) {
  expect_named(CanaryKind::corrupt, 3, "is changed: expected");
}

TEST(Canary, a_message_for_somebody_else_is_named) {
  const RunResult result = run_with(CanaryKind::misdirect, 1);
  ASSERT_TRUE(result.has_canary_sung);
  EXPECT_FALSE(result.is_good());
}

}  // namespace
}  // namespace rubus::sim
