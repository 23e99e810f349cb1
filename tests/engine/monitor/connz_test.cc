// /connz: entries, filters, orders and paging, as seen on a running nats-server.
#include <gtest/gtest.h>

#include <vector>

#include "tests/engine/monitor/monitor_stage.h"

namespace rubus::test {

namespace {

// The numbers behind each `"cid": ` in document order.
std::vector<int> cids(const std::string& body) {
  constexpr std::string_view key = "\n      \"cid\": ";
  std::vector<int> found;
  for (std::size_t at = body.find(key); at != std::string::npos; at = body.find(key, at + 1)) {
    found.push_back(std::stoi(body.substr(at + key.size())));
  }
  return found;
}

bool has(const std::string& body, std::string_view part) {
  return body.find(part) != std::string::npos;
}

Options with_accounts() {
  Options options = MonitorStage::default_options();
  options.accounts.emplace_back().name = "A";
  User user;
  user.name = "a";
  user.password = "p";
  user.account = "A";
  options.authorization.users = {user};
  return options;
}

}  // namespace

TEST(Connz, shows_an_open_connection_like_the_real_server) {
  MonitorStage stage(with_accounts());
  const int client = stage.open();
  stage.send(client,
             "CONNECT {\"user\":\"a\",\"pass\":\"p\",\"verbose\":false,\"name\":\"x<y>\","
             "\"lang\":\"py\",\"version\":\"1\"}\r\nSUB foo.> 1\r\nSUB bar q 2\r\nUNSUB 2 5\r\n"
             "PUB foo.a 2\r\nhi\r\n");
  stage.advance(seconds(2));
  const std::string body = stage.body("/connz", "auth=1&subs=detail");
  const std::size_t pending = body.find("\"pending_bytes\": ");
  ASSERT_NE(pending, std::string::npos);
  EXPECT_EQ(body.substr(0, pending), R"({
  "server_id": "NTEST",
  "now": "2026-11-23T04:00:02Z",
  "num_connections": 1,
  "total": 1,
  "offset": 0,
  "limit": 1024,
  "connections": [
    {
      "cid": 1,
      "kind": "Client",
      "type": "nats",
      "ip": "127.0.0.1",
      "port": 50001,
      "start": "2026-11-23T04:00:00Z",
      "last_activity": "2026-11-23T04:00:00Z",
      "rtt": "0s",
      "uptime": "2s",
      "idle": "2s",
      )");
  EXPECT_EQ(body.substr(body.find("\"in_msgs\"")), R"("in_msgs": 1,
      "out_msgs": 1,
      "in_bytes": 2,
      "out_bytes": 2,
      "subscriptions": 2,
      "name": "x\u003cy\u003e",
      "lang": "py",
      "version": "1",
      "authorized_user": "a",
      "account": "A",
      "subscriptions_list_detail": [
        {
          "subject": "foo.\u003e",
          "sid": "1",
          "msgs": 1,
          "cid": 1
        },
        {
          "subject": "bar",
          "qgroup": "q",
          "sid": "2",
          "msgs": 0,
          "max": 5,
          "cid": 1
        }
      ],
      "name_tag": "A"
    }
  ]
})");
}

TEST(Connz, a_closed_connection_keeps_its_reason_its_ages_and_its_subscriptions) {
  MonitorStage stage;
  const int client = stage.connect("SUB foo 1\r\nSUB bar 2\r\n");
  stage.advance(seconds(3));
  stage.hang_up(client);
  stage.advance(seconds(100));
  const std::string body = stage.body("/connz", "state=closed&subs=1");
  EXPECT_TRUE(has(body,
                  "\"stop\": \"2026-11-23T04:00:03Z\",\n      \"reason\": \"Client Closed\","
                  "\n      \"rtt\": \"0s\",\n      \"uptime\": \"3s\",\n      "
                  "\"idle\": \"3s\",\n"));
  EXPECT_TRUE(has(body, "\"subscriptions_list\": [\n        \"foo\",\n        \"bar\"\n      ]"));
  EXPECT_TRUE(has(stage.body("/connz", ""),
                  "\"total\": 0,\n  \"offset\": 0,\n  \"limit\": 1024,\n"
                  "  \"connections\": []\n}"));
}

TEST(Connz, a_token_is_never_shown) {
  Options options = MonitorStage::default_options();
  options.authorization.token = "tok";
  MonitorStage stage(options);
  stage.send(stage.open(), "CONNECT {\"auth_token\":\"tok\"}\r\n");
  const std::string body = stage.body("/connz", "auth=1");
  EXPECT_TRUE(has(body, "\"authorized_user\": \"[REDACTED]\""));
  EXPECT_FALSE(has(body, "\"tok\""));
  EXPECT_FALSE(has(body, "\"account\""));  // the global account is not named
  EXPECT_TRUE(has(body, "\"name_tag\": \"$G\""));
}

