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

TEST(ConfigReload, an_equal_configuration_lists_only_what_is_always_listed) {
  const ServerConfig same = read_text("debug: true\n").config;
  EXPECT_EQ(all_of(reload_lines(same, same)), "Reloaded: authorization users\nReloaded: accounts");
}

}  // namespace
}  // namespace rubus::io
