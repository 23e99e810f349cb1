// A shard as hub: leaf nodes that join it, recorded conversations with nats-server leafs played
// against it, and those who are refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "tests/engine/shard_harness.h"

namespace rubus::test {
namespace {

Options hub() {
  Options options = ShardHarness::default_options();
  options.identity.server_name = "B";
  options.identity.version = "2.15.1";
  options.leaf.enabled = true;
  options.leaf.host = "127.0.0.1";
  options.leaf.port = 17013;
  return options;
}

// The hub of the captures: user lf is bound to account APP.
Options hub_with_user() {
  Options options = hub();
  options.accounts.resize(1);
  options.accounts[0].name = "APP";
  options.leaf.users.resize(1);
  options.leaf.users[0].username = "lf";
  options.leaf.users[0].password = "lfpw";
  options.leaf.users[0].account = "APP";
  return options;
}

std::string connect_line(std::string_view more = {}) {
  return "CONNECT {\"version\":\"2.15.1\",\"user\":\"lf\",\"pass\":\"lfpw\",\"server_id\":\"NL\","
         "\"name\":\"L\",\"cluster\":\"L\",\"headers\":true,\"compress_mode\":\"off\","
         "\"remote_account\":\"$G\",\"protocol\":3" +
         std::string(more) + "}\r\n";
}

// The lines, sorted, without INFO, PING and the loop token, whose order or text is left to chance,
// and without the requests of $SYS that every account imports.
std::multiset<std::string> lines_of(const std::string& text) {
  std::multiset<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    line.erase(std::remove(line.begin(), line.end(), '\r'), line.end());
    if (!line.starts_with("INFO") && !line.starts_with("LS+ $LDS.") &&
        !line.starts_with("LS+ $SYS.REQ.") && line != "PING") {
      lines.insert(line);
    }
  }
  return lines;
}

using Lines = std::multiset<std::string>;

int join(ShardHarness& shard, std::string_view more = {}) {
  const int leaf = shard.open_peer(ConnectionKind::leaf, {});
  shard.take(leaf);
  shard.send(leaf, connect_line(more));
  return leaf;
}

TEST(LeafHub, greets_answers_connect_and_tells_its_interest_and_its_loop_token) {
  ShardHarness shard(hub());
  const int client = shard.connect();
  shard.send(client, "SUB hub.x 1\r\n");
  const int leaf = shard.open_peer(ConnectionKind::leaf, {});
  const std::string greeting = shard.take(leaf);
  EXPECT_NE(greeting.find("\"info_on_connect\":true"), std::string::npos);
  EXPECT_NE(greeting.find("\"nonce\":"), std::string::npos);
  EXPECT_NE(greeting.find("\"leafnode_urls\":[\"127.0.0.1:17013\"]"), std::string::npos);
  const std::string answer = shard.send(leaf, connect_line());
  EXPECT_NE(answer.find("\"connect_info\":true,\"remote_account\":\"$G\""), std::string::npos);
  EXPECT_EQ(answer.find("\"nonce\":"), std::string::npos);
  EXPECT_NE(answer.find("LS+ $LDS."), std::string::npos);
  EXPECT_EQ(lines_of(answer), Lines{"LS+ hub.x"});
}

TEST(LeafHub, binds_a_user_to_its_account_and_no_message_crosses_accounts) {
  ShardHarness shard(hub_with_user());
  const int stranger = shard.connect();
  shard.send(stranger, "SUB h.x 1\r\n");
  const int leaf = join(shard);
  shard.take(leaf);
  EXPECT_EQ(shard.send(leaf, "LMSG h.x 2\r\nup\r\nPING\r\n"), "PONG\r\n");
  EXPECT_EQ(shard.take(stranger), "");
}

// Part of the capture leaf_messages: what the hub says after its clients act.
TEST(LeafHub, sends_messages_in_the_recorded_forms) {
  ShardHarness shard(hub());
  const int leaf = join(shard);
  const int client = shard.connect(R"({"verbose":false,"headers":true})");
  shard.send(leaf, "LS+ l.q G 1\r\nLS+ l.q G 2\r\nLS+ l.q H 1\r\nLS+ l.q\r\n");
  shard.take(leaf);
  shard.send(client, "PUB l.q 4\r\nbody\r\n");
  EXPECT_EQ(shard.take(leaf), "LMSG l.q | G H 4\r\nbody\r\n");
  shard.send(client, "PUB l.q r.1 4\r\nbody\r\n");
  EXPECT_EQ(shard.take(leaf), "LMSG l.q + r.1 G H 4\r\nbody\r\n");
  shard.send(client, "HPUB l.q r.1 18 22\r\nNATS/1.0\r\nK: v\r\n\r\nbody\r\n");
  EXPECT_EQ(shard.take(leaf), "HMSG l.q + r.1 G H 18 22\r\nNATS/1.0\r\nK: v\r\n\r\nbody\r\n");
}

TEST(LeafHub, tells_of_each_change_of_interest_as_recorded) {
  ShardHarness shard(hub());
  const int leaf = join(shard);
  shard.take(leaf);
  const int client = shard.connect();
  shard.send(client, "SUB h.x 1\r\nSUB h.x 2\r\nSUB h.q G 3\r\n");
  EXPECT_EQ(shard.take(leaf), "LS+ h.x\r\nLS+ h.q G 1\r\n");
  shard.send(client, "SUB h.q G 4\r\nUNSUB 1\r\n");
  EXPECT_EQ(shard.take(leaf), "LS+ h.q G 2\r\n");
  shard.hang_up(client);
  EXPECT_EQ(lines_of(shard.take(leaf)).count("LS- h.x"), 1U);
}

TEST(LeafHub, delivers_what_a_leaf_sends_in_every_recorded_form) {
  ShardHarness shard(hub());
  const int client = shard.connect(R"({"verbose":false,"headers":true})");
  shard.send(client, "SUB h.x 1\r\nSUB h.q G 2\r\n");
  const int leaf = join(shard);
  shard.send(leaf,
             "LMSG h.x 2\r\nup\r\nLMSG h.x r.2 2\r\nup\r\n"
             "HMSG h.x 18 20\r\nNATS/1.0\r\nK: v\r\n\r\nup\r\nLMSG h.q | G 2\r\nup\r\n"
             "LMSG h.q 2\r\nup\r\n");
  EXPECT_EQ(shard.take(client),
            "MSG h.x 1 2\r\nup\r\nMSG h.x 1 r.2 2\r\nup\r\n"
            "HMSG h.x 1 18 20\r\nNATS/1.0\r\nK: v\r\n\r\nup\r\nMSG h.q 2 2\r\nup\r\n");
}

TEST(LeafHub, requests_go_to_the_leaf_and_answers_come_back) {
  ShardHarness shard(hub());
  const int leaf = join(shard);
  shard.send(leaf, "LS+ svc\r\n");
  const int client = shard.connect();
  shard.send(client, "SUB inbox 1\r\nPUB svc inbox 3\r\nask\r\n");
  EXPECT_EQ(lines_of(shard.take(leaf)), (Lines{"LS+ inbox", "LMSG svc inbox 3", "ask"}));
  shard.send(leaf, "LMSG inbox 3\r\nans\r\n");
  EXPECT_EQ(shard.take(client), "MSG inbox 1 3\r\nans\r\n");
}

TEST(LeafHub, a_local_member_is_preferred_to_a_leaf_whatever_its_weight) {
  ShardHarness shard(hub());
  const int leaf = join(shard);
  shard.send(leaf, "LS+ q G 5\r\n");
  const int member = shard.connect();
  shard.send(member, "SUB q G 1\r\n");
  shard.take(leaf);
  const int client = shard.connect();
  for (int at = 0; at < 50; ++at) {
    shard.send(client, "PUB q 1\r\nx\r\n");
  }
  EXPECT_EQ(shard.take(leaf), "");
  shard.hang_up(member);
  shard.take(leaf);
  shard.send(client, "PUB q 1\r\nx\r\n");
  EXPECT_EQ(shard.take(leaf), "LMSG q | G 1\r\nx\r\n");
}

TEST(LeafHub, weights_of_many_peers_add_up_and_come_off_again_however_large) {
  ShardHarness shard(hub());
  const int watcher = shard.open_peer(ConnectionKind::leaf, {});
  shard.send(watcher, "CONNECT {\"name\":\"W\"}\r\n");
  std::vector<int> leafs;
  for (int at = 0; at < 6; ++at) {
    leafs.push_back(shard.open_peer(ConnectionKind::leaf, {}));
    shard.send(leafs.back(), "CONNECT {\"cluster\":\"M\"}\r\nLS+ q G 999999999\r\n");
  }
  shard.take(watcher);
  for (const int leaf : leafs) {
    shard.hang_up(leaf);
  }
  EXPECT_TRUE(shard.take(watcher).ends_with("LS- q G\r\n"));
}

TEST(LeafHub, leafs_hear_each_other_unless_they_are_of_one_cluster) {
  ShardHarness shard(hub());
  const int first = join(shard);
  const int second = shard.open_peer(ConnectionKind::leaf, {});
  shard.send(second, R"(CONNECT {"version":"2.15.1","name":"M","cluster":"M"})"
                     "\r\n");
  const int third = shard.open_peer(ConnectionKind::leaf, {});
  shard.send(third, R"(CONNECT {"version":"2.15.1","name":"L2","cluster":"L"})"
                    "\r\n");
  shard.take(first);
  shard.send(second, "LS+ foo\r\n");
  EXPECT_EQ(shard.take(first), "LS+ foo\r\n");
  EXPECT_EQ(shard.take(third), "LS+ foo\r\n");
  shard.take(second);
  shard.send(first, "LS+ bar\r\nLMSG foo 1\r\nx\r\n");
  EXPECT_EQ(shard.take(second), "LS+ bar\r\nLMSG foo 1\r\nx\r\n");
  EXPECT_EQ(shard.take(third), "");
  EXPECT_EQ(shard.take(first), "");
}

TEST(LeafHub, an_isolated_leaf_hears_of_clients_only) {
  ShardHarness shard(hub());
  const int isolated = join(shard, ",\"isolate\":true");
  const int other = shard.open_peer(ConnectionKind::leaf, {});
  shard.send(other, "CONNECT {\"name\":\"M\"}\r\nLS+ foo\r\n");
  const int client = shard.connect();
  shard.take(isolated);
  shard.send(client, "SUB bar 1\r\n");
  shard.send(other, "LS+ foo2\r\n");
  EXPECT_EQ(shard.take(isolated), "LS+ bar\r\n");
}

TEST(LeafHub, a_leaf_that_plays_the_hub_is_told_of_local_interest_only) {
  ShardHarness shard(hub());
  const int hub_side = join(shard, ",\"is_hub\":true");
  const int leaf = shard.open_peer(ConnectionKind::leaf, {});
  shard.send(leaf, "CONNECT {\"name\":\"M\"}\r\n");
  shard.take(leaf);
  shard.send(hub_side, "LS+ there\r\n");
  EXPECT_EQ(shard.take(leaf), "LS+ there\r\n");
}

// The capture leaf_urls_async: another server of the cluster comes and takes leaf nodes, too.
TEST(LeafHub, leafs_are_told_where_else_the_cluster_takes_them) {
  Options options = hub();
  options.cluster.enabled = true;
  options.cluster.name = "CL";
  ShardHarness shard(options);
  const int leaf = join(shard);
  shard.take(leaf);
  const int route = shard.open_peer(ConnectionKind::route, {});
  EXPECT_NE(shard.take(route).find("\"leafnode_urls\":[\"127.0.0.1:17013\"]"), std::string::npos);
  shard.send(route,
             "CONNECT {\"name\":\"NA\",\"cluster\":\"CL\",\"lnoc\":true}\r\n"
             "INFO {\"server_id\":\"NA\",\"server_name\":\"A\",\"version\":\"2.15.1\",\"proto\":3,"
             "\"host\":\"127.0.0.1\",\"port\":17001,\"headers\":true,\"max_payload\":1048576,"
             "\"cluster\":\"CL\",\"lnoc\":true,\"lnocu\":true,"
             "\"leafnode_urls\":[\"127.0.0.1:17003\"]} \r\n");
  const std::string told = shard.take(leaf);
  EXPECT_TRUE(told.starts_with("INFO ")) << told;
  EXPECT_NE(told.find("\"leafnode_urls\":[\"127.0.0.1:17013\",\"127.0.0.1:17003\"]"),
            std::string::npos);
  EXPECT_EQ(told.find("nonce"), std::string::npos);
  EXPECT_EQ(told.find("connect_info"), std::string::npos);
}

// The capture route_leaf_origin: what a route is told of leafs, and what leafs send over it.
TEST(LeafHub, routes_hear_of_leafs_under_the_name_of_their_cluster) {
  Options options = hub();
  options.cluster.enabled = true;
  options.cluster.name = "CL";
  ShardHarness shard(options);
  const int route = shard.open_peer(ConnectionKind::route, {});
  shard.send(
      route,
      "CONNECT {\"name\":\"NB\",\"cluster\":\"CL\",\"lnoc\":true}\r\n"
      "INFO {\"server_id\":\"NX\",\"server_name\":\"X\",\"version\":\"2.15.1\",\"proto\":3,"
      "\"host\":\"127.0.0.1\",\"port\":17001,\"headers\":true,\"max_payload\":1048576,"
      "\"cluster\":\"CL\",\"lnoc\":true,\"lnocu\":true} \r\nRS+ $G bar\r\nRS+ $G bq Q 1\r\n");
  const int leaf = shard.open_peer(ConnectionKind::leaf, {});
  EXPECT_EQ(lines_of(shard.send(leaf, "CONNECT {\"name\":\"M1\",\"cluster\":\"MC\"}\r\n")),
            (Lines{"LS+ bar", "LS+ bq Q 1"}));
  shard.take(route);
  shard.send(leaf, "LS+ foo\r\nLS+ fq Q 1\r\nLS+ fq Q 2\r\n");
  EXPECT_EQ(shard.take(route), "LS+ MC $G foo\r\nLS+ MC $G fq Q 1\r\nLS+ MC $G fq Q 2\r\n");
  shard.send(leaf,
             "LMSG bar 3\r\none\r\nLMSG bar r.1 3\r\ntwo\r\n"
             "HMSG bar 18 23\r\nNATS/1.0\r\nK: v\r\n\r\nthree\r\n"
             "LMSG bq | Q 4\r\nfour\r\nLMSG bq + r.1 Q 4\r\nfive\r\n");
  EXPECT_EQ(shard.take(route),
            "LMSG MC $G bar 0 3\r\none\r\nLMSG MC $G bar r.1 0 3\r\ntwo\r\n"
            "LMSG MC $G bar 18 23\r\nNATS/1.0\r\nK: v\r\n\r\nthree\r\n"
            "LMSG MC $G bq | Q 0 4\r\nfour\r\nLMSG MC $G bq + r.1 Q 0 4\r\nfive\r\n");
  shard.take(leaf);
  shard.send(route,
             "RMSG $G foo 3\r\nsix\r\nRMSG $G fq | Q 5\r\nseven\r\n"
             "LMSG N1 $G foo 0 5\r\neight\r\nLMSG MC $G foo 0 4\r\nback\r\n");
  EXPECT_EQ(shard.take(leaf),
            "LMSG foo 3\r\nsix\r\nLMSG fq | Q 5\r\nseven\r\nLMSG foo 5\r\neight\r\n");
  shard.send(leaf, "LS- foo\r\nLS+ fq Q 1\r\n");
  EXPECT_EQ(shard.take(route), "LS- MC $G foo\r\nLS+ MC $G fq Q 1\r\n");
}

// ---- rights -------------------------------------------------------------------------------------

// As in the capture leaf_permissions.
Options hub_with_rights() {
  Options options = hub();
  User user;
  user.name = "lf";
  user.password = "lfpw";
  user.permissions.emplace();
  user.permissions->publish_allow = {"up.>"};
  user.permissions->subscribe_allow = {"down.>"};
  user.permissions->subscribe_deny = {"down.secret"};
  User client;
  client.name = "c";
  client.password = "c";
  options.authorization.users = {user, client};
  return options;
}

int connect_client(ShardHarness& shard) {
  return shard.connect(R"({"verbose":false,"user":"c","pass":"c"})");
}

TEST(LeafRights, the_recorded_conversation_about_rights) {
  ShardHarness shard(hub_with_rights());
  const int leaf = shard.open_peer(ConnectionKind::leaf, {});
  shard.take(leaf);
  const std::string answer = shard.send(leaf, connect_line());
  EXPECT_NE(answer.find(R"("import":{"allow":["down.\u003e"],"deny":["down.secret"]})"),
            std::string::npos);
  EXPECT_NE(answer.find(R"("export":{"allow":["up.\u003e"]})"), std::string::npos);
  const int client = connect_client(shard);
  shard.send(client, "SUB up.a 1\r\nSUB other.a 2\r\n");
  EXPECT_EQ(shard.take(leaf), "LS+ up.a\r\n");
  EXPECT_EQ(shard.send(leaf, "LS+ $LDS.leaf\r\nLS+ down.a\r\nLMSG up.a 1\r\n1\r\nPING\r\n"),
            "PONG\r\n");
  EXPECT_EQ(shard.take(client), "MSG up.a 1 1\r\n1\r\n");
  shard.send(client, "PUB down.a 1\r\n3\r\nPUB else.a 1\r\n4\r\n");
  EXPECT_EQ(shard.take(leaf), "LMSG down.a 1\r\n3\r\n");
}

TEST(LeafRights, a_message_outside_them_closes_the_connection) {
  ShardHarness shard(hub_with_rights());
  const int leaf = join(shard);
  EXPECT_EQ(shard.send(leaf, "LMSG other 1\r\nx\r\n"),
            "-ERR 'Permissions Violation for Publish to \"other\"'\r\n");
  EXPECT_TRUE(shard.is_closed(leaf));
}

TEST(LeafRights, a_literal_wish_outside_them_closes_and_a_wildcard_is_filtered) {
  ShardHarness shard(hub_with_rights());
  const int leaf = join(shard);
  shard.take(leaf);
  shard.send(leaf, "LS+ >\r\n");
  const int client = connect_client(shard);
  shard.take(leaf);
  shard.send(client, "PUB down.a 1\r\n1\r\nPUB down.secret 1\r\n2\r\nPUB else 1\r\n3\r\n");
  EXPECT_EQ(shard.take(leaf), "LMSG down.a 1\r\n1\r\n");
  EXPECT_EQ(shard.send(leaf, "LS+ down.secret\r\n"),
            "-ERR 'Permissions Violation for Subscription to \"down.secret\"'\r\n");
  EXPECT_TRUE(shard.is_closed(leaf));
}

TEST(LeafRights, what_the_leaf_denies_in_connect_is_not_sent) {
  ShardHarness shard(hub());
  const int leaf = join(shard, ",\"deny_pub\":[\"private.>\"]");
  shard.send(leaf, "LS+ >\r\n");
  shard.take(leaf);
  const int client = shard.connect();
  shard.send(client, "PUB private.a 1\r\n1\r\nPUB public 1\r\n2\r\n");
  EXPECT_EQ(shard.take(leaf), "LMSG public 1\r\n2\r\n");
}

TEST(LeafRights, the_api_of_jetstream_stays_here) {
  ShardHarness shard(hub());
  const int leaf = join(shard);
  shard.take(leaf);
  EXPECT_EQ(shard.send(leaf, "LS+ $JS.API.INFO\r\n"),
            "-ERR 'Permissions Violation for Subscription to \"$JS.API.INFO\"'\r\n");
}

// ---- refusals -----------------------------------------------------------------------------------

std::string refusal(const Options& options, std::string_view said) {
  ShardHarness shard(options);
  const int leaf = shard.open_peer(ConnectionKind::leaf, {});
  shard.take(leaf);
  const std::string answer = shard.send(leaf, said);
  EXPECT_TRUE(shard.is_closed(leaf)) << said;
  return answer;
}

TEST(LeafRefusal, a_wrong_password_and_an_unknown_user_are_told_the_same) {
  EXPECT_EQ(refusal(hub_with_user(), "CONNECT {\"user\":\"lf\",\"pass\":\"bad\"}\r\n"),
            "-ERR 'Authorization Violation'\r\n");
  EXPECT_EQ(refusal(hub_with_user(), "CONNECT {\"user\":\"nobody\",\"pass\":\"lfpw\"}\r\n"),
            "-ERR 'Authorization Violation'\r\n");
  EXPECT_EQ(refusal(hub_with_user(), "CONNECT {}\r\n"), "-ERR 'Authorization Violation'\r\n");
}

TEST(LeafRefusal, whoever_does_not_begin_with_connect_is_not_listened_to) {
  EXPECT_EQ(refusal(hub(), "LS+ foo\r\n"), "-ERR 'Authorization Violation'\r\n");
  EXPECT_EQ(refusal(hub(), "PING\r\n"), "-ERR 'Authorization Violation'\r\n");
}

TEST(LeafRefusal, a_client_is_told_that_it_came_to_the_wrong_port) {
  EXPECT_EQ(refusal(hub(), "CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"go\"}\r\n"),
            "-ERR 'attempted to connect to leaf node port'\r\n");
}

TEST(LeafRefusal, a_leaf_with_the_name_of_this_cluster_is_refused) {
  Options options = hub();
  options.cluster.enabled = true;
  options.cluster.name = "L";
  EXPECT_EQ(refusal(options, connect_line()), "-ERR 'remote leafnode has same cluster name'\r\n");
}

TEST(LeafRefusal, an_old_leaf_gets_the_info_first_and_then_the_reason) {
  Options options = hub();
  options.leaf.min_version = "2.99.0";
  const std::string answer = refusal(options, connect_line());
  EXPECT_TRUE(answer.starts_with("INFO "));
  EXPECT_TRUE(answer.ends_with(
      "-ERR 'connection rejected since minimum version required is \"2.99.0\"'\r\n"));
}

TEST(LeafRefusal, one_leaf_more_than_the_account_allows_is_refused) {
  Options options = hub_with_user();
  options.accounts[0].limits.leafnodes_max = 0;
  EXPECT_EQ(refusal(options, connect_line()),
            "-ERR 'maximum account active connections exceeded'\r\n");
}

TEST(LeafRefusal, silence_is_ended_by_the_authentication_timeout) {
  ShardHarness shard(hub());
  const int leaf = shard.open_peer(ConnectionKind::leaf, {});
  shard.take(leaf);
  shard.advance(milliseconds(1999));
  EXPECT_FALSE(shard.is_closed(leaf));
  shard.advance(milliseconds(2));
  EXPECT_EQ(shard.take(leaf), "-ERR 'Authentication Timeout'\r\n");
  EXPECT_TRUE(shard.is_closed(leaf));
}

TEST(LeafRefusal, a_leaf_that_comes_back_ends_its_old_connection) {
  ShardHarness shard(hub());
  const int old = join(shard);
  shard.send(old, "LS+ $LDS.same\r\nLS+ foo\r\n");
  shard.take(old);
  const int fresh = join(shard);
  EXPECT_NE(shard.take(old).find("-ERR 'Duplicate Remote LeafNode Connection'\r\n"),
            std::string::npos);
  EXPECT_TRUE(shard.is_closed(old));
  shard.send(fresh, "LS+ $LDS.same\r\nLS+ foo\r\n");
  EXPECT_FALSE(shard.is_closed(fresh));
}

TEST(LeafRefusal, the_own_token_coming_back_is_a_loop) {
  ShardHarness shard(hub());
  const int leaf = shard.open_peer(ConnectionKind::leaf, {});
  shard.take(leaf);
  const std::string answer = shard.send(leaf, connect_line());
  const std::size_t at = answer.find("LS+ $LDS.");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(shard.send(leaf, answer.substr(at, answer.find('\n', at) + 1 - at)),
            "-ERR 'Loop detected for leafnode account=\"$G\". Delaying attempt to reconnect for "
            "30s'\r\n");
  EXPECT_TRUE(shard.is_closed(leaf));
}

TEST(LeafRefusal, a_token_that_comes_by_two_ways_is_a_loop) {
  ShardHarness shard(hub());
  const int first = join(shard);
  shard.send(first, "LS+ $LDS.other\r\n");
  const int second = shard.open_peer(ConnectionKind::leaf, {});
  shard.send(second, "CONNECT {\"name\":\"M\"}\r\n");
  shard.take(second);
  EXPECT_EQ(shard.send(second, "LS+ $LDS.other\r\n").substr(0, 20), "-ERR 'Loop detected ");
  EXPECT_FALSE(shard.is_closed(first));
}

TEST(LeafRefusal, a_malformed_line_closes_without_a_word_and_an_invalid_subject_does_not) {
  ShardHarness shard(hub());
  const int leaf = join(shard);
  shard.take(leaf);
  EXPECT_EQ(shard.send(leaf, "LS+ a..b\r\n"), "-ERR 'Invalid Subscription'\r\n");
  EXPECT_FALSE(shard.is_closed(leaf));
  EXPECT_EQ(shard.send(leaf, "LS+ q G\r\n"), "");
  EXPECT_TRUE(shard.is_closed(leaf));
}

TEST(LeafRefusal, a_payload_over_the_limit_is_told) {
  Options options = hub();
  options.limits.max_payload = 10;
  ShardHarness shard(options);
  const int leaf = join(shard);
  shard.take(leaf);
  EXPECT_EQ(shard.send(leaf, "LMSG a 11\r\n"), "-ERR 'Maximum Payload Violation'\r\n");
  EXPECT_TRUE(shard.is_closed(leaf));
}

TEST(LeafRefusal, a_slow_hash_is_checked_by_a_job_and_what_follows_waits) {
  Options options = hub_with_user();
  options.leaf.users[0].password = "$2a$04$abcdefghijklmnopqrstuu";
  ShardHarness shard(options);
  const int leaf = shard.open_peer(ConnectionKind::leaf, {});
  shard.take(leaf);
  EXPECT_EQ(shard.send(leaf, connect_line() + "LS+ foo\r\nPING\r\n"), "");
  EXPECT_TRUE(shard.is_paused(leaf));
  shard.send(leaf, "PING\r\n");
  ASSERT_TRUE(shard.finish_job(true));
  const std::string answer = shard.take(leaf);
  EXPECT_NE(answer.find("\"remote_account\":\"APP\""), std::string::npos);
  EXPECT_TRUE(answer.ends_with("PONG\r\nPONG\r\n"));
}

TEST(LeafRefusal, an_unanswered_ping_too_many_ends_the_connection) {
  Options options = hub();
  options.leaf.ping_interval = seconds(10);
  ShardHarness shard(options);
  const int leaf = join(shard);
  shard.take(leaf);
  shard.advance(seconds(60));
  EXPECT_TRUE(shard.take(leaf).ends_with("-ERR 'Stale Connection'\r\n"));
  EXPECT_TRUE(shard.is_closed(leaf));
}

TEST(LeafRefusal, tls_begins_behind_the_greeting_and_connect_comes_through_it) {
  Options options = hub();
  options.leaf.tls.enabled = true;
  ShardHarness shard(options);
  const int leaf = shard.open_peer(ConnectionKind::leaf, {});
  EXPECT_NE(shard.take(leaf).find("\"tls_required\":true"), std::string::npos);
  ASSERT_EQ(shard.tls().size(), 1U);
  EXPECT_EQ(shard.tls()[0].start, TlsStart::after_flush);
  shard.step({TlsChanged{ShardHarness::id_of(leaf), TlsStage::established,
                         std::make_shared<const TlsFacts>()}});
  EXPECT_EQ(shard.take(leaf), "");
  EXPECT_NE(shard.send(leaf, connect_line()).find("connect_info"), std::string::npos);
}

TEST(LeafRefusal, a_handshake_that_never_ends_is_given_up) {
  Options options = hub();
  options.leaf.tls.enabled = true;
  options.leaf.tls.handshake_first = true;
  ShardHarness shard(options);
  const int leaf = shard.open_peer(ConnectionKind::leaf, {});
  EXPECT_EQ(shard.take(leaf), "");
  shard.advance(seconds(3));
  EXPECT_TRUE(shard.is_closed(leaf));
}

TEST(LeafRefusal, a_reload_without_its_user_ends_the_connection) {
  ShardHarness shard(hub_with_user());
  const int leaf = join(shard);
  shard.take(leaf);
  shard.reload(hub_with_user());
  EXPECT_FALSE(shard.is_closed(leaf));
  Options options = hub_with_user();
  options.leaf.users[0].username = "other";
  shard.reload(options);
  EXPECT_EQ(shard.take(leaf), "-ERR 'Authorization Violation'\r\n");
  EXPECT_TRUE(shard.is_closed(leaf));
}

}  // namespace
}  // namespace rubus::test