TEST(Connz, sorts_upwards_by_age_and_downwards_by_size) {
  MonitorStage stage;
  stage.connect("");
  stage.advance(seconds(1));
  stage.connect("SUB a 1\r\nSUB b 2\r\n");
  stage.advance(seconds(1));
  stage.connect("SUB a 1\r\n");
  EXPECT_EQ(cids(stage.body("/connz", "sort=cid")), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(cids(stage.body("/connz", "sort=start")), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(cids(stage.body("/connz", "sort=subs")), (std::vector<int>{2, 3, 1}));
  EXPECT_EQ(cids(stage.body("/connz", "sort=uptime")), (std::vector<int>{3, 2, 1}));
  EXPECT_EQ(cids(stage.body("/connz", "sort=idle")), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(cids(stage.body("/connz", "sort=last")), (std::vector<int>{3, 2, 1}));
  EXPECT_EQ(cids(stage.body("/connz", "sort=msgs_to")), (std::vector<int>{1, 2, 3}));
}

TEST(Connz, sorts_closed_connections_by_reason_and_by_end) {
  MonitorStage stage;
  const int first = stage.connect("");
  const int second = stage.connect("");
  stage.send(first, "XXXXXXXXXXXX\r\n");
  stage.advance(seconds(1));
  stage.hang_up(second);
  EXPECT_EQ(cids(stage.body("/connz", "state=closed&sort=reason")), (std::vector<int>{2, 1}));
  EXPECT_EQ(cids(stage.body("/connz", "state=closed&sort=stop")), (std::vector<int>{2, 1}));
  EXPECT_EQ(cids(stage.body("/connz", "state=CLOSED&limit=1&offset=1")), (std::vector<int>{2}));
}

TEST(Connz, a_cid_limits_the_list_to_one_but_not_the_total) {
  MonitorStage stage;
  stage.connect("");
  stage.connect("");
  EXPECT_EQ(cids(stage.body("/connz", "cid=2")), (std::vector<int>{2}));
  EXPECT_TRUE(has(stage.body("/connz", "cid=9&limit=5"),
                  "\"num_connections\": 0,\n  \"total\": 2,\n  \"offset\": 0,\n  \"limit\": 1,\n"));
  EXPECT_TRUE(cids(stage.body("/connz", "cid=2&user=x")).empty());
  EXPECT_TRUE(cids(stage.body("/connz", "mqtt_client=x")).empty());
}

TEST(Connz, an_unknown_account_gives_an_empty_document) {
  MonitorStage stage;
  stage.connect("");
  EXPECT_EQ(stage.body("/connz", "acc=NOPE&cid=5"), R"({
  "server_id": "",
  "now": "2026-11-23T04:00:00Z",
  "num_connections": 0,
  "total": 0,
  "offset": 0,
  "limit": 1,
  "connections": null
})");
}

TEST(Connz, an_account_selects_its_connections_and_the_global_one_only_open_ones) {
  MonitorStage stage(with_accounts());
  const int client = stage.open();
  stage.send(client, "CONNECT {\"user\":\"a\",\"pass\":\"p\"}\r\n");
  EXPECT_TRUE(has(stage.body("/connz", "acc=A"), "\"total\": 1,"));
  EXPECT_TRUE(has(stage.body("/connz", "acc=$G"), "\"total\": 0,"));
  EXPECT_EQ(cids(stage.body("/connz", "user=a")), (std::vector<int>{1}));
  EXPECT_TRUE(cids(stage.body("/connz", "user=b")).empty());
  stage.hang_up(client);
  EXPECT_TRUE(has(stage.body("/connz", "acc=A&state=any"), "\"total\": 1,"));
  MonitorStage plain;
  plain.hang_up(plain.connect(""));
  EXPECT_TRUE(has(plain.body("/connz", "acc=$G&state=any"), "\"total\": 0,"));
}

TEST(ClosedClients, lists_of_subscriptions_are_bounded_and_the_oldest_go_first) {
  ClosedClients closed;
  for (int count = 0; count < 4; ++count) {
    ConnectionRecord record;
    record.subscription_records.resize(ClosedClients::subscriptions_kept_max / 2);
    closed.add(std::move(record), 3);
  }
  ASSERT_EQ(closed.records().size(), 3U);
  EXPECT_TRUE(closed.records()[0].subscription_records.empty());
  EXPECT_FALSE(closed.records()[1].subscription_records.empty());
  EXPECT_FALSE(closed.records()[2].subscription_records.empty());
  ConnectionRecord huge;
  huge.subscription_records.resize(ClosedClients::subscriptions_kept_max + 1);
  closed.add(std::move(huge), 3);
  closed.add(ConnectionRecord(), 3);
  EXPECT_TRUE(closed.records()[1].subscription_records.empty());
}

}  // namespace rubus::test
