// Leaf nodes as the system account sees them; events compared with a running nats-server 2.15.3.
#include <gtest/gtest.h>

#include "tests/engine/system/system_stage.h"

namespace rubus::test {

namespace {

Options leaf_options() {
  Options options = system_options();
  options.leaf.enabled = true;
  LeafUser& user = options.leaf.users.emplace_back();
  user.username = "l";
  user.password = "p";
  user.account = "A";
  return options;
}

// A system user that listens to all events, and leaf nodes.
class LeafEvents : public testing::Test {
 protected:
  LeafEvents() { stage.harness.send(system, "SUB $SYS.SERVER.> 1\r\nSUB $SYS.ACCOUNT.> 2\r\n"); }

  int join(std::string_view password) {
    const int leaf = stage.harness.open_peer(ConnectionKind::leaf, {});
    stage.harness.send(
        leaf, "CONNECT {\"version\":\"2.12.0\",\"user\":\"l\",\"pass\":\"" + std::string(password) +
                  "\",\"server_id\":\"NX\",\"name\":\"leaf1\",\"headers\":true}\r\n");
    return leaf;
  }
  std::vector<std::string> told() {
    text = stage.harness.take(system);
    return subjects(text);
  }

  SystemStage stage{leaf_options()};
  int system = stage.login("SYS");
  std::string text;
};

const std::vector<std::string> numbers = {"$SYS.SERVER.ACCOUNT.A.CONNS",
                                          "$SYS.ACCOUNT.A.SERVER.CONNS"};

}  // namespace

TEST_F(LeafEvents, one_that_joins_changes_the_numbers_of_its_account_and_is_no_connect_event) {
  join("p");
  EXPECT_EQ(told(), numbers);
  EXPECT_TRUE(has(text, "\"conns\":0,\"leafnodes\":1,\"total_conns\":1")) << text;
}

TEST_F(LeafEvents, one_that_leaves_is_told_kept_among_the_closed_and_its_traffic_counts_on) {
  const int leaf = join("p");
  stage.harness.send(leaf, "LMSG foo 5\r\nhello\r\n");
  told();
  stage.harness.hang_up(leaf);
  EXPECT_EQ(told(),
            (std::vector<std::string>{numbers[0], numbers[1], "$SYS.ACCOUNT.A.DISCONNECT"}));
  EXPECT_TRUE(has(text, "\"leafnodes\":0")) << text;
  EXPECT_TRUE(has(text, "\"leafs\":{\"msgs\":1,\"bytes\":5}},\"slow_consumers\":0")) << text;
  EXPECT_TRUE(has(text, "\"acc\":\"A\",\"user\":\"l\",\"name\":\"leaf1\",\"ver\":\"2.12.0\""));
  EXPECT_TRUE(has(text, "\"name_tag\":\"A\",\"kind\":\"Leafnode\"},\"sent\":{\"msgs\":1,"));
  EXPECT_TRUE(has(text, "\"reason\":\"Client Closed\"}")) << text;
  const std::string closed =
      stage.ask(system, "$SYS.REQ.SERVER.PING.CONNZ", R"({"state":1,"auth":true})");
  EXPECT_TRUE(has(closed, "\"total\":1")) << closed;
  EXPECT_TRUE(has(closed, "\"kind\":\"Leafnode\"")) << closed;
  EXPECT_TRUE(has(closed, "\"authorized_user\":\"l\",\"account\":\"A\"")) << closed;
}

TEST_F(LeafEvents, one_that_is_refused_is_an_error_of_the_server_and_of_no_account) {
  join("wrong");
  EXPECT_EQ(told(), (std::vector<std::string>{"$SYS.SERVER.NID.CLIENT.AUTH.ERR"}));
  EXPECT_TRUE(has(text, "\"acc\":\"N/A\",\"user\":\"l\",\"name\":\"leaf1\"")) << text;
  EXPECT_FALSE(has(text, "name_tag")) << text;
  EXPECT_TRUE(has(text, "\"reason\":\"Authentication Failure\"}")) << text;
}

TEST_F(LeafEvents, one_can_be_kicked_but_not_told_of_lame_duck_mode) {
  const int leaf = join("p");
  told();
  EXPECT_TRUE(has(stage.ask(system, "$SYS.REQ.SERVER.NID.LDM", R"({"cid":2})"),
                  "\"error\":{\"code\":500,\"description\":\"no such client id\"}"));
  const std::string answer = stage.ask(system, "$SYS.REQ.SERVER.NID.KICK", R"({"cid":2})");
  EXPECT_TRUE(has(answer, "MSG inbox 9  ") && !has(answer, "\"error\"")) << answer;
  EXPECT_TRUE(has(answer, "\"reason\":\"Kicked\"")) << answer;
  EXPECT_TRUE(stage.harness.is_closed(leaf));
}

}  // namespace rubus::test
