// Goal: directives become the values they name, complaints name place and reason, and nothing that
// is known is called unknown. Method: texts through the same reader the server uses.
#include <gtest/gtest.h>

#include <sstream>
#include <string_view>

#include "io/config_start_checks.h"
#include "tests/io/config_support.h"

namespace rubus::io {
namespace {

constexpr char nkey[] = "UCNGL4W5QX66CFX6A6DCBVDH5VOHMI7B2UZZU7TXAUQQSI2JPHULCKBR";

ServerConfig config_of(const std::string& text) {
  ConfigOutcome outcome = read_text(text);
  EXPECT_EQ(all_of(outcome.errors), "");
  return outcome.config;
}

std::string errors_of(const std::string& text) { return all_of(read_text(text).errors); }

TEST(ConfigReader, limits_are_what_the_file_says) {
  const Limits limits =
      config_of(
          "max_payload: 2MB, max_pending: 3MB, max_control_line: 1k, max_conn: 7\n"
          "max_subs: 8, max_sub_tokens: 9, max_closed_clients: 10\n"
          "ping_interval: 11s, ping_max: 12, write_deadline: \"1.5s\"\n")
          .engine.limits;
  EXPECT_EQ(limits.max_payload, 2'097'152);
  EXPECT_EQ(limits.max_pending, 3'145'728);
  EXPECT_EQ(limits.max_control_line, 1'000);
  EXPECT_EQ(limits.max_connections, 7);
  EXPECT_EQ(limits.max_subscriptions, 8);
  EXPECT_EQ(limits.max_subscription_tokens, 9u);
  EXPECT_EQ(limits.max_closed_clients, 10u);
  EXPECT_EQ(limits.ping_interval, seconds(11));
  EXPECT_EQ(limits.ping_max, 12u);
  EXPECT_EQ(limits.write_deadline, milliseconds(1'500));
}

TEST(ConfigReader, zero_asks_for_the_default_except_for_connections) {
  const Limits limits = config_of(
                            "max_payload: 0, max_pending: 0, max_control_line: 0, ping_max: 0\n"
                            "max_connections: 0, max_closed_clients: 0, write_deadline: \"0\"\n")
                            .engine.limits;
  const Limits usual;
  EXPECT_EQ(limits.max_payload, usual.max_payload);
  EXPECT_EQ(limits.max_pending, usual.max_pending);
  EXPECT_EQ(limits.max_control_line, usual.max_control_line);
  EXPECT_EQ(limits.ping_max, usual.ping_max);
  EXPECT_EQ(limits.max_closed_clients, usual.max_closed_clients);
  EXPECT_EQ(limits.write_deadline, usual.write_deadline);
  EXPECT_EQ(limits.max_connections, -1);
}

TEST(ConfigReader, listeners_share_the_clients_host_unless_told_otherwise) {
  const ServerConfig config = config_of("listen: \"127.0.0.1:-1\"\nhttp: 8222\n");
  EXPECT_EQ(config.client.host, "127.0.0.1");
  EXPECT_EQ(config.client.port, -1);
  ASSERT_TRUE(config.monitor.http.has_value());
  EXPECT_EQ(config.monitor.http->host, "127.0.0.1");
  EXPECT_EQ(config.monitor.http->port, 8222);
  const ServerConfig other = config_of("port: 0\nhttp: \"[::1]:80\"\nhttp_base_path: nats/\n");
  EXPECT_EQ(other.client.host, "0.0.0.0");
  EXPECT_EQ(other.client.port, 4222);
  EXPECT_EQ(other.monitor.http->host, "::1");
  EXPECT_EQ(other.monitor.base_path, "/nats");
  EXPECT_EQ(other.engine.monitor.http_base_path, "nats/");
}

TEST(ConfigReader, users_carry_their_own_permissions_or_the_default_ones) {
  const ServerConfig config = config_of(
      "authorization {\n"
      "  default_permissions { publish: \"d.>\", subscribe: [\"d.*\", \"e q\"] }\n"
      "  users: [\n"
      "    { user: a, password: $2a$11$x, permissions: { publish: { allow: a, deny: [b, c] } } }\n"
      "    { user: b, pass: p, allowed_connection_types: [standard, MQTT] }\n"
      "    { nkey: " +
      std::string(nkey) +
      ", permissions: { allow_responses: true } }\n"
      "  ]\n"
      "  timeout: 0.5\n"
      "}\nno_auth_user: b\n");
  const Authorization& authorization = config.engine.authorization;
  ASSERT_EQ(authorization.users.size(), 3u);
  const User& a = authorization.users[0];
  EXPECT_EQ(a.password, "$2a$11$x");
  ASSERT_TRUE(a.permissions.has_value());
  EXPECT_EQ(a.permissions->publish_allow, std::vector<std::string>{"a"});
  EXPECT_EQ(a.permissions->publish_deny, (std::vector<std::string>{"b", "c"}));
  EXPECT_TRUE(a.permissions->subscribe_allow.empty());
  const User& b = authorization.users[1];
  ASSERT_TRUE(b.permissions.has_value());
  EXPECT_EQ(b.permissions->subscribe_allow, (std::vector<std::string>{"d.*", "e q"}));
  EXPECT_EQ(b.connection_types, 1u << static_cast<unsigned>(ConnectionType::standard) |
                                    1u << static_cast<unsigned>(ConnectionType::mqtt));
  const User& n = authorization.users[2];
  EXPECT_EQ(n.nkey, nkey);
  ASSERT_TRUE(n.permissions && n.permissions->responses);
  EXPECT_EQ(n.permissions->responses->messages_max, 1);
  EXPECT_EQ(authorization.timeout, milliseconds(500));
  EXPECT_EQ(authorization.no_auth_user, "b");
}

TEST(ConfigReader, response_permissions_take_their_bounds) {
  const ServerConfig config = config_of(
      "authorization { users: [ { user: a, permissions: "
      "{ allow_responses: { max: -1, ttl: \"1m\" } } } ] }\n");
  const auto& responses = config.engine.authorization.users.at(0).permissions->responses;
  ASSERT_TRUE(responses.has_value());
  EXPECT_EQ(responses->messages_max, -1);
  EXPECT_EQ(responses->time_to_live, seconds(60));
}

TEST(ConfigReader, accounts_hold_their_users_and_are_sorted) {
  const ServerConfig config = config_of(
      "accounts { SYS {}, B { default_permissions { publish: x }, users: [ {user: b} ] }\n"
      " A { users: [ {user: a} ] } }\nsystem_account: SYS\n");
  std::vector<std::string> names;
  for (const AccountOptions& account : config.engine.accounts) {
    names.push_back(account.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"A", "B", "SYS"}));
  EXPECT_EQ(config.engine.system_account, "SYS");
  const std::vector<User>& users = config.engine.authorization.users;
  ASSERT_EQ(users.size(), 2u);
  EXPECT_EQ(users[0].account, "B");
  EXPECT_EQ(users[0].permissions->publish_allow, std::vector<std::string>{"x"});
  EXPECT_EQ(users[1].account, "A");
  EXPECT_FALSE(users[1].permissions.has_value());
  EXPECT_EQ(config_of("no_system_account: true\n").engine.system_account, "");
}

TEST(ConfigReader, tls_options_follow_the_block_and_allow_non_tls) {
  const ServerConfig config = config_of(
      "tls { timeout: 3, handshake_first: auto, verify_and_map: true, min_version: "
      "\"1.3\" }\n");
  EXPECT_EQ(config.engine.tls.policy, TlsPolicy::required);
  EXPECT_EQ(config.engine.tls.timeout, seconds(3));
  EXPECT_EQ(config.engine.authorization.timeout, seconds(4));
  EXPECT_TRUE(config.engine.tls.handshake_first);
  EXPECT_EQ(config.engine.tls.handshake_first_fallback, milliseconds(50));
  EXPECT_TRUE(config.engine.tls.verify && config.engine.tls.map);
  EXPECT_EQ(config.tls.min_version, "1.3");
  EXPECT_EQ(config_of("allow_non_tls: true\ntls {}\n").engine.tls.policy, TlsPolicy::optional);
  EXPECT_EQ(config_of("allow_non_tls: true\n").engine.tls.policy, TlsPolicy::off);
  EXPECT_EQ(config_of("debug: true\n").engine.authorization.timeout, seconds(2));
}

TEST(ConfigReader, tags_and_metadata_are_shown_once_and_sorted) {
  const MonitorOptions shown =
      config_of("server_tags: [ \" B \", a, b ]\nserver_metadata { z: 'y', x: w }\n")
          .engine.monitor;
  EXPECT_EQ(shown.tags, (std::vector<std::string>{"b", "a"}));
  ASSERT_EQ(shown.metadata.size(), 2u);
  EXPECT_EQ(shown.metadata[0].first, "x");
}

TEST(ConfigReader, an_unknown_name_is_told_the_nearest_known_one) {
  EXPECT_EQ(errors_of("prot: 4222\n"),
            "f.conf:1:0: unknown field \"prot\"\n  did you mean \"port\"?");
  EXPECT_EQ(errors_of("foo_bar: 1\n"), "f.conf:1:0: unknown field \"foo_bar\"");
  EXPECT_EQ(errors_of("tls { cert_fil: x }\n"),
            "f.conf:1:6: error parsing tls config, unknown field \"cert_fil\"\n"
            "  did you mean \"cert_file\"?");
}

TEST(ConfigReader, all_complaints_are_collected) {
  EXPECT_EQ(errors_of("port: true\nauthorization { users: [ {nkey: Ubad}, {user: a, foo: 1} ] }\n"
                      "debug: 5\n"),
            "f.conf:1:0: interface conversion: interface {} is bool, not int64\n"
            "f.conf:2:27: Not a valid public nkey for a user\n"
            "f.conf:2:50: unknown field \"foo\"\n"
            "f.conf:3:1: interface conversion: interface {} is int64, not bool");
}

TEST(ConfigReader, a_known_directive_without_support_is_refused_by_name_and_place) {
  EXPECT_EQ(errors_of("\njetstream { store_dir: \"/tmp\" }\n"),
            "f.conf:2:1: directive \"jetstream\" is known but not supported by this version of "
            "Rubus yet");
  EXPECT_EQ(errors_of("jetstream: disabled\ncluster { name: x }\nwebsocket { no_tls: true }\n"),
            "");
  EXPECT_NE(errors_of("gateway { name: x, port: 7222 }\n"), "");
  // A mistake is the reference's mistake first.
  EXPECT_EQ(errors_of("jetstream { foo: 1 }\n"), "f.conf:1:12: unknown field \"foo\"");
}

TEST(ConfigReader, a_harmless_directive_leaves_a_remark_for_the_log) {
  const ConfigOutcome outcome = read_text("feature_flags { x: true }\n");
  EXPECT_TRUE(outcome.errors.empty() && outcome.warnings.empty());
  ASSERT_EQ(outcome.config.warnings.size(), 1u);
  EXPECT_EQ(outcome.config.warnings[0].text.substr(0, 37),
            "f.conf:1:0: directive \"feature_flags\"");
}

constexpr std::string_view known_names =
    "listen port host net client_advertise server_name server_tags server_metadata debug "
    "trace trace_verbose trace_headers logtime logtime_utc log_file logfile log_size_limit "
    "logfile_size_limit log_max_num logfile_max_num syslog remote_syslog max_traced_msg_len "
    "pid_file pidfile ports_file_dir http http_port monitor_port https https_port "
    "http_base_path prof_port prof_block_rate max_connections max_conn max_subscriptions "
    "max_subs max_sub_tokens max_subscription_tokens max_control_line max_payload max_pending "
    "max_closed_clients ping_interval ping_max write_deadline write_timeout "
    "no_fast_producer_stall lame_duck_duration lame_duck_grace_period tls allow_non_tls ocsp "
    "ocsp_cache authorization accounts no_auth_user system_account system no_system_account "
    "no_system no_sys_acc mappings maps default_sentinel proxies proxy_protocol operator "
    "operators roots root root_operators root_operator trusted_keys trusted resolver "
    "account_resolver accounts_resolver resolver_tls resolver_preload "
    "resolver_pinned_accounts cluster gateway leafnodes leaf jetstream store_dir storedir "
    "websocket ws mqtt default_js_domain feature_flags no_header_support "
    "disable_sublist_cache no_sublist_cache connect_error_reports reconnect_error_reports "
    "shards prometheus";

TEST(ConfigReader, every_directive_of_the_reference_is_known_in_any_case) {
  std::istringstream names{std::string(known_names)};
  for (std::string name; names >> name;) {
    std::string upper = name;
    for (char& letter : upper) {
      letter = letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 32) : letter;
    }
    for (const std::string& key : {name, upper}) {
      EXPECT_EQ(errors_of(key + ": 2020-01-02T03:04:05Z\n").find("unknown field"),
                std::string::npos)
          << key;
    }
  }
}

TEST(ConfigReader, start_checks_look_at_pairs_of_directives) {
  const auto refusal = [](const std::string& text) {
    const auto found = start_refusal(config_of(text));
    return found ? (found->logged ? "FTL " : "") + found->text : "none";
  };
  EXPECT_EQ(refusal("debug: true\n"), "none");
  EXPECT_EQ(refusal("max_payload: 2MB\nmax_pending: 1MB\n"),
            "max_payload (2097152) cannot be higher than max_pending (1048576)");
  EXPECT_EQ(refusal("lame_duck_duration: 30s\nlame_duck_grace_period: 30s\n"),
            "lame duck grace period (30s) should be strictly lower than lame duck duration (30s)");
  EXPECT_EQ(refusal("system_account: X\n"), "error resolving system account: account missing");
  EXPECT_EQ(refusal("listen: \"127.0.0.1:70000\"\n"),
            "FTL Error listening on port: 127.0.0.1:70000, \"listen tcp: address 70000: invalid "
            "port\"");
  EXPECT_EQ(refusal("http: 1\nhttps: 2\n"),
            "FTL Can't start monitoring: can't specify both HTTP (1) and HTTPs (2) ports");
}

TEST(ConfigReader, no_server_starts_under_a_name_that_is_no_word) {
  struct Row {
    const char* name;
    const char* fault;
  };
  const auto refusal = [](const ServerConfig& config) {
    const auto found = start_refusal(config);
    return found ? found->text : "none";
  };
  for (const Row& row :
       {Row{"a\\tb", "spaces"}, Row{"a\\nb", "spaces"}, Row{"a\\x01b", "control characters"},
        Row{"a\\x7Fb", "control characters"}}) {
    const std::string name = "\"" + std::string(row.name) + "\"";
    const std::string fault = std::string(" name cannot contain ") + row.fault;
    EXPECT_EQ(refusal(config_of("server_name: " + name + "\n")), "server" + fault);
    EXPECT_EQ(errors_of("cluster { name: " + name + " }\n"), "f.conf:1:10: cluster" + fault);
  }
  EXPECT_EQ(errors_of("server_name: \"a b\"\n"), "f.conf:1:0: server name cannot contain spaces");
  EXPECT_EQ(errors_of("cluster { name: \"a b\" }\n"),
            "f.conf:1:10: cluster name cannot contain spaces");
  // A name that a flag gave meets no reader.
  ServerConfig config = config_of("debug: true\n");
  config.engine.cluster.name = "a\tb";
  EXPECT_EQ(refusal(config), "cluster name cannot contain spaces");
  EXPECT_EQ(refusal(config_of("server_name: Gew\xC3\xA4"
                              "chshaus-1\n")),
            "none");
}

TEST(ConfigReader, plain_passwords_and_large_payloads_are_warned_about) {
  EXPECT_EQ(start_warnings(config_of("authorization { user: a, password: \"$2a$11$x\" }\n")).size(),
            0u);
  EXPECT_EQ(start_warnings(config_of("authorization { user: a, password: b }\n")).size(), 1u);
  EXPECT_EQ(start_warnings(config_of("max_payload: 8MB\n")).size(), 0u);
  EXPECT_EQ(start_warnings(config_of("max_payload: 8388609\n")).size(), 1u);
}

}  // namespace
}  // namespace rubus::io
