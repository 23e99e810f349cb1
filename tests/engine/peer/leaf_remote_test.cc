// A shard as leaf node: it dials its hubs, plays the recorded side of a nats-server leaf, and waits
// as long as it should before it tries again.
#include <gtest/gtest.h>

#include "tests/engine/shard_harness.h"

namespace rubus::test {
namespace {

RemoteUrl url(std::string host, std::uint16_t port) {
  RemoteUrl made;
  made.host = std::move(host);
  made.port = port;
  return made;
}

Options leaf() {
  Options options = ShardHarness::default_options();
  options.identity.server_id = "NL";
  options.identity.server_name = "L";
  options.identity.version = "2.15.1";
  options.leaf.remotes.resize(1);
  options.leaf.remotes[0].urls = {url("hub.example", 17013)};
  options.leaf.remotes[0].urls[0].username = "lf";
  options.leaf.remotes[0].urls[0].password = "lfpw";
  return options;
}

// Whoever plays the hub for the shard.
class HubSide {
 public:
  explicit HubSide(const Options& options) : shard(options) { shard.step({}); }

  // Answers the name with these last bytes of 127.0.0.x.
  std::string resolve(const std::vector<std::uint8_t>& hosts) {
    if (shard.resolves().empty()) {
      return {};
    }
    const ResolveHost asked = shard.resolves().front();
    shard.resolves().erase(shard.resolves().begin());
    auto found = std::make_shared<HostAddresses>();
    for (const std::uint8_t host : hosts) {
      Address address;
      address.bytes = {127, 0, 0, host};
      found->addresses.push_back(address);
    }
    if (hosts.empty()) {
      found->trouble = "no such host";
    }
    shard.step({HostResolved{asked.ticket, found}});
    return asked.host;
  }
  DialPeer take_dial() {
    DialPeer dial;
    if (!shard.dials().empty()) {
      dial = shard.dials().front();
      shard.dials().erase(shard.dials().begin());
    }
    return dial;
  }
  int accept() {
    resolve({1});
    return shard.open_peer(ConnectionKind::leaf, take_dial().ticket);
  }
  void refuse(const DialPeer& dial) {
    auto trouble = std::make_shared<DialTrouble>();
    trouble->text = "connection refused";
    shard.step({DialFailed{dial.ticket, trouble}});
  }
  bool is_quiet() { return shard.resolves().empty() && shard.dials().empty(); }

