// Routes, told as conversations: this end is a Rubus node, the test plays the other servers.
#include <gtest/gtest.h>

#include <string>

#include "tests/engine/shard_harness.h"

namespace rubus::test {
namespace {

constexpr std::string_view own_id = "NAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

Options clustered() {
  Options options = ShardHarness::default_options();
  options.identity.server_id = own_id;
  options.identity.server_name = "own";
  options.identity.connect_urls = {"127.0.0.1:4222"};
  options.cluster.enabled = true;
  options.cluster.name = "CL";
  options.cluster.host = "127.0.0.1";
  options.cluster.port = 6222;
  return options;
}

std::string connect_line(std::string_view id, std::string_view cluster = "CL",
                         std::string_view more = "") {
  return "CONNECT {\"echo\":true,\"headers\":true,\"name\":\"" + std::string(id) +
         "\",\"cluster\":\"" + std::string(cluster) + "\",\"lnoc\":true" + std::string(more) +
         "}\r\n";
}

std::string info_line(std::string_view id, std::string_view name, std::string_view more = "") {
  return "INFO {\"server_id\":\"" + std::string(id) + "\",\"server_name\":\"" + std::string(name) +
         "\",\"version\":\"2.15.1\",\"proto\":3,\"host\":\"127.0.0.1\",\"port\":6300,"
         "\"headers\":true,\"max_payload\":1048576,\"cluster\":\"CL\","
         "\"connect_urls\":[\"10.0.0.9:4222\"],\"lnoc\":true,\"lnocu\":true" +
         std::string(more) + "} \r\n";
}

// A member that dialed us and has joined; what it was told so far is taken off.
int join(ShardHarness& harness, std::string_view id, std::string_view name,
         std::string_view more = "") {
  const int peer = harness.open_peer(ConnectionKind::route, {});
  harness.take(peer);
  harness.send(peer, connect_line(id));
  harness.send(peer, info_line(id, name, more));
  return peer;
}

// The connection to the one configured route; nothing is said on it yet.
int dial_out(ShardHarness& harness) {
  harness.step({});
  auto found = std::make_shared<HostAddresses>();
  found->addresses.resize(1);
  harness.step({HostResolved{harness.resolves()[0].ticket, found}});
  return harness.open_peer(ConnectionKind::route, harness.dials()[0].ticket);
}

bool has_log(const ShardHarness& harness, std::string_view text) {
  for (const LogLine& line : harness.logs()) {
    if (line.text.find(text) != std::string::npos) {
      return true;
    }
  }
  return false;
}

TEST(RouteSession, says_info_without_a_pool_at_once) {
  ShardHarness harness(clustered());
  const int peer = harness.open_peer(ConnectionKind::route, {});
  const std::string said = harness.take(peer);
  EXPECT_EQ(said.rfind("INFO {\"server_id\":\"" + std::string(own_id), 0), 0u) << said;
  EXPECT_NE(said.find("\"cluster\":\"CL\""), std::string::npos);
  EXPECT_EQ(said.find("route_pool_size"), std::string::npos);
  EXPECT_EQ(said.find("\"compression\""), std::string::npos);
}

TEST(RouteSession, tells_a_newcomer_the_whole_interest_once_per_subject) {
  ShardHarness harness(clustered());
  const int client = harness.connect();
  harness.send(client, "SUB foo 1\r\nSUB foo 2\r\nSUB bar q 3\r\nSUB bar q 4\r\nPING\r\n");
  const int peer = harness.open_peer(ConnectionKind::route, {});
  harness.take(peer);
  harness.send(peer, connect_line("NB"));
  const std::string said = harness.send(peer, info_line("NB", "b"));
  EXPECT_NE(said.find("RS+ $G foo\r\n"), std::string::npos) << said;
  EXPECT_EQ(said.find("RS+ $G foo\r\n"), said.rfind("RS+ $G foo\r\n"));
  EXPECT_NE(said.find("RS+ $G bar q 2\r\n"), std::string::npos) << said;
}

// Names of leaf clusters are kept as numbers, which are given to others when nobody uses them.
TEST(RouteSession, a_leaf_cluster_that_is_gone_takes_no_other_wish_with_it) {
  ShardHarness harness(clustered());
  const int peer = join(harness, "NB", "b");
  const int client = harness.connect();
  const std::string_view publish = "PUB a 0\r\n\r\nPUB b 0\r\n\r\nPUB c 0\r\n\r\nPING\r\n";
  harness.send(peer, "RS+ $G a\r\nLS+ L1 $G b\r\nLS+ L1 $G c\r\n");
  harness.take(peer);
  harness.send(client, publish);
  EXPECT_EQ(harness.take(peer), "RMSG $G a 0\r\n\r\nRMSG $G b 0\r\n\r\nRMSG $G c 0\r\n\r\n");
  harness.send(peer, "LS- L1 $G b\r\nLS- L1 $G c\r\nLS- L1 $G a\r\nLS- L2 $G a\r\n");
  harness.send(client, publish);
  EXPECT_EQ(harness.take(peer), "RMSG $G a 0\r\n\r\n");
  harness.send(peer, "LS+ L2 $G b\r\nLS- L1 $G b\r\nLS+ L3 $G c\r\nLS- L2 $G c\r\n");
  harness.send(client, publish);
  EXPECT_EQ(harness.take(peer), "RMSG $G a 0\r\n\r\nRMSG $G b 0\r\n\r\nRMSG $G c 0\r\n\r\n");
}

TEST(RouteSession, plain_interest_is_told_at_the_first_and_withdrawn_at_the_last) {
  ShardHarness harness(clustered());
  const int peer = join(harness, "NB", "b");
  harness.take(peer);
  const int client = harness.connect();
  harness.send(client, "SUB foo 1\r\nPING\r\n");
  EXPECT_EQ(harness.take(peer), "RS+ $G foo\r\n");
  harness.send(client, "SUB foo 2\r\nUNSUB 1\r\nPING\r\n");
  EXPECT_EQ(harness.take(peer), "");
  harness.send(client, "UNSUB 2\r\nPING\r\n");
  EXPECT_EQ(harness.take(peer), "RS- $G foo\r\n");
}

TEST(RouteSession, the_weight_of_a_queue_is_told_at_each_change) {
  ShardHarness harness(clustered());
  const int peer = join(harness, "NB", "b");
  harness.take(peer);
  const int client = harness.connect();
  harness.send(client, "SUB foo q 1\r\nSUB foo q 2\r\nUNSUB 1\r\nUNSUB 2\r\nPING\r\n");
  EXPECT_EQ(harness.take(peer),
            "RS+ $G foo q 1\r\nRS+ $G foo q 2\r\nRS+ $G foo q 1\r\nRS- $G foo q\r\n");
}

TEST(RouteSession, a_message_goes_once_to_a_peer_that_wants_it_twice) {
  ShardHarness harness(clustered());
  const int peer = join(harness, "NB", "b");
  harness.send(peer, "RS+ $G foo.*\r\nRS+ $G foo.>\r\nRS+ $G foo.a q 3\r\nPING\r\n");
  harness.take(peer);
  const int client = harness.connect();
  harness.send(client, "PUB foo.a re 2\r\nhi\r\nPING\r\n");
  EXPECT_EQ(harness.take(peer), "RMSG $G foo.a + re q 2\r\nhi\r\n");
}

TEST(RouteSession, a_message_of_a_route_goes_to_no_other_route) {
  ShardHarness harness(clustered());
  const int b = join(harness, "NB", "b");
  const int c = join(harness, "NC", "c", ",\"ip\":\"nats-route://127.0.0.1:6400/\"");
  harness.send(c, "RS+ $G foo\r\nPING\r\n");
  const int client = harness.connect();
  harness.send(client, "SUB foo 7\r\nPING\r\n");
  harness.take(b);
  harness.take(c);
  harness.send(b, "RMSG $G foo 2\r\nhi\r\n");
  EXPECT_EQ(harness.take(client), "MSG foo 7 2\r\nhi\r\n");
  EXPECT_EQ(harness.take(c), "");
}

TEST(RouteSession, a_queue_is_served_for_a_route_only_if_it_is_named) {
  ShardHarness harness(clustered());
  const int peer = join(harness, "NB", "b");
  const int client = harness.connect();
  harness.send(client, "SUB foo q 7\r\nPING\r\n");
  harness.send(peer, "RMSG $G foo 2\r\nno\r\n");
  EXPECT_EQ(harness.take(client), "");
  harness.send(peer, "RMSG $G foo | q other 3\r\nyes\r\n");
  EXPECT_EQ(harness.take(client), "MSG foo 7 3\r\nyes\r\n");
}

TEST(RouteSession, remote_interest_keeps_a_request_from_having_no_responders) {
  ShardHarness harness(clustered());
  const int peer = join(harness, "NB", "b");
  const int client = harness.connect(R"({"verbose":false,"headers":true,"no_responders":true})");
  harness.send(client, "SUB inbox 1\r\nPING\r\n");
  EXPECT_NE(harness.send(client, "PUB svc inbox 0\r\n\r\n").find("503"), std::string::npos);
  harness.send(peer, "RS+ $G svc\r\nPING\r\n");
  EXPECT_EQ(harness.send(client, "PUB svc inbox 0\r\n\r\n"), "");
}

TEST(RouteSession, the_interest_of_a_lost_peer_is_gone_at_once) {
  ShardHarness harness(clustered());
  const int peer = join(harness, "NB", "b");
  harness.send(peer, "RS+ $G svc\r\nPING\r\n");
  const int client = harness.connect(R"({"verbose":false,"headers":true,"no_responders":true})");
  harness.send(client, "SUB inbox 1\r\nPING\r\n");
  harness.hang_up(peer);
  EXPECT_NE(harness.send(client, "PUB svc inbox 0\r\n\r\n").find("503"), std::string::npos);
}

TEST(RouteSession, accounts_do_not_mix_and_an_unknown_one_is_left_alone) {
  ShardHarness harness(clustered());
  const int peer = join(harness, "NB", "b");
  const int client = harness.connect();
  harness.send(client, "SUB foo 7\r\nPING\r\n");
  harness.send(peer, "RS+ NOBODY foo\r\nRMSG NOBODY foo 2\r\nno\r\nRMSG $SYS foo 2\r\nno\r\n");
  EXPECT_EQ(harness.take(client), "");
  EXPECT_FALSE(harness.is_closed(peer));
}

TEST(RouteSession, another_cluster_is_refused_and_both_names_are_told) {
  ShardHarness harness(clustered());
  const int peer = harness.open_peer(ConnectionKind::route, {});
  harness.take(peer);
  EXPECT_EQ(harness.send(peer, connect_line("NB", "OTHER")),
            "-ERR 'Rejecting connection, cluster name \"OTHER\" does not match \"CL\"'\r\n");
  EXPECT_TRUE(harness.is_closed(peer));
  EXPECT_TRUE(has_log(harness, "\"OTHER\" does not match \"CL\""));
}

TEST(RouteSession, a_wrong_password_is_refused_without_saying_what_was_wrong) {
  Options options = clustered();
  options.cluster.username = "ruser";
  options.cluster.password = "secret";
  ShardHarness harness(options);
  const int peer = harness.open_peer(ConnectionKind::route, {});
  harness.take(peer);
  EXPECT_EQ(harness.send(peer, connect_line("NB", "CL", ",\"user\":\"ruser\",\"pass\":\"x\"")),
            "-ERR 'Authorization Violation'\r\n");
  EXPECT_TRUE(harness.is_closed(peer));
  EXPECT_FALSE(has_log(harness, "secret"));
}

TEST(RouteSession, who_begins_with_something_else_than_connect_is_refused) {
  ShardHarness harness(clustered());
  const int peer = harness.open_peer(ConnectionKind::route, {});
  harness.take(peer);
  EXPECT_EQ(harness.send(peer, info_line("NB", "b")), "-ERR 'Authorization Violation'\r\n");
  EXPECT_TRUE(harness.is_closed(peer));
}

TEST(RouteSession, a_connection_to_itself_is_closed_without_a_word) {
  ShardHarness harness(clustered());
  const int peer = harness.open_peer(ConnectionKind::route, {});
  harness.take(peer);
  harness.send(peer, connect_line(own_id));
  EXPECT_EQ(harness.send(peer, info_line(own_id, "own")), "");
  EXPECT_TRUE(harness.is_closed(peer));
}

TEST(RouteSession, a_second_server_of_a_name_does_not_displace_the_first) {
  ShardHarness harness(clustered());
  const int first = join(harness, "NB", "b");
  harness.send(first, "RS+ $G foo\r\nPING\r\n");
  const int second = join(harness, "NC", "b");
  EXPECT_TRUE(harness.is_closed(second));
  EXPECT_FALSE(harness.is_closed(first));
  EXPECT_TRUE(has_log(harness, "duplicate name: \"b\""));
  harness.take(first);
  const int client = harness.connect();
  harness.send(client, "PUB foo 2\r\nhi\r\nPING\r\n");
  EXPECT_NE(harness.take(first).find("RMSG $G foo 2\r\nhi\r\n"), std::string::npos);
}

TEST(RouteSession, a_route_for_one_account_is_refused_and_not_taken_for_the_route) {
  ShardHarness harness(clustered());
  const int dedicated = harness.open_peer(ConnectionKind::route, {});
  harness.take(dedicated);
  harness.send(dedicated, connect_line("NB"));
  const std::string answer =
      harness.send(dedicated, info_line("NB", "b", ",\"route_account\":\"$SYS\""));
  EXPECT_EQ(answer,
            "-ERR 'Not possible to have a dedicated route for account \"$SYS\" between those "
            "servers'\r\n");
  EXPECT_TRUE(harness.is_closed(dedicated));
  EXPECT_FALSE(harness.is_closed(join(harness, "NB", "b")));
}

TEST(RouteSession, members_are_told_of_a_newcomer_and_how_to_reach_it) {
  ShardHarness harness(clustered());
  const int b = join(harness, "NB", "b");
  harness.take(b);
  join(harness, "NC", "c", ",\"nonce\":\"secret\"");
  const std::string told = harness.take(b);
  EXPECT_NE(told.find("\"server_id\":\"NC\""), std::string::npos) << told;
  EXPECT_NE(told.find("\"ip\":\"nats-route://127.0.0.1:6300/\""), std::string::npos) << told;
  EXPECT_EQ(told.find("secret"), std::string::npos);
}

TEST(RouteSession, a_server_told_of_is_resolved_and_dialed) {
  ShardHarness harness(clustered());
  const int b = join(harness, "NB", "b");
  harness.send(b, info_line("NC", "c", ",\"ip\":\"nats-route://node-c:6400/\""));
  ASSERT_EQ(harness.resolves().size(), 1u);
  EXPECT_EQ(harness.resolves()[0].host, "node-c");
  auto found = std::make_shared<HostAddresses>();
  found->addresses.resize(2);
  found->addresses[0].bytes = {10, 0, 0, 3};
  found->addresses[1].bytes = {10, 0, 0, 4};
  harness.step({HostResolved{harness.resolves()[0].ticket, found}});
  ASSERT_EQ(harness.dials().size(), 2u);
  EXPECT_EQ(harness.dials()[0].address.port, 6400);
}

TEST(RouteSession, a_certificate_names_what_is_configured_where_an_address_was_told) {
  Options options = clustered();
  options.cluster.routes = {{"10.0.0.1", 6222, "", "", false}, {"nodes", 6222, "", "", false}};
  ShardHarness harness(options);
  const int b = join(harness, "NB", "b");
  harness.resolves().clear();
  harness.send(b, info_line("NC", "c", ",\"ip\":\"nats-route://10.0.0.3:6400/\""));
  harness.send(b, info_line("ND", "d", ",\"ip\":\"nats-route://node-d:6400/\""));
  ASSERT_EQ(harness.resolves().size(), 2u);
  auto found = std::make_shared<HostAddresses>();
  found->addresses.resize(1);
  for (std::uint8_t last = 3; last < 5; ++last) {
    found->addresses[0].bytes = {10, 0, 0, last};
    harness.step({HostResolved{harness.resolves()[last - 3U].ticket,
                               std::make_shared<const HostAddresses>(*found)}});
  }
  ASSERT_EQ(harness.dials().size(), 2u);
  EXPECT_EQ(harness.dials()[0].host, "nodes");
  EXPECT_EQ(harness.dials()[1].host, "node-d");
}

TEST(RouteSession, a_route_that_began_by_other_rules_ends_with_a_reload) {
  Options options = clustered();
  options.cluster.routes = {{"node-b", 6222, "", "", false}};
  ShardHarness harness(options);
  const int dialed = dial_out(harness);
  harness.send(dialed, info_line("NB", "b"));
  const int accepted = join(harness, "NC", "c");
  options.cluster.ping_max = 3;
  harness.reload(options);
  EXPECT_FALSE(harness.is_closed(dialed));
  EXPECT_FALSE(harness.is_closed(accepted));
  options.cluster.username = "u";
  harness.reload(options);
  EXPECT_FALSE(harness.is_closed(dialed)) << "whom we dial asks for a login of its own";
  EXPECT_TRUE(harness.is_closed(accepted));
  options.cluster.export_filter = SubjectFilter{{}, {"secret.>"}};
  harness.reload(options);
  EXPECT_TRUE(harness.is_closed(dialed));
}

TEST(RouteSession, leaf_connections_go_by_the_name_that_the_cluster_agreed_on) {
  Options options = clustered();
  options.cluster.name = "made-up";
  options.cluster.is_name_dynamic = true;
  options.leaf.enabled = true;
  options.leaf.host = "127.0.0.1";
  options.leaf.port = 7422;
  ShardHarness harness(options);
  const int early = harness.open_peer(ConnectionKind::leaf, {});
  EXPECT_NE(harness.take(early).find("\"cluster\":\"made-up\""), std::string::npos);
  harness.send(early, "CONNECT {\"name\":\"L\",\"cluster\":\"CL\"}\r\n");
  EXPECT_FALSE(harness.is_closed(early));
  join(harness, "NB", "b");
  EXPECT_TRUE(harness.is_closed(early));
  const int leaf = harness.open_peer(ConnectionKind::leaf, {});
  EXPECT_NE(harness.take(leaf).find("\"cluster\":\"CL\""), std::string::npos);
  EXPECT_EQ(harness.send(leaf, "CONNECT {\"name\":\"L\",\"cluster\":\"CL\"}\r\n"),
            "-ERR 'remote leafnode has same cluster name'\r\n");
}

TEST(RouteSession, a_leaf_without_any_name_is_told_of_like_any_other_and_withdrawn) {
  Options options = clustered();
  options.leaf.enabled = true;
  ShardHarness harness(options);
  const int peer = join(harness, "NB", "b");
  const int leaf = harness.open_peer(ConnectionKind::leaf, {});
  harness.send(leaf, "CONNECT {}\r\n");
  harness.take(peer);
  harness.take(leaf);
  EXPECT_EQ(harness.send(leaf, "LS+ foo\r\nLS+ q G 3\r\n"), "") << "its own wishes";
  const std::string told = harness.take(peer);
  const std::string origin = told.substr(4, told.find(' ', 4) - 4);
  EXPECT_EQ(told, "LS+ " + origin + " $G foo\r\nLS+ " + origin + " $G q G 3\r\n");
  EXPECT_FALSE(origin.empty());
  harness.send(leaf, "LS- foo\r\n");
  EXPECT_EQ(harness.take(peer), "LS- " + origin + " $G foo\r\n");
}

TEST(RouteSession, what_a_member_said_of_an_account_before_it_was_known_here_is_asked_for_again) {
  Options options = clustered();
  ShardHarness harness(options);
  const int early = join(harness, "NB", "b");
  const int silent = join(harness, "NC", "c");
  harness.send(early, "RS+ X foo\r\n");
  options.cluster.ping_max = 3;
  harness.reload(options);
  EXPECT_FALSE(harness.is_closed(early));
  options.accounts.resize(1);
  options.accounts[0].name = "X";
  harness.reload(options);
  EXPECT_TRUE(harness.is_closed(early));
  EXPECT_FALSE(harness.is_closed(silent));
}

TEST(RouteSession, interest_before_the_own_info_ends_the_route_with_a_reason) {
  ShardHarness harness(clustered());
  const int peer = harness.open_peer(ConnectionKind::route, {});
  harness.send(peer, connect_line("NB") + "RS+ $G foo\r\n");
  EXPECT_TRUE(harness.is_closed(peer));
  EXPECT_TRUE(has_log(harness, "before it said who it is"));
}

TEST(RouteSession, an_invalid_subscription_that_a_member_complains_of_costs_no_route) {
  ShardHarness harness(clustered());
  const int peer = join(harness, "NB", "b");
  harness.send(peer, "-ERR 'Invalid Subscription'\r\n");
  EXPECT_FALSE(harness.is_closed(peer));
  harness.send(peer, "-ERR 'Stale Connection'\r\n");
  EXPECT_TRUE(harness.is_closed(peer));
}

TEST(RouteSession, a_server_told_of_is_given_up_when_it_was_not_there_for_ten_minutes) {
  ShardHarness harness(clustered());
  const int b = join(harness, "NB", "b");
  harness.send(b, info_line("NC", "c", ",\"ip\":\"nats-route://10.0.0.3:6400/\""));
  auto found = std::make_shared<HostAddresses>();
  found->addresses.resize(1);
  found->addresses[0].bytes = {10, 0, 0, 3};
  const auto refused = std::make_shared<const DialTrouble>(DialTrouble{"connection refused"});
  std::size_t dials_in_nine_minutes = 0;
  for (int second = 0; second < 660; ++second) {
    harness.take(b);
    harness.send(b, "PONG\r\n");
    for (const ResolveHost& asked : std::exchange(harness.resolves(), {})) {
      harness.step({HostResolved{asked.ticket, found}});
    }
    for (const DialPeer& dial : std::exchange(harness.dials(), {})) {
      dials_in_nine_minutes += second < 540 ? 1 : 0;
      EXPECT_LT(second, 602);
      harness.step({DialFailed{dial.ticket, refused}});
    }
    harness.advance(seconds(1));
  }
  EXPECT_GT(dials_in_nine_minutes, 500U);
}

TEST(RouteSession, a_failed_dial_is_tried_again_within_a_second) {
  Options options = clustered();
  options.cluster.routes = {{"node-b", 6222, "", "", false}};
  ShardHarness harness(options);
  harness.step({});
  ASSERT_EQ(harness.resolves().size(), 1u);
  auto found = std::make_shared<HostAddresses>();
  found->addresses.resize(1);
  harness.step({HostResolved{harness.resolves()[0].ticket, found}});
  const auto refused = std::make_shared<const DialTrouble>(DialTrouble{"connection refused"});
  for (std::size_t attempt = 1; attempt < 10; ++attempt) {
    ASSERT_EQ(harness.dials().size(), attempt);
    harness.step({DialFailed{harness.dials().back().ticket, refused}});
    harness.advance(seconds(1));
  }
}

TEST(RouteSession, clients_are_told_the_addresses_of_members_and_when_one_goes) {
  ShardHarness harness(clustered());
  const int client = harness.connect(R"({"protocol":1})");
  harness.take(client);
  const int b = join(harness, "NB", "b");
  EXPECT_NE(harness.take(client).find("\"connect_urls\":[\"10.0.0.9:4222\",\"127.0.0.1:4222\"]"),
            std::string::npos);
  harness.send(b, info_line("NB", "b", ",\"ldm\":true"));
  EXPECT_NE(harness.take(client).find("\"connect_urls\":[\"127.0.0.1:4222\"]"), std::string::npos);
}

TEST(RouteSession, a_peer_that_answers_no_ping_is_stale) {
  ShardHarness harness(clustered());
  const int peer = join(harness, "NB", "b");
  harness.advance(seconds(100));
  EXPECT_TRUE(harness.is_closed(peer));
  EXPECT_NE(harness.take(peer).find("-ERR 'Stale Connection'"), std::string::npos);
}

TEST(RouteSession, a_peer_that_says_nothing_is_not_kept) {
  ShardHarness harness(clustered());
  const int peer = harness.open_peer(ConnectionKind::route, {});
  harness.advance(seconds(5));
  EXPECT_TRUE(harness.is_closed(peer));
}

TEST(RouteSession, import_limits_what_is_asked_for_and_export_what_is_given) {
  Options options = clustered();
  options.cluster.import_filter = SubjectFilter{{"in.>"}, {}};
  options.cluster.export_filter = SubjectFilter{{"out.>"}, {}};
  ShardHarness harness(options);
  const int peer = join(harness, "NB", "b");
  harness.send(peer, "RS+ $G secret\r\nRS+ $G out.a\r\nPING\r\n");
  harness.take(peer);
  const int client = harness.connect();
  harness.send(client, "SUB in.a 1\r\nSUB other 2\r\nPING\r\n");
  EXPECT_EQ(harness.take(peer), "RS+ $G in.a\r\n");
  harness.send(client, "PUB secret 2\r\nno\r\nPUB out.a 2\r\nhi\r\nPING\r\n");
  EXPECT_EQ(harness.take(peer), "RMSG $G out.a 2\r\nhi\r\n");
}

// ---- shards -------------------------------------------------------------------------------------

TEST(Sibling, the_first_shard_speaks_for_the_others_towards_routes) {
  Options options = clustered();
  options.shard = {0, 2};
  ShardHarness harness(options);
  const int sibling = harness.open_peer(ConnectionKind::sibling, {});
  const int route = join(harness, "NB", "b");
  harness.take(route);
  harness.send(sibling, "RS+ $G foo\r\n");
  EXPECT_EQ(harness.take(route), "RS+ $G foo\r\n");
  harness.send(route, "RS+ $G bar\r\nRMSG $G foo 2\r\nhi\r\n");
  EXPECT_EQ(harness.take(sibling), "RS+ $G bar\r\nRMSG $G foo 2\r\nhi\r\n");
  harness.send(sibling, "RMSG $G bar 3\r\nyes\r\n");
  EXPECT_EQ(harness.take(route), "RMSG $G bar 3\r\nyes\r\n");
}

TEST(Sibling, the_other_shards_tell_of_their_own_clients_only) {
  Options options = clustered();
  options.shard = {1, 3};
  ShardHarness harness(options);
  const int first = harness.open_peer(ConnectionKind::sibling, {});
  const int third = harness.open_peer(ConnectionKind::sibling, {});
  harness.take(first);
  harness.take(third);
  harness.send(first, "RS+ $G foo\r\nRMSG $G foo 2\r\nhi\r\n");
  EXPECT_EQ(harness.take(third), "");
  const int client = harness.connect();
  EXPECT_EQ(harness.take(first), "INFO {\"connections_of\":\"$G\",\"connections\":1}\r\n");
  harness.take(third);
  harness.send(client, "SUB bar 1\r\nPING\r\n");
  EXPECT_EQ(harness.take(first), "RS+ $G bar\r\n");
  EXPECT_EQ(harness.take(third), "RS+ $G bar\r\n");
}

TEST(Sibling, clients_of_all_shards_are_told_the_addresses_of_the_cluster) {
  Options options = clustered();
  options.shard = {0, 2};
  ShardHarness first(options);
  const int to_second = first.open_peer(ConnectionKind::sibling, {});
  join(first, "NB", "b");
  options.shard = {1, 2};
  ShardHarness second(options);
  const int to_first = second.open_peer(ConnectionKind::sibling, {});
  const int client = second.connect(R"({"protocol":1})");
  second.take(client);
  second.send(to_first, first.take(to_second));
  EXPECT_NE(second.take(client).find("\"connect_urls\":[\"10.0.0.9:4222\",\"127.0.0.1:4222\"]"),
            std::string::npos);
}

TEST(RouteSession, a_peer_that_lost_its_connection_unseen_gets_a_new_one) {
  // Own id smaller and the connection dialed by us: in step, ours would stay.
  Options options = clustered();
  options.cluster.routes = {{"node-b", 6222, "", "", false}};
  ShardHarness harness(options);
  const int ours = dial_out(harness);
  harness.send(ours, info_line("NB", "b", ",\"rubus\":\"1\""));
  EXPECT_TRUE(harness.is_closed(join(harness, "NB", "b", ",\"rubus\":\"1\"")));
  harness.advance(seconds(10));
  const int theirs = join(harness, "NB", "b", ",\"rubus\":\"1\"");
  EXPECT_FALSE(harness.is_closed(theirs));
  harness.send(theirs, "RS+ $G foo\r\n");
  harness.advance(seconds(3));
  EXPECT_TRUE(harness.is_closed(ours));
  const int client = harness.connect();
  harness.send(client, "PUB foo 2\r\nhi\r\nPING\r\n");
  EXPECT_NE(harness.take(theirs).find("RMSG $G foo 2\r\nhi\r\n"), std::string::npos);
}

// Two nodes of one cluster that join the same hub must not bring its messages to each other.
TEST(RouteSession, what_a_hub_wants_is_not_told_to_routes) {
  Options options = clustered();
  options.leaf.remotes.emplace_back().urls.emplace_back();
  options.leaf.remotes[0].urls[0].host = "127.0.0.1";
  options.leaf.remotes[0].urls[0].port = 7422;
  ShardHarness harness(options);
  const int route = join(harness, "NB", "b");
  ASSERT_FALSE(harness.resolves().empty());
  auto found = std::make_shared<HostAddresses>();
  found->addresses.resize(1);
  harness.step({HostResolved{harness.resolves().back().ticket, found}});
  ASSERT_FALSE(harness.dials().empty());
  const int hub = harness.open_peer(ConnectionKind::leaf, harness.dials().back().ticket);
  harness.send(hub,
               "INFO {\"server_id\":\"NH\",\"server_name\":\"h\",\"client_id\":1,"
               "\"leafnode_urls\":[\"127.0.0.1:7422\"],\"info_on_connect\":true,"
               "\"cluster\":\"HC\",\"headers\":true,\"max_payload\":1048576}\r\n");
  harness.send(hub, "INFO {\"server_id\":\"NH\",\"client_id\":1,\"connect_info\":true}\r\n");
  harness.take(route);
  harness.send(hub, "LS+ foo\r\nPING\r\n");
  EXPECT_EQ(harness.take(route), "");
  harness.take(hub);
  harness.send(route, "RMSG $G foo 2\r\nhi\r\n");
  EXPECT_EQ(harness.take(hub), "");
  const int client = harness.connect();
  harness.send(client, "PUB foo 2\r\nhi\r\nPING\r\n");
  EXPECT_NE(harness.take(hub).find("LMSG foo 2\r\nhi\r\n"), std::string::npos);
}

// Interest that is counted from a reload on covers what the server itself listens for.
TEST(RouteSession, a_server_that_becomes_a_leaf_node_by_reload_ends_in_peace) {
  Options options = ShardHarness::default_options();
  ShardHarness harness(options);
  const int client = harness.connect();
  harness.send(client, "SUB foo 1\r\nPING\r\n");
  options.leaf.remotes.emplace_back().urls.emplace_back();
  options.leaf.remotes[0].urls[0].host = "127.0.0.1";
  options.leaf.remotes[0].urls[0].port = 7422;
  harness.reload(options);
  EXPECT_EQ(harness.send(client, "UNSUB 1\r\nPING\r\n").find("-ERR"), std::string::npos);
}

}  // namespace
}  // namespace rubus::test
