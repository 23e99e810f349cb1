// What the account of a leaf node brings it: streams of other accounts, and limits.
#include <gtest/gtest.h>

#include "tests/engine/shard_harness.h"

namespace rubus::test {
namespace {

Options hub() {
  Options options = ShardHarness::default_options();
  options.leaf.enabled = true;
  return options;
}

// Leafs are in the account APP, which imports s.> of EXP as `to`; client e is in EXP.
Options importing_hub(std::string to) {
  Options options = hub();
  options.accounts.resize(2);
  options.accounts[0].name = "APP";
  options.accounts[0].stream_imports = {{"EXP", "s.>", std::move(to)}};
  options.accounts[1].name = "EXP";
  options.accounts[1].stream_exports = {{"s.>", false, {}, 0}};
  options.leaf.users.resize(1);
  options.leaf.users[0].username = "lf";
  options.leaf.users[0].password = "lfpw";
  options.leaf.users[0].account = "APP";
  options.authorization.users.resize(1);
  options.authorization.users[0].name = "e";
  options.authorization.users[0].password = "p";
  options.authorization.users[0].account = "EXP";
  return options;
}

int join(ShardHarness& shard) {
  const int leaf = shard.open_peer(ConnectionKind::leaf, {});
  shard.send(leaf, "CONNECT {\"user\":\"lf\",\"pass\":\"lfpw\",\"name\":\"L\"}\r\n");
  shard.take(leaf);
  return leaf;
}

// Two wishes and a group of the leaf meet the import: three shadows, one link.
TEST(LeafAccount, an_imported_message_crosses_a_link_once_with_every_group_it_shall_serve) {
  ShardHarness shard(importing_hub("in.s.>"));
  const int leaf = join(shard);
  shard.send(leaf, "LS+ in.s.>\r\nLS+ in.*.x\r\nLS+ in.s.x G 2\r\nLS+ in.s.* G 1\r\n");
  shard.take(leaf);
  const int client = shard.connect(R"({"user":"e","pass":"p"})");
  shard.send(client, "PUB s.x 2\r\nhi\r\nPUB s.x.y r 2\r\nhi\r\n");
  EXPECT_EQ(shard.take(leaf), "LMSG in.s.x | G 2\r\nhi\r\nLMSG in.s.x.y r 2\r\nhi\r\n");
}

TEST(LeafAccount, an_imported_member_at_a_leaf_serves_only_if_nobody_else_can) {
  ShardHarness shard(importing_hub(""));
  const int leaf = join(shard);
  shard.send(leaf, "LS+ s.x G 5\r\n");
  shard.take(leaf);
  const int client = shard.connect(R"({"user":"e","pass":"p"})");
  const int member = shard.connect(R"({"user":"e","pass":"p"})");
  shard.send(member, "SUB s.x G 1\r\n");
  for (int at = 0; at < 50; ++at) {
    shard.send(client, "PUB s.x 1\r\nx\r\n");
  }
  EXPECT_EQ(shard.take(leaf), "");
  shard.hang_up(member);
  shard.send(client, "PUB s.x 1\r\nx\r\n");
  EXPECT_EQ(shard.take(leaf), "LMSG s.x | G 1\r\nx\r\n");
}

TEST(LeafAccount, a_leaf_may_have_as_many_wishes_as_a_client_and_keeps_those_it_has) {
  Options options = hub();
  options.limits.max_subscriptions = 2;
  ShardHarness shard(options);
  const int leaf = join(shard);
  shard.take(leaf);
  EXPECT_EQ(shard.send(leaf, "LS+ a\r\nLS+ b G 1\r\nLS+ c\r\nLS+ b G 3\r\n"),
            "-ERR 'maximum subscriptions exceeded'\r\n");
  const int client = shard.connect();
  shard.send(client, "PUB a 1\r\n1\r\nPUB b 1\r\n2\r\nPUB c 1\r\n3\r\n");
  EXPECT_EQ(shard.take(leaf), "LMSG a 1\r\n1\r\nLMSG b | G 1\r\n2\r\n");
  EXPECT_EQ(shard.send(leaf, "LS- a\r\nLS+ c\r\n"), "");
}

}  // namespace
}  // namespace rubus::test
