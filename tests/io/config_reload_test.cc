// Goal: a reload changes what can be changed, refuses the rest by field, and says what it did.
// Method: pairs of texts.
#include <gtest/gtest.h>

#include "io/config_reload.h"
#include "tests/io/config_support.h"

namespace rubus::io {
namespace {

std::string refusal(const std::string& old, const std::string& fresh) {
  return reload_refusal(read_text(old).config, read_text(fresh).config).value_or("none");
}

TEST(ConfigReload, what_cannot_change_is_refused_with_both_values) {
  EXPECT_EQ(refusal("max_pending: 10MB\n", "max_pending: 20MB\n"),
            "config reload not supported for MaxPending: old=10485760, new=20971520");
  EXPECT_EQ(refusal("server_name: a\n", "server_name: b\n"),
            "config reload not supported for ServerName: old=a, new=b");
  EXPECT_EQ(refusal("http: 1\n", "http: 2\n"),
            "config reload not supported for HTTPPort: old=1, new=2");
  EXPECT_EQ(refusal("port: 1\n", "port: 2\n"),
            "config reload not supported for Port: old=1, new=2");
  EXPECT_EQ(refusal("no_header_support: true\n", "no_header_support: false\n"),
            "config reload not supported for NoHeaderSupport: old=true, new=false");
}

TEST(ConfigReload, a_server_named_by_its_id_need_not_be_named_again) {
  ServerConfig old = read_text("debug: true\n").config;
  old.engine.identity.server_id = "NID";
  old.engine.identity.server_name = "NID";
  EXPECT_EQ(reload_refusal(old, read_text("debug: false\n").config), std::nullopt);
}

TEST(ConfigReload, the_no_auth_user_may_only_go_together_with_its_user) {
  const std::string both = "authorization { users: [ {user: a}, {user: b} ] }\n";
  const std::string only_b = "authorization { users: [ {user: b} ] }\n";
  EXPECT_EQ(refusal("no_auth_user: a\n" + both, both),
            "config reload not supported for NoAuthUser: old=a, new=");
  EXPECT_EQ(refusal("no_auth_user: a\n" + both, only_b), "none");
  EXPECT_EQ(refusal(both, "no_auth_user: a\n" + both),
            "config reload not supported for NoAuthUser: old=, new=a");
}

TEST(ConfigReload, changes_are_listed_in_the_order_of_the_reference) {
  const ServerConfig old = read_text("ping_interval: 10s, max_connections: 5\n").config;
  const ServerConfig fresh =
      read_text(
          "ping_interval: 1m30s, max_payload: 1kb, trace: true, client_advertise: \"a:1\"\n"
          "authorization { user: a, password: b, timeout: 1.5 }\n"
          "no_fast_producer_stall: true\n")
          .config;
  EXPECT_EQ(reload_refusal(old, fresh), std::nullopt);
  EXPECT_EQ(all_of(reload_lines(old, fresh)),
            "Reload: client_advertise = a:1\n"
            "Reloaded: trace = true\n"
            "Reloaded: max_connections = 65536\n"
            "Reloaded: authorization users\n"
            "Reloaded: accounts\n"
            "Reloaded: authorization username\n"
            "Reloaded: authorization password\n"
            "Reloaded: ping_interval = 1m30s\n"
            "Reloaded: authorization timeout = 1.5\n"
            "Reloaded: max_payload = 1024\n"
            "Reloaded: fast producers will not be stalled");
}

std::string lines(const std::string& old, const std::string& fresh) {
  const ServerConfig was = read_text(old).config;
  const ServerConfig now = read_text(fresh).config;
  EXPECT_EQ(reload_refusal(was, now), std::nullopt);
  std::string text = all_of(reload_lines(was, now));
  const std::string always = "Reloaded: authorization users\nReloaded: accounts";
  EXPECT_EQ(text.substr(0, always.size()), always);
  return text.substr(std::min(text.size(), always.size() + 1));
}

TEST(ConfigReload, routes_and_terms_of_a_cluster_change_but_not_where_and_what_it_is) {
  const auto cluster = [](const std::string& more) {
    return "cluster { name: a, listen: \"127.0.0.1:26001\" " + more + " }\n";
  };
  const std::string base = cluster("");
  EXPECT_EQ(lines(base, cluster(", routes: [\"nats://h:1\"]")), "Reloaded: cluster routes");
  EXPECT_EQ(lines(cluster(", routes: [\"nats://h:1\"]"), base), "Reloaded: cluster routes");
  for (const char* change :
       {", permissions { import: a }", ", authorization { user: a, password: b }",
        ", no_advertise: true", ", ping_interval: 5s", ", advertise: \"b:1\"",
        ", tls { min_version: \"1.3\" }", ", tls {}"}) {
    EXPECT_EQ(lines(base, cluster(change)).substr(0, 17), "Reloaded: cluster") << change;
  }
  EXPECT_EQ(lines(cluster(", tls {}"), cluster(", tls { min_version: \"1.3\" }")),
            "Reloaded: cluster");
  EXPECT_EQ(lines(base, base), "");
  EXPECT_EQ(refusal(base, "cluster { name: a, listen: \"127.0.0.1:26002\" }\n"),
            "config reload not supported for cluster port: old=26001, new=26002");
  EXPECT_EQ(refusal(base, "debug: true\n"),
            "config reload not supported for cluster host: old=127.0.0.1, new=");
  EXPECT_EQ(refusal(base, "cluster { name: b, listen: \"127.0.0.1:26001\" }\n"),
            "config reload not supported for cluster name: old=a, new=b");
  EXPECT_EQ(refusal("cluster { port: -1 }\n", "cluster { port: -1 }\n"), "none");
}

TEST(ConfigReload, leaf_remotes_come_and_go_and_nothing_else_of_leafnodes_changes) {
  const std::string one = "leafnodes { remotes: [{url: \"nats://u:p@h:1\"}] }\n";
  const std::string name = "urls=[\"nats://u:xxxxx@h:1\"], account=\"$G\"";
  EXPECT_EQ(lines(one, "debug: false\n"), "Reloaded: LeafNode Remote " + name + " removed");
  EXPECT_EQ(lines("debug: false\n", one), "");
  EXPECT_EQ(lines(one, "leafnodes { remotes: [{url: \"nats://u:q@h:1\"}] }\n"),
            "Reloaded: LeafNode Remote " + name + " removed");
  EXPECT_EQ(refusal(one, "leafnodes { remotes: [{url: \"nats://u:p@h:1\", hub: true}] }\n"),
            "config reload not supported for LeafNode: remote " + name +
                ": field \"Hub\": old=false, new=true");
  EXPECT_EQ(refusal(one, "leafnodes { remotes: [{url: \"nats://u:p@h:1\", deny_imports: a}] }\n"),
            "config reload not supported for LeafNode: remote " + name +
                ": field \"DenyImports\": old=[], new=[a]");
  const std::string port = "leafnodes { port: 26001 }\n";
  const auto change = [&port](const std::string& more) {
    return refusal(port, "leafnodes { port: 26001, " + more + " }\n");
  };
  EXPECT_EQ(refusal(port, "leafnodes { port: 26002 }\n"),
            "config reload not supported for LeafNode: field \"Port\": old=26001, new=26002");
  EXPECT_EQ(change("reconnect: 5s"),
            "config reload not supported for LeafNode: field \"ReconnectInterval\": old=1s, "
            "new=5s");
  EXPECT_EQ(change("authorization { user: a, password: secret }"),
            "config reload not supported for LeafNode: field \"Users\": old=[], new=[a]");
  EXPECT_EQ(change("min_version: \"2.9.0\""),
            "config reload not supported for LeafNode: field \"MinVersion\": old=, new=2.9.0");
}

TEST(ConfigReload, shards_and_the_port_of_metrics_stay_while_their_names_change) {
  EXPECT_EQ(refusal("shards: 1\n", "shards: 2\n"),
            "config reload not supported for Shards: old=1, new=2");
  EXPECT_EQ(refusal("debug: true\n", "prometheus { listen: \"127.0.0.1:1\" }\n"),
            "config reload not supported for Prometheus: old=, new=127.0.0.1:1");
  EXPECT_EQ(lines("prometheus {}\n", "prometheus { prefix: gnatsd }\n"), "Reloaded: prometheus");
}

TEST(ConfigReload, accounts_mappings_and_limits_change_freely) {
  EXPECT_EQ(lines("accounts { A {} }\n",
                  "mappings { a: b }\naccounts { B { limits { max_conn: 1 } } }\n"),
            "");
}

TEST(ConfigReload, an_equal_configuration_lists_only_what_is_always_listed) {
  const ServerConfig same = read_text("debug: true\n").config;
  EXPECT_EQ(all_of(reload_lines(same, same)), "Reloaded: authorization users\nReloaded: accounts");
}

}  // namespace
}  // namespace rubus::io
