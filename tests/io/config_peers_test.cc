// Goal: the blocks about other servers, shards and metrics become the options they name; what the
// engine cannot do is refused with its place. Method: texts through the reader the server uses.
#include <gtest/gtest.h>

#include "io/config_start_checks.h"
#include "io/config_url.h"
#include "tests/io/config_support.h"

namespace rubus::io {
namespace {

ServerConfig config_of(const std::string& text) {
  ConfigOutcome outcome = read_text(text);
  EXPECT_EQ(all_of(outcome.errors), "");
  return outcome.config;
}

std::string errors_of(const std::string& text) { return all_of(read_text(text).errors); }
std::string remarks_of(const std::string& text) { return all_of(read_text(text).remarks); }

std::string start_error_of(const std::string& text) {
  const std::optional<StartRefusal> refusal = start_refusal(config_of(text));
  return refusal ? (refusal->logged ? "FTL " : "") + refusal->text : "none";
}

std::string refused(const std::string& place, const std::string& name) {
  return "f.conf:" + place + ": directive \"" + name +
         "\" is known but not supported by this version of Rubus yet";
}

TEST(ConfigCluster, a_full_block_fills_the_options) {
  const ServerConfig config = config_of(
      "ping_max: 9\n"
      "cluster {\n"
      "  name: c1, listen: \"127.0.0.1:26001\"\n"
      "  authorization { user: u, password: p, timeout: 0.5 }\n"
      "  routes: [ \"nats-route://a:b%40@h1:1\", \"nats://[::1]:2\", \"h3:3\" ]\n"
      "  advertise: \"adv:7\", no_advertise: true, connect_retries: 4, connect_backoff: true\n"
      "  permissions { import: { allow: \"i.>\", deny: [\"i.x\"] }, export: \"e.>\" }\n"
      "  ping_interval: 5s, write_deadline: 3s\n"
      "}\n");
  ASSERT_TRUE(config.cluster_listen.has_value());
  EXPECT_EQ(config.cluster_listen->port, 26001);
  const ClusterOptions& cluster = config.engine.cluster;
  EXPECT_TRUE(cluster.enabled && cluster.no_advertise && cluster.connect_backoff);
  EXPECT_EQ(cluster.name, "c1");
  EXPECT_EQ(cluster.host, "127.0.0.1");
  EXPECT_EQ(cluster.port, 26001);
  EXPECT_EQ(cluster.username, "u");
  EXPECT_EQ(cluster.password, "p");
  EXPECT_EQ(cluster.authentication_timeout, milliseconds(500));
  EXPECT_EQ(cluster.advertise_host, "adv");
  EXPECT_EQ(cluster.advertise_port, 7);
  EXPECT_EQ(cluster.connect_retries, 4u);
  EXPECT_EQ(cluster.ping_interval, seconds(5));
  EXPECT_EQ(cluster.ping_max, 9u);
  EXPECT_EQ(cluster.write_deadline, seconds(3));
  ASSERT_EQ(cluster.routes.size(), 3u);
  EXPECT_EQ(cluster.routes[0].password, "b@");
  EXPECT_EQ(cluster.routes[1].host, "::1");
  EXPECT_EQ(cluster.routes[2].host, "h3");
  EXPECT_EQ(cluster.routes[2].port, 3);
  ASSERT_TRUE(cluster.import_filter && cluster.export_filter);
  EXPECT_EQ(cluster.import_filter->deny, std::vector<std::string>{"i.x"});
  EXPECT_EQ(cluster.export_filter->allow, std::vector<std::string>{"e.>"});
}

TEST(ConfigCluster, defaults_follow_those_of_clients_within_bounds) {
  const ClusterOptions usual = config_of("cluster { port: 26001 }\n").engine.cluster;
  EXPECT_EQ(usual.host, "0.0.0.0");
  EXPECT_EQ(usual.ping_interval, seconds(30));
  EXPECT_EQ(usual.ping_max, 2u);
  EXPECT_EQ(usual.write_deadline, seconds(10));
  EXPECT_EQ(usual.authentication_timeout, seconds(2));
  EXPECT_FALSE(usual.import_filter || usual.export_filter || usual.tls.enabled);
  const ClusterOptions short_ping =
      config_of("ping_interval: 7s\ncluster { port: 26001 }\n").engine.cluster;
  EXPECT_EQ(short_ping.ping_interval, seconds(7));
  EXPECT_FALSE(config_of("cluster { name: x }\n").engine.cluster.enabled);
}

TEST(ConfigCluster, tls_is_always_verified_and_concerns_every_route) {
  const ServerConfig config = config_of(
      "cluster { port: 26001, routes: [\"nats://h:1\"]\n"
      "  tls { timeout: 3, insecure: true, min_version: \"1.3\" } }\n");
  const ClusterOptions& cluster = config.engine.cluster;
  EXPECT_TRUE(cluster.tls.enabled && cluster.tls.verify && !cluster.tls.handshake_first);
  EXPECT_EQ(cluster.tls.timeout, seconds(3));
  EXPECT_EQ(cluster.authentication_timeout, seconds(4));
  EXPECT_TRUE(cluster.routes.at(0).tls);
  EXPECT_TRUE(config.cluster_tls.present && config.cluster_tls.insecure);
  EXPECT_EQ(config.cluster_tls.min_version, "1.3");
  EXPECT_EQ(errors_of("cluster { port: 1, tls { verify_cert_and_check_known_urls: true } }\n"),
            refused("1:25", "verify_cert_and_check_known_urls"));
}

TEST(ConfigCluster, what_is_negotiated_off_is_remarked_upon) {
  EXPECT_EQ(remarks_of("cluster { port: 1, compression: accept, pool_size: -1 }\n"), "");
  EXPECT_EQ(remarks_of("cluster { port: 1, compression: s2_fast }\n"),
            "f.conf:1:19: directive \"compression\" has no effect: compression is negotiated off");
  EXPECT_EQ(remarks_of("cluster { port: 1, pool_size: 3 }\n"),
            "f.conf:1:19: directive \"pool_size\" has no effect: there is one connection per "
            "server");
  EXPECT_EQ(remarks_of("cluster { routes: [\"nats://h:1\"] }\n"),
            "f.conf:1:0: directive \"cluster\" has no effect: routes are dialed only by a server "
            "that has a cluster port");
}

TEST(ConfigCluster, a_start_refuses_what_a_check_lets_pass) {
  EXPECT_EQ(start_error_of("cluster { port: 70000, name: x }\n"),
            "FTL Error listening on router port: 70000 - listen tcp: address 70000: invalid port");
  EXPECT_EQ(start_error_of("cluster { port: 1, compression: foo }\n"),
            "unsupported compression mode \"foo\"");
  EXPECT_EQ(start_error_of("cluster { port: 1, accounts: [A, A] }\n"),
            "found duplicate account name \"A\" in pinned accounts list [\"A\" \"A\" \"$SYS\"]");
  EXPECT_EQ(start_error_of("cluster { port: 1, accounts: [A], pool_size: -1 }\n"),
            "pool_size cannot be negative if pinned accounts are specified");
  EXPECT_EQ(start_error_of("cluster { port: 1, advertise: \"a:b:c\" }\n"),
            "FTL Error setting route INFO with Cluster.Advertise value of a:b:c, err=address "
            "a:b:c: too many colons in address");
  EXPECT_EQ(start_error_of("cluster { port: 1, compression { mode: s2_auto, rtts: [2ms, 1ms] } }"),
            "RTT threshold values [2ms 1ms] should be in ascending order");
  EXPECT_EQ(start_warnings(config_of("cluster { port: 1 }\n")),
            std::vector<std::string>{"Cluster name was dynamically generated, consider setting "
                                     "one"});
}

TEST(ConfigAdvertise, clients_are_told_what_is_advertised_or_nothing_starts) {
  struct Row {
    const char* written;
    const char* host;
    std::uint16_t port;
  };
  for (const Row& row : {Row{"a:1", "a", 1}, Row{"a", "a", 0}, Row{"[::1]:5", "::1", 5},
                         Row{"a:-1", "a", 0}, Row{":4", "", 4}}) {
    const ServerConfig config =
        config_of("client_advertise: \"" + std::string(row.written) + "\"\n");
    EXPECT_EQ(start_refusal(config), std::nullopt) << row.written;
    EXPECT_EQ(config.advertised_host, row.host);
    EXPECT_EQ(config.advertised_port, row.port);
  }
  const std::string setting = "FTL Error setting server INFO with ClientAdvertise value of ";
  EXPECT_EQ(start_error_of("client_advertise: \"a:x\"\n"),
            setting + "a:x, err=strconv.Atoi: parsing \"x\": invalid syntax");
  EXPECT_EQ(start_error_of("client_advertise: \"a:b:c\"\n"),
            setting + "a:b:c, err=address a:b:c: too many colons in address");
  EXPECT_EQ(start_error_of("client_advertise: \"a:70000\"\n"),
            setting + "a:70000, err=invalid port");
}

TEST(ConfigLeafnodes, a_full_block_fills_the_options) {
  const ServerConfig config = config_of(
      "accounts { A {}, B {} }\n"
      "leafnodes {\n"
      "  listen: \"127.0.0.1:26002\", no_advertise: true, min_version: \"2.10.0\"\n"
      "  isolate_leafnode_interest: true, reconnect: 3s, advertise: hub\n"
      "  authorization { account: A, users: [ {user: u, password: p}, {user: v, account: B} ] }\n"
      "  tls { verify: true, handshake_first: true }\n"
      "}\n");
  const LeafOptions& leaf = config.engine.leaf;
  EXPECT_TRUE(leaf.enabled && leaf.no_advertise && leaf.isolate_leafnode_interest);
  EXPECT_EQ(leaf.port, 26002);
  EXPECT_EQ(leaf.min_version, "2.10.0");
  EXPECT_EQ(leaf.reconnect_interval, seconds(3));
  EXPECT_EQ(leaf.advertise_host, "hub");
  EXPECT_EQ(leaf.advertise_port, 0);
  EXPECT_EQ(leaf.account, "A");
  ASSERT_EQ(leaf.users.size(), 2u);
  EXPECT_EQ(leaf.users[0].account, "");
  EXPECT_EQ(leaf.users[1].account, "B");
  EXPECT_TRUE(leaf.tls.enabled && leaf.tls.verify && leaf.tls.handshake_first);
  EXPECT_EQ(leaf.authentication_timeout, seconds(3));
  EXPECT_EQ(leaf.ping_interval, seconds(120));
}

TEST(ConfigLeafnodes, the_single_user_is_one_of_a_list) {
  const LeafOptions named =
      config_of(
          "accounts { A {} }\nleafnodes { port: 1, authorization { user: u, password: p, "
          "account: A } }\n")
          .engine.leaf;
  ASSERT_EQ(named.users.size(), 1u);
  EXPECT_EQ(named.users[0].username, "u");
  EXPECT_EQ(named.users[0].account, "A");
  EXPECT_TRUE(config_of("leafnodes { port: 1, authorization { password: p } }\n")
                  .engine.leaf.users.empty());
}

TEST(ConfigLeafnodes, remotes_carry_urls_account_and_their_own_tls) {
  const ServerConfig config = config_of(
      "accounts { A {} }\n"
      "leafnodes { remotes: [\n"
      "  { url: \"nats://tok@h1\", account: A, hub: true, deny_imports: \"i.>\",\n"
      "    deny_exports: [\"e.1\", \"e.2\"], no_randomize: true, first_info_timeout: 4s,\n"
      "    ignore_discovered_servers: true }\n"
      "  { urls: [\"nats://u:p@h2:1\", \"tls://h3:2\"] }\n"
      "  { url: \"nats://off:1\", disabled: true }\n"
      "  { url: \"nats://h4:4\", tls { insecure: true, handshake_first: true } }\n"
      "] }\n");
  const std::vector<LeafRemote>& remotes = config.engine.leaf.remotes;
  ASSERT_EQ(remotes.size(), 3u);
  ASSERT_EQ(config.leaf_remote_tls.size(), 3u);
  EXPECT_EQ(remotes[0].urls.at(0).username, "tok");
  EXPECT_EQ(remotes[0].urls.at(0).password, "");
  EXPECT_EQ(remotes[0].urls.at(0).port, 7422);
  EXPECT_TRUE(remotes[0].is_hub && remotes[0].no_randomize && remotes[0].ignores_discovered);
  EXPECT_TRUE(!remotes[0].tls.enabled);
  EXPECT_EQ(remotes[0].deny_exports, (std::vector<std::string>{"e.1", "e.2"}));
  EXPECT_EQ(remotes[0].first_info_timeout, seconds(4));
  EXPECT_TRUE(remotes[1].tls.enabled && remotes[1].urls.at(0).tls);
  EXPECT_FALSE(config.leaf_remote_tls[1].present);
  EXPECT_TRUE(remotes[2].tls.handshake_first && config.leaf_remote_tls[2].insecure);
}

TEST(ConfigLeafnodes, what_the_engine_cannot_do_is_refused_with_its_place) {
  const auto remote = [](const std::string& inner) {
    return errors_of("leafnodes { remotes: [{url: \"nats://h:1\", " + inner + "}] }\n");
  };
  EXPECT_EQ(remote("creds: \"./x.creds\""), refused("1:42", "creds"));
  EXPECT_EQ(remote("nkey: SUA"), refused("1:42", "nkey"));
  EXPECT_EQ(remote("request_isolation: true"), refused("1:42", "request_isolation"));
  EXPECT_EQ(remote("proxy { url: \"http://p:1\" }"), refused("1:42", "proxy"));
  EXPECT_EQ(errors_of("leafnodes { remotes: [{url: \"ws://h:1\"}] }\n"), refused("1:23", "url"));
  EXPECT_EQ(errors_of("leafnodes { port: 1, tls { handshake_first: auto } }\n"),
            refused("1:27", "handshake_first"));
}

TEST(ConfigLeafnodes, remotes_that_are_the_same_are_an_error_without_passwords) {
  EXPECT_EQ(errors_of("leafnodes { remotes: [{url: \"nats://u:p@a:1\"},{url: \"nats://u:p@a:1\"}] "
                      "}\n"),
            "f.conf:1:47: duplicate remote urls=[\"nats://u:xxxxx@a:1\"], account=\"$G\"");
}

TEST(ConfigLeafnodes, accounts_must_exist_when_the_server_starts) {
  EXPECT_EQ(start_error_of("leafnodes { remotes: [{url: \"nats://h:1\", account: X}] }\n"),
            "cannot find local account \"X\" specified in leafnode remote");
  EXPECT_EQ(start_error_of("leafnodes { port: 1, authorization { account: X } }\n"),
            "cannot find local account \"X\" specified in leafnode authorization");
  EXPECT_EQ(start_error_of("leafnodes { remotes: [{url: \"nats://h:1\", account: \"$SYS\"}] }\n"),
            "none");
  EXPECT_EQ(start_error_of("no_system_account: true\n"
                           "leafnodes { remotes: [{url: \"nats://h:1\", account: \"$SYS\"}] }\n"),
            "cannot find local account \"$SYS\" specified in leafnode remote");
}

TEST(ConfigPrometheus, the_block_opens_a_port_and_names_the_families) {
  EXPECT_FALSE(config_of("debug: true\n").metrics.has_value());
  const ServerConfig usual = config_of("host: 127.0.0.1\nprometheus {}\n");
  ASSERT_TRUE(usual.metrics.has_value());
  EXPECT_EQ(usual.metrics->host, "127.0.0.1");
  EXPECT_EQ(usual.metrics->port, 7777);
  EXPECT_EQ(usual.engine.monitor.metrics_prefix, "nats");
  EXPECT_EQ(usual.engine.monitor.metrics_prefix_jetstream, "");
  const ServerConfig other = config_of(
      "prometheus { listen: \"127.0.0.1:1\", server_id: s1\n"
      "  prefix { core: gnatsd, jetstream: jetstream } }\n");
  EXPECT_EQ(other.metrics->port, 1);
  EXPECT_EQ(other.engine.monitor.metrics_prefix, "gnatsd");
  EXPECT_EQ(other.engine.monitor.metrics_prefix_jetstream, "jetstream");
  EXPECT_EQ(other.engine.monitor.metrics_server_id, "s1");
  EXPECT_EQ(errors_of("prometheus { prefx: a }\n"),
            "f.conf:1:13: unknown field \"prefx\"\n  did you mean \"prefix\"?");
  EXPECT_EQ(errors_of("prometheus { prefix: \"9a\" }\n"),
            "f.conf:1:13: prefix \"9a\" cannot begin the name of a metric");
  EXPECT_EQ(errors_of("prometheus { prefix { all: a } }\n"), "f.conf:1:22: unknown field \"all\"");
}

TEST(ConfigShards, their_number_is_bounded) {
  EXPECT_EQ(config_of("debug: true\n").shards, 1u);
  EXPECT_EQ(config_of("shards: 16\n").shards, 16u);
  for (const char* count : {"0", "17", "-1"}) {
    EXPECT_EQ(errors_of(std::string("shards: ") + count + "\n"),
              std::string("f.conf:1:0: shards must be between 1 and 16, got ") + count);
  }
}

TEST(ConfigUrl, urls_are_shown_without_their_password) {
  RemoteUrl url = remote_of(parse_url("tls://u:secret@[::1]").url, 7422);
  url.tls = true;
  EXPECT_EQ(shown_url(url), "tls://u:xxxxx@[::1]:7422");
}

}  // namespace
}  // namespace rubus::io
