// Mappings and limits of an account, as its clients see them.
#include <gtest/gtest.h>

#include "tests/engine/auth/account_stage.h"

namespace rubus::test {
namespace {

TEST(AccountMapping, renames_what_clients_publish) {
  AccountOptions a = account_named("A");
  a.mappings = {{"old.*", {{"new.$1", 100, ""}}}};
  AccountStage stage({a, account_named("B")});
  stage.send('a', "SUB > 1\r\n");
  EXPECT_EQ(stage.send('a', "PUB old.x r 1\r\nx\r\nPUB other 1\r\nx\r\n"),
            "MSG new.x 1 r 1\r\nx\r\nMSG other 1 1\r\nx\r\n");
  stage.send('b', "SUB > 1\r\n");
  EXPECT_EQ(stage.send('b', "PUB old.x 1\r\nx\r\n"), "MSG old.x 1 1\r\nx\r\n");
}

TEST(AccountMapping, repeated_publishes_are_mapped_each_time) {
  AccountOptions a = account_named("A");
  a.mappings = {{"w", {{"one", 50, ""}, {"two", 50, ""}}}};
  AccountStage stage({a});
  stage.send('a', "SUB * 1\r\n");
  std::string text;
  for (int round = 0; round < 200; ++round) {
    text += "PUB w 1\r\nx\r\n";
  }
  const std::string got = stage.send('a', text);
  std::size_t ones = 0;
  for (std::size_t at = got.find("MSG one"); at != std::string::npos;
       at = got.find("MSG one", at + 1)) {
    ++ones;
  }
  EXPECT_GT(ones, 60U);
  EXPECT_LT(ones, 140U);
  EXPECT_EQ(got.find("MSG w"), std::string::npos);
}

TEST(AccountMapping, permissions_speak_of_the_subject_that_comes_out) {
  AccountOptions a = account_named("A");
  a.mappings = {{"src", {{"dst", 100, ""}}}};
  Options options = ShardHarness::default_options();
  User user;
  user.name = "a";
  user.account = "A";
  user.permissions = Permissions{{"src"}, {}, {}, {}, {}};
  options.authorization.users = {user};
  options.accounts = {a};
  ShardHarness shard(options);
  const int client = shard.open();
  shard.send(client, "CONNECT {\"verbose\":false,\"user\":\"a\",\"pass\":\"\"}\r\nSUB > 1\r\n");
  EXPECT_EQ(shard.send(client, "PUB src 1\r\nx\r\n"),
            "-ERR 'Permissions Violation for Publish to \"dst\"'\r\n");
}

TEST(AccountMapping, tells_no_responders_by_the_new_name) {
  AccountOptions a = account_named("A");
  a.mappings = {{"src", {{"dst", 100, ""}}}};
  AccountStage stage({a});
  EXPECT_EQ(stage.send('a', "SUB r 1\r\nPUB src r 1\r\nx\r\n"),
            "HMSG r 1 35 35\r\nNATS/1.0 503\r\nNats-Subject: dst\r\n\r\n\r\n");
}

TEST(AccountMapping, applies_to_requests_in_the_exporting_account) {
  AccountOptions a = account_named("A");
  a.service_exports = {{"q", ResponseType::singleton, false, {}, 0, seconds(120)}};
  a.mappings = {{"q", {{"q.v2", 100, ""}}}};
  AccountOptions b = account_named("B");
  b.service_imports = {{"A", "q", "ask", false}};
  AccountStage stage({a, b});
  stage.send('a', "SUB q.v2 1\r\n");
  stage.send('b', "PUB ask 1\r\nx\r\n");
  EXPECT_EQ(word_of(stage.take('a'), 1), "q.v2");
}

TEST(AccountMapping, changes_with_the_configuration) {
  AccountOptions a = account_named("A");
  AccountStage stage({a});
  stage.send('a', "SUB old 1\r\nSUB new 2\r\n");
  EXPECT_EQ(stage.send('a', "PUB old 1\r\nx\r\n"), "MSG old 1 1\r\nx\r\n");
  a.mappings = {{"old", {{"new", 100, ""}}}};
  stage.reload({a});
  EXPECT_EQ(stage.send('a', "PUB old 1\r\nx\r\n"), "MSG new 2 1\r\nx\r\n");
  a.mappings.clear();
  stage.reload({a});
  EXPECT_EQ(stage.send('a', "PUB old 1\r\nx\r\n"), "MSG old 1 1\r\nx\r\n");
}

// The recorded conversation account_limits.txt holds the same texts.
TEST(AccountLimits, bound_connections_subscriptions_and_payload) {
  AccountOptions a = account_named("A");
  a.limits = {1, 1, 5, -1};
  AccountStage stage({a, account_named("B")});
  const int client = stage.of('a');
  const int second = stage.login('a');
  EXPECT_TRUE(stage.shard.is_closed(second));
  EXPECT_EQ(stage.send('a', "SUB x 1\r\nSUB y 2\r\nPING\r\n"),
            "-ERR 'maximum subscriptions exceeded'\r\nPONG\r\n");
  EXPECT_EQ(stage.send('a', "PUB foo 5\r\n12345\r\n"), "");
  EXPECT_EQ(stage.send('a', "PUB foo 6\r\n123456\r\n"), "-ERR 'Maximum Payload Violation'\r\n");
  EXPECT_TRUE(stage.shard.is_closed(client));
  EXPECT_EQ(stage.send('b', "PUB foo 6\r\n123456\r\n"), "");
}

TEST(AccountLimits, a_place_is_free_again_when_its_connection_ends) {
  AccountOptions a = account_named("A");
  a.limits.connections_max = 1;
  AccountStage stage({a});
  const int first = stage.login('a');
  EXPECT_TRUE(stage.shard.is_closed(stage.login('a')));
  stage.shard.hang_up(first);
  EXPECT_FALSE(stage.shard.is_closed(stage.login('a')));
}

TEST(AccountLimits, the_refused_are_told_why) {
  AccountOptions a = account_named("A");
  a.limits.connections_max = 0;
  AccountStage stage({a});
  const int client = stage.shard.open();
  stage.shard.take(client);
  EXPECT_EQ(stage.shard.send(client, "CONNECT {\"user\":\"a\",\"pass\":\"p\"}\r\n"),
            "-ERR 'maximum account active connections exceeded'\r\n");
}

TEST(AccountLimits, the_second_info_tells_the_payload_of_the_account) {
  AccountOptions a = account_named("A");
  a.limits.payload_max = 5;
  AccountStage stage({a});
  const int client = stage.login('a', "\"protocol\":1,");
  const std::string info = stage.shard.send(client, "PING\r\n");
  EXPECT_NE(info.find("\"max_payload\":5,"), std::string::npos) << info;
}

TEST(AccountLimits, the_lower_of_server_and_account_counts) {
  AccountOptions a = account_named("A");
  a.limits.payload_max = 10'000'000;
  AccountStage stage({a});
  const int client = stage.login('a', "\"protocol\":1,");
  const std::string info = stage.shard.send(client, "PING\r\n");
  EXPECT_NE(info.find("\"max_payload\":1048576,"), std::string::npos) << info;
}

}  // namespace
}  // namespace rubus::test