  ShardHarness shard;
};

constexpr std::string_view greeting =
    "INFO {\"server_id\":\"NB\",\"server_name\":\"B\",\"version\":\"2.15.1\",\"proto\":3,"
    "\"host\":\"127.0.0.1\",\"port\":17013,\"headers\":true,\"auth_required\":true,"
    "\"max_payload\":1048576,\"client_id\":7,\"nonce\":\"n\",\"cluster\":\"CL\","
    "\"compression\":\"off\",\"info_on_connect\":true,\"leafnode_urls\":[\"127.0.0.1:17013\"]} "
    "\r\n";

std::string answer(std::string_view more = {}) {
  return "INFO {\"server_id\":\"NB\",\"server_name\":\"B\",\"proto\":3,\"headers\":true,"
         "\"client_id\":7,\"cluster\":\"CL\",\"connect_info\":true,\"remote_account\":\"APP\"" +
         std::string(more) +
         ",\"info_on_connect\":true,\"leafnode_urls\":[\"127.0.0.1:17013\"]} \r\n";
}

int join(HubSide& hub, std::string_view more = {}) {
  const int connection = hub.accept();
  hub.shard.send(connection, greeting);
  hub.shard.send(connection, answer(more));
  return connection;
}

TEST(LeafRemote, resolves_dials_and_says_the_recorded_connect) {
  HubSide hub(leaf());
  EXPECT_EQ(hub.resolve({1}), "hub.example");
  const DialPeer dial = hub.take_dial();
  EXPECT_EQ(dial.kind, ConnectionKind::leaf);
  EXPECT_EQ(dial.address.port, 17013);
  EXPECT_EQ(dial.host, "hub.example");
  const int connection = hub.shard.open_peer(ConnectionKind::leaf, dial.ticket);
  EXPECT_EQ(hub.shard.take(connection), "");
  EXPECT_EQ(hub.shard.send(connection, greeting),
            "CONNECT {\"version\":\"2.15.1\",\"user\":\"lf\",\"pass\":\"lfpw\","
            "\"server_id\":\"NL\",\"name\":\"L\",\"cluster\":\"L\",\"headers\":true,"
            "\"compress_mode\":\"off\",\"remote_account\":\"$G\",\"protocol\":3}\r\n");
}

TEST(LeafRemote, interest_goes_out_behind_the_answer_and_not_before) {
  HubSide hub(leaf());
  const int client = hub.shard.connect();
  hub.shard.send(client, "SUB l.x 1\r\n");
  const int connection = hub.accept();
  EXPECT_EQ(hub.shard.send(connection, greeting).find("LS+"), std::string::npos);
  const std::string told = hub.shard.send(connection, answer());
  EXPECT_NE(told.find("LS+ l.x\r\nLS+ $LDS."), std::string::npos) << told;
}

TEST(LeafRemote, a_hub_that_answers_no_connect_is_joined_behind_it) {
  HubSide hub(leaf());
  const int connection = hub.accept();
  const std::string told = hub.shard.send(
      connection, "INFO {\"client_id\":7,\"leafnode_urls\":[\"127.0.0.1:17013\"]}\r\n");
  EXPECT_TRUE(told.starts_with("CONNECT "));
  EXPECT_NE(told.find("\r\nLS+ $LDS."), std::string::npos);
}

// The capture leaf_messages from the side of the leaf.
TEST(LeafRemote, speaks_as_the_recorded_leaf) {
  HubSide hub(leaf());
  const int connection = join(hub);
  hub.shard.take(connection);
  const int client = hub.shard.connect(R"({"verbose":false,"headers":true})");
  hub.shard.send(client, "SUB l.x 1\r\nSUB l.x 2\r\nUNSUB 1\r\nUNSUB 2\r\n");
  EXPECT_EQ(hub.shard.take(connection), "LS+ l.x\r\nLS- l.x\r\n");
  hub.shard.send(client, "SUB l.q G 1\r\nSUB l.q G 2\r\nSUB l.q H 3\r\nSUB l.q 4\r\n");
  EXPECT_EQ(hub.shard.take(connection), "LS+ l.q G 1\r\nLS+ l.q G 2\r\nLS+ l.q H 1\r\nLS+ l.q\r\n");
  hub.shard.send(connection, "LS+ h.x\r\nLS+ h.q G 1\r\n");
  hub.shard.send(client,
                 "PUB h.x 2\r\nup\r\nPUB h.x r.2 2\r\nup\r\n"
                 "HPUB h.x 18 20\r\nNATS/1.0\r\nK: v\r\n\r\nup\r\nPUB h.q 2\r\nup\r\n"
                 "PUB nobody 2\r\nup\r\n");
  EXPECT_EQ(hub.shard.take(connection),
            "LMSG h.x 2\r\nup\r\nLMSG h.x r.2 2\r\nup\r\n"
            "HMSG h.x 18 20\r\nNATS/1.0\r\nK: v\r\n\r\nup\r\nLMSG h.q | G 2\r\nup\r\n");
  hub.shard.send(connection, "LMSG l.q + r.1 G H 4\r\nbody\r\n");
  const std::string got = hub.shard.take(client);
  EXPECT_NE(got.find("MSG l.q 4 r.1 4\r\nbody\r\n"), std::string::npos);
  EXPECT_NE(got.find("MSG l.q 3 r.1 4\r\nbody\r\n"), std::string::npos);
}

TEST(LeafRemote, keeps_to_the_rights_the_hub_tells) {
  HubSide hub(leaf());
  const int connection = join(hub, R"(,"import":{"allow":["down.>"]},"export":{"allow":["up.>"]})");
  hub.shard.send(connection, "LS+ >\r\n");
  hub.shard.take(connection);
  const int client = hub.shard.connect();
  hub.shard.send(client, "SUB down.a 1\r\nSUB else.a 2\r\nPUB up.a 1\r\n1\r\nPUB other 1\r\n2\r\n");
  EXPECT_EQ(hub.shard.take(connection), "LS+ down.a\r\nLMSG up.a 1\r\n1\r\n");
}

TEST(LeafRemote, denied_exports_and_imports_do_not_cross_and_the_hub_is_told) {
  Options options = leaf();
  options.leaf.remotes[0].deny_exports = {"private.>"};
  options.leaf.remotes[0].deny_imports = {"noise.>"};
  HubSide hub(options);
  const int connection = hub.accept();
  EXPECT_NE(hub.shard.send(connection, greeting).find(R"("deny_pub":["noise.\u003e"])"),
            std::string::npos);
  hub.shard.send(connection, answer());
  hub.shard.send(connection, "LS+ >\r\n");
  const int client = hub.shard.connect();
  hub.shard.take(connection);
  hub.shard.send(client, "SUB noise.a 1\r\nSUB > 2\r\nPUB private.a 1\r\n1\r\n");
  EXPECT_EQ(hub.shard.take(connection), "LS+ >\r\n");
  hub.shard.take(client);
  hub.shard.send(connection, "LMSG noise.a 1\r\n1\r\n");
  EXPECT_EQ(hub.shard.take(client), "");
  EXPECT_FALSE(hub.shard.is_closed(connection));
}

TEST(LeafRemote, a_port_that_is_none_of_leaf_nodes_is_left) {
  HubSide hub(leaf());
  const int connection = hub.accept();
  hub.shard.send(connection, "INFO {\"server_id\":\"NB\",\"client_id\":7}\r\n");
  EXPECT_TRUE(hub.shard.is_closed(connection));
}

TEST(LeafRemote, a_hub_that_says_nothing_for_a_second_is_left) {
  HubSide hub(leaf());
  const int connection = hub.accept();
  hub.shard.advance(milliseconds(999));
  EXPECT_FALSE(hub.shard.is_closed(connection));
  hub.shard.advance(milliseconds(2));
  EXPECT_EQ(hub.shard.take(connection), "-ERR 'Stale Leaf Node Connection - Closing'\r\n");
}

TEST(LeafRemote, a_hub_that_does_not_answer_connect_within_two_seconds_is_left) {
  HubSide hub(leaf());
  const int connection = hub.accept();
  hub.shard.send(connection, greeting);
  hub.shard.advance(milliseconds(1999));
  EXPECT_FALSE(hub.shard.is_closed(connection));
  hub.shard.advance(milliseconds(2));
  EXPECT_EQ(hub.shard.take(connection), "-ERR 'Stale Leaf Node Connection - Closing'\r\n");
}

TEST(LeafRemote, a_lost_hub_is_dialed_again_after_a_second_for_ever) {
  HubSide hub(leaf());
  for (int round = 0; round < 5; ++round) {
    const int connection = join(hub);
    hub.shard.hang_up(connection);
    EXPECT_TRUE(hub.is_quiet());
    hub.shard.advance(milliseconds(999));
    EXPECT_TRUE(hub.is_quiet());
    hub.shard.advance(milliseconds(102));
    EXPECT_EQ(hub.shard.resolves().size(), 1U);
  }
}

TEST(LeafRemote, every_address_and_every_url_is_tried_before_the_pause) {
  Options options = leaf();
  options.leaf.remotes[0].urls.push_back(url("other.example", 17014));
  options.leaf.remotes[0].no_randomize = true;
  HubSide hub(options);
  EXPECT_EQ(hub.resolve({1, 2}), "hub.example");
  const DialPeer first = hub.take_dial();
  hub.refuse(first);
  const DialPeer second = hub.take_dial();
  EXPECT_NE(first.address.bytes, second.address.bytes);
  hub.refuse(second);
  EXPECT_EQ(hub.resolve({}), "other.example");
  EXPECT_TRUE(hub.is_quiet());
  hub.shard.advance(milliseconds(1101));
  EXPECT_EQ(hub.resolve({1}), "hub.example");
}

TEST(LeafRemote, addresses_the_hub_tells_of_are_tried_too) {
  HubSide hub(leaf());
  const int connection = join(hub);
  hub.shard.send(connection,
                 "INFO {\"client_id\":0,\"leafnode_urls\":[\"127.0.0.1:17013\",\"[::1]:7\"]}\r\n");
  hub.shard.hang_up(connection);
  hub.shard.advance(milliseconds(1101));
  EXPECT_EQ(hub.resolve({}), "hub.example");
  EXPECT_EQ(hub.resolve({}), "127.0.0.1");
  EXPECT_EQ(hub.resolve({1}), "::1");
  const DialPeer dial = hub.take_dial();
  EXPECT_EQ(dial.address.port, 7);
  // One certificate is made for all hubs, and it names no address.
  EXPECT_EQ(dial.host, "hub.example");
}

TEST(LeafRemote, addresses_the_hub_tells_of_are_left_alone_where_they_are_to_be_ignored) {
  Options options = leaf();
  options.leaf.remotes[0].ignores_discovered = true;
  HubSide hub(options);
  const int connection = join(hub);
  hub.shard.hang_up(connection);
  hub.shard.advance(milliseconds(1101));
  EXPECT_EQ(hub.resolve({}), "hub.example");
  EXPECT_TRUE(hub.is_quiet());
}

TEST(LeafRemote, errors_that_will_come_again_are_waited_out) {
  HubSide hub(leaf());
  const int connection = join(hub);
  hub.shard.send(connection, "-ERR 'Permissions Violation for Publish to \"a\"'\r\n");
  EXPECT_FALSE(hub.shard.is_closed(connection));
  hub.shard.hang_up(connection);
  hub.shard.advance(milliseconds(29'900));
  EXPECT_TRUE(hub.is_quiet());
  hub.shard.advance(milliseconds(200));
  EXPECT_EQ(hub.shard.resolves().size(), 1U);
}

TEST(LeafRemote, the_own_token_from_the_hub_is_a_loop_and_is_told) {
  HubSide hub(leaf());
  const int connection = hub.accept();
  hub.shard.send(connection, greeting);
  const std::string told = hub.shard.send(connection, answer());
  const std::string token = told.substr(told.find("LS+ $LDS."));
  EXPECT_EQ(hub.shard.send(connection, token.substr(0, token.find('\n') + 1)),
            "-ERR 'Loop detected for leafnode account=\"$G\". Delaying attempt to reconnect for "
            "30s'\r\n");
  EXPECT_TRUE(hub.shard.is_closed(connection));
  hub.shard.advance(seconds(29));
  EXPECT_TRUE(hub.is_quiet());
}

TEST(LeafRemote, tls_begins_behind_the_greeting_and_nothing_in_clear_is_believed_behind_it) {
  Options options = leaf();
  options.leaf.remotes[0].tls.enabled = true;
  std::string tls_greeting(greeting);
  tls_greeting.insert(tls_greeting.find("\"max_payload\""), "\"tls_required\":true,");
  HubSide hub(options);
  const int connection = hub.accept();
  EXPECT_EQ(hub.shard.send(connection, tls_greeting), "");
  ASSERT_EQ(hub.shard.tls().size(), 1U);
  EXPECT_EQ(hub.shard.tls()[0].start, TlsStart::dial);
  hub.shard.step({TlsChanged{ShardHarness::id_of(connection), TlsStage::established,
                             std::make_shared<const TlsFacts>()}});
  EXPECT_TRUE(hub.shard.take(connection).starts_with("CONNECT "));
  HubSide injected(options);
  const int other = injected.accept();
  injected.shard.send(other, tls_greeting + "LS+ fo");
  EXPECT_TRUE(injected.shard.is_closed(other));
}

TEST(LeafRemote, a_hub_without_the_tls_that_is_wanted_is_left_before_the_password_is_said) {
  Options options = leaf();
  options.leaf.remotes[0].tls.enabled = true;
  HubSide hub(options);
  const int connection = hub.accept();
  EXPECT_EQ(hub.shard.send(connection, greeting), "");
  EXPECT_TRUE(hub.shard.is_closed(connection));
}

TEST(LeafRemote, a_remote_that_left_the_configuration_is_closed_and_not_dialed) {
  HubSide hub(leaf());
  const int connection = join(hub);
  Options options = leaf();
  options.leaf.remotes.clear();
  hub.shard.reload(options);
  EXPECT_TRUE(hub.shard.is_closed(connection));
  hub.shard.advance(seconds(60));
  EXPECT_TRUE(hub.is_quiet());
  hub.shard.reload(leaf());
  hub.shard.advance(milliseconds(1));
  EXPECT_EQ(hub.shard.resolves().size(), 1U);
}

TEST(LeafRemote, interest_of_the_hub_ends_with_its_connection) {
  HubSide hub(leaf());
  const int connection = join(hub);
  hub.shard.send(connection, "LS+ h.x\r\n");
  hub.shard.hang_up(connection);
  const int client = hub.shard.connect(R"({"verbose":false,"headers":true,"no_responders":true})");
  hub.shard.send(client, "SUB inbox 1\r\n");
  EXPECT_NE(hub.shard.send(client, "PUB h.x inbox 1\r\n1\r\n").find("503"), std::string::npos);
}

}  // namespace
}  // namespace rubus::test
