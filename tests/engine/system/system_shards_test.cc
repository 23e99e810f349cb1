// The system account of a process of two shards: shard 0 speaks for both.
#include <gtest/gtest.h>

#include "tests/engine/system/shard_pair.h"
#include "tests/engine/system/system_stage.h"

namespace rubus::test {

namespace {

std::string number_behind(const std::string& text, std::string_view key) {
  const std::size_t at = text.find(key);
  return at == std::string::npos
             ? std::string("none")
             : text.substr(at + key.size(), text.find_first_of(",\n}", at) - at - key.size());
}

}  // namespace

TEST(SystemShards, a_login_and_a_logout_on_another_shard_change_the_numbers_that_are_told) {
  ShardPair pair(system_options());
  pair.login(0, 1, "SYS");
  pair.send(0, 1, "SUB $SYS.SERVER.ACCOUNT.*.CONNS 1\r\nSUB $SYS.ACCOUNT.*.SERVER.CONNS 2\r\n");
  pair.login(1, 2, "A");
  const std::string in = pair.take(0, 1);
  EXPECT_TRUE(has(in, "MSG $SYS.SERVER.ACCOUNT.A.CONNS 1 ")) << in;
  EXPECT_TRUE(has(in, "MSG $SYS.ACCOUNT.A.SERVER.CONNS 2 ")) << in;
  EXPECT_TRUE(has(in, "\"acc\":\"A\",\"name\":\"A\",\"conns\":1,")) << in;
  pair.hang_up(1, 2);
  EXPECT_TRUE(has(pair.take(0, 1), "\"acc\":\"A\",\"name\":\"A\",\"conns\":0,"));
}

TEST(SystemShards, numbers_of_an_account_in_use_on_another_shard_alone_are_refreshed) {
  ShardPair pair(system_options());
  pair.login(0, 1, "SYS");
  pair.login(1, 2, "A");
  pair.send(0, 1, "SUB $SYS.ACCOUNT.A.SERVER.CONNS 2\r\n");
  std::string told;
  for (int at = 0; at < 60; ++at) {
    pair.advance(seconds(1));
    told += pair.take(0, 1);
  }
  EXPECT_TRUE(has(told, "\"acc\":\"A\",\"name\":\"A\",\"conns\":1,")) << told;
}

TEST(SystemShards, connections_that_ended_on_any_shard_are_in_the_metrics) {
  ShardPair pair(system_options());
  for (std::uint32_t shard = 0; shard < 2; ++shard) {
    pair.login(shard, 1, "A");
    pair.hang_up(shard, 1);
  }
  EXPECT_TRUE(
      has(pair.document("/metrics", {}), "rubus_closed_connections_total{server_id=\"s1\"} 2\n"));
}

TEST(SystemShards, subscribers_of_both_shards_are_counted_one_by_one) {
  ShardPair pair(system_options());
  pair.login(0, 1, "SYS");
  pair.login(0, 2, "A");
  pair.login(1, 3, "A");
  pair.send(0, 2, "SUB foo 1\r\n");
  pair.send(1, 3, "SUB foo 1\r\nSUB foo 2\r\nSUB foo q 3\r\nSUB bar 4\r\n");
  pair.send(0, 1, "SUB inbox 9\r\n");
  const std::string answer = pair.send(
      0, 1, "PUB $SYS.REQ.ACCOUNT.NSUBS inbox 27\r\n{\"acc\":\"A\",\"subject\":\"foo\"}\r\n");
  EXPECT_TRUE(has(answer, "MSG inbox 9  1\r\n4\r\n")) << answer;
}

TEST(SystemShards, subscriptions_are_counted_once_and_alike_in_all_documents) {
  ShardPair pair(system_options());
  pair.login(0, 1, "A");
  pair.login(1, 2, "A");
  const auto count = [&pair]() {
    const std::string varz = number_behind(pair.document("/varz", {}), "\"subscriptions\": ");
    EXPECT_EQ(varz, number_behind(pair.document("/subsz", {}), "\"num_subscriptions\": "));
    return std::stoul(varz);
  };
  const unsigned long before = count();
  pair.send(0, 1, "SUB a.b 1\r\nSUB a.c 2\r\n");
  pair.send(1, 2, "SUB a.b 1\r\nSUB a.b q 2\r\nSUB > 3\r\n");
  EXPECT_EQ(count() - before, 5U);
}

}  // namespace rubus::test
