// Events of the system account: order, content, and silence where nobody listens.
#include <gtest/gtest.h>

#include <vector>

#include "tests/engine/system/system_stage.h"

namespace rubus::test {

TEST(SystemEvents, a_login_is_told_behind_the_numbers_of_its_account) {
  SystemStage stage;
  const int system = stage.login("SYS");
  stage.harness.send(system, "SUB $SYS.ACCOUNT.> 1\r\nSUB $SYS.SERVER.ACCOUNT.> 2\r\n");
  stage.login("A");
  const std::string told = stage.harness.take(system);
  EXPECT_EQ(subjects(told),
            (std::vector<std::string>{"$SYS.SERVER.ACCOUNT.A.CONNS", "$SYS.ACCOUNT.A.SERVER.CONNS",
                                      "$SYS.ACCOUNT.A.CONNECT"}));
  EXPECT_TRUE(
      has(told, "\"acc\":\"A\",\"name\":\"A\",\"conns\":1,\"leafnodes\":0,\"total_conns\":1"));
  EXPECT_TRUE(has(told, "{\"type\":\"io.nats.server.advisory.v1.client_connect\",\"id\":\""));
  EXPECT_TRUE(has(told, "\"id\":2,\"acc\":\"A\",\"user\":\"A\",\"name\":\"A\"")) << told;
  EXPECT_TRUE(has(told, "\"name_tag\":\"A\",\"kind\":\"Client\",\"client_type\":\"nats\"}}\r\n"));
}

TEST(SystemEvents, an_end_is_told_with_traffic_as_the_client_saw_it_and_the_reason) {
  SystemStage stage;
  const int system = stage.login("SYS");
  const int client = stage.login("A");
  stage.harness.send(client, "PUB foo 5\r\nhello\r\n");
  stage.harness.send(system, "SUB $SYS.ACCOUNT.*.DISCONNECT 1\r\n");
  stage.harness.hang_up(client);
  const std::string told = stage.harness.take(system);
  EXPECT_EQ(subjects(told), (std::vector<std::string>{"$SYS.ACCOUNT.A.DISCONNECT"}));
  EXPECT_TRUE(has(told, "\"sent\":{\"msgs\":1,\"bytes\":5},\"received\":{\"msgs\":"));
  EXPECT_TRUE(has(told, "\"reason\":\"Client Closed\"}\r\n")) << told;
}

TEST(SystemEvents, a_refused_login_is_an_error_of_the_server_and_an_end_in_the_global_account) {
  SystemStage stage;
  const int system = stage.login("SYS");
  stage.harness.send(system, "SUB $SYS.> 1\r\n");
  const int stranger = stage.harness.open();
  stage.harness.send(stranger, "CONNECT {\"user\":\"x\",\"pass\":\"y\"}\r\n");
  const std::string told = stage.harness.take(system);
  EXPECT_EQ(subjects(told), (std::vector<std::string>{"$SYS.SERVER.NID.CLIENT.AUTH.ERR",
                                                      "$SYS.ACCOUNT.$G.DISCONNECT"}));
  EXPECT_TRUE(has(told, "\"user\":\"x\"")) << told;
  EXPECT_TRUE(has(told, "\"reason\":\"Authentication Failure\"}")) << told;
}

TEST(SystemEvents, a_connection_that_never_logged_in_ends_in_the_global_account) {
  SystemStage stage;
  const int system = stage.login("SYS");
  stage.harness.send(system, "SUB $SYS.> 1\r\n");
  stage.harness.hang_up(stage.harness.open());
  const std::string told = stage.harness.take(system);
  EXPECT_EQ(subjects(told), (std::vector<std::string>{"$SYS.ACCOUNT.$G.DISCONNECT"}));
  EXPECT_TRUE(has(told, "\"acc\":\"$G\",")) << told;
  EXPECT_TRUE(has(told, "\"name_tag\":\"$G\",\"kind\":\"Client\"")) << told;
  EXPECT_TRUE(has(told, "\"reason\":\"Client Closed\"}")) << told;
}

TEST(SystemEvents, heartbeats_come_ever_slower_until_every_ten_seconds) {
  SystemStage stage;
  const int system = stage.login("SYS");
  stage.harness.send(system, "SUB $SYS.SERVER.NID.STATSZ 1\r\n");
  stage.harness.advance(seconds(16));
  // 0.25, 0.75, 1.75, 3.75, 7.75, 15.75 s
  const std::size_t first = subjects(stage.harness.take(system)).size();
  EXPECT_GE(first, 5U);
  EXPECT_LE(first, 6U);
  stage.harness.advance(seconds(60));
  EXPECT_EQ(subjects(stage.harness.take(system)).size(), 6U);
}

TEST(SystemEvents, another_server_counts_as_long_as_it_speaks) {
  SystemStage stage;
  const int system = stage.login("SYS");
  stage.harness.send(system, "PUB $SYS.SERVER.NOTHER.STATSZ 2\r\n{}\r\n");
  EXPECT_TRUE(has(stage.ask(system, "$SYS.REQ.SERVER.PING"), "\"active_servers\":2"));
  stage.harness.advance(seconds(20));
  EXPECT_TRUE(has(stage.ask(system, "$SYS.REQ.SERVER.PING"), "\"active_servers\":2"));
  stage.harness.advance(seconds(40));
  EXPECT_TRUE(has(stage.ask(system, "$SYS.REQ.SERVER.PING"), "\"active_servers\":1"));
  stage.harness.send(system,
                     "PUB $SYS.SERVER.NOTHER.STATSZ 2\r\n{}\r\n"
                     "PUB $SYS.SERVER.NOTHER.SHUTDOWN 2\r\n{}\r\n");
  EXPECT_TRUE(has(stage.ask(system, "$SYS.REQ.SERVER.PING"), "\"active_servers\":1"));
}

TEST(SystemEvents, servers_that_somebody_invents_are_bounded_and_lame_ones_are_gone) {
  SystemStage stage;
  const int system = stage.login("SYS");
  stage.harness.send(system,
                     "PUB $SYS.SERVER.NOTHER.STATSZ 2\r\n{}\r\n"
                     "PUB $SYS.SERVER.NOTHER.LAMEDUCK 2\r\n{}\r\n");
  EXPECT_TRUE(has(stage.ask(system, "$SYS.REQ.SERVER.PING"), "\"active_servers\":1,"));
  std::string text;
  for (int at = 0; at < 2000; ++at) {
    text.append("PUB $SYS.SERVER.N" + std::to_string(at) + ".STATSZ 0\r\n\r\n");
  }
  stage.harness.send(system, text);
  EXPECT_TRUE(has(stage.ask(system, "$SYS.REQ.SERVER.PING"), "\"active_servers\":1025,"));
}

TEST(SystemEvents, numbers_of_the_global_account_are_not_told_but_answered) {
  Options options = system_options();
  User& user = options.authorization.users.emplace_back();
  user.name = "G";
  user.password = "p";
  SystemStage stage(options);
  const int system = stage.login("SYS");
  stage.harness.send(system, "SUB $SYS.ACCOUNT.> 1\r\nSUB $SYS.SERVER.ACCOUNT.> 2\r\n");
  stage.login("G");
  EXPECT_EQ(subjects(stage.harness.take(system)),
            (std::vector<std::string>{"$SYS.ACCOUNT.$G.CONNECT"}));
  EXPECT_TRUE(has(stage.ask(system, "$SYS.REQ.ACCOUNT.$G.CONNS"), "\"acc\":\"$G\""));
}

TEST(SystemEvents, a_ping_for_nobodys_ear_makes_the_server_speak_up_once) {
  SystemStage stage;
  const int system = stage.login("SYS");
  stage.harness.advance(seconds(20));
  stage.harness.send(system, "SUB $SYS.SERVER.NID.STATSZ 1\r\n");
  const std::string ping = "PUB $SYS.REQ.SERVER.PING 0\r\n\r\n";
  EXPECT_EQ(subjects(stage.harness.send(system, ping + ping + ping)),
            (std::vector<std::string>{"$SYS.SERVER.NID.STATSZ"}));
}

TEST(SystemEvents, of_many_ends_in_one_input_the_numbers_are_told_once_and_first) {
  SystemStage stage;
  const int system = stage.login("SYS");
  for (int at = 0; at < 3; ++at) {
    stage.login("A");
  }
  stage.harness.send(system, "SUB $SYS.ACCOUNT.A.> 1\r\n");
  Options options = system_options();
  options.authorization.users.erase(options.authorization.users.begin());
  stage.harness.reload(options);
  EXPECT_EQ(subjects(stage.harness.take(system)),
            (std::vector<std::string>{"$SYS.ACCOUNT.A.SERVER.CONNS", "$SYS.ACCOUNT.A.DISCONNECT",
                                      "$SYS.ACCOUNT.A.DISCONNECT", "$SYS.ACCOUNT.A.DISCONNECT"}));
}

TEST(SystemEvents, a_shutdown_is_told_before_the_connections_end) {
  SystemStage stage;
  const int system = stage.login("SYS");
  stage.harness.send(system, "SUB $SYS.SERVER.*.SHUTDOWN 1\r\n");
  stage.harness.step({ShutdownRequested{}});
  EXPECT_TRUE(has(stage.harness.take(system), "MSG $SYS.SERVER.NID.SHUTDOWN 1  "));
}

}  // namespace rubus::test
