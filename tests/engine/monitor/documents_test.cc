// Whole documents, byte by byte, as nats-server 2.15 writes them (sampled from one that runs
// without cluster and JetStream; only feature flags and its own subscriptions are left out).
#include <gtest/gtest.h>

#include "tests/engine/monitor/monitor_stage.h"

namespace rubus::test {

namespace {

constexpr const char* varz_document = R"({
  "server_id": "NTEST",
  "server_name": "s1",
  "version": "2.15.1",
  "proto": 1,
  "go": "go1.27.2",
  "host": "127.0.0.1",
  "port": 4222,
  "max_connections": 65536,
  "max_subscriptions": 100,
  "ping_interval": 120000000000,
  "ping_max": 2,
  "http_host": "127.0.0.1",
  "http_port": 8222,
  "http_base_path": "",
  "https_port": 0,
  "auth_timeout": 0.25,
  "max_control_line": 4096,
  "max_payload": 1048576,
  "max_pending": 67108864,
  "cluster": {},
  "gateway": {},
  "leaf": {},
  "mqtt": {},
  "websocket": {},
  "jetstream": {},
  "tls_timeout": 2,
  "write_deadline": 10000000000,
  "start": "2026-11-23T04:00:00Z",
  "now": "2026-11-24T06:03:04Z",
  "uptime": "1d2h3m4s",
  "mem": 15216640,
  "cores": 2,
  "gomaxprocs": 3,
  "cpu": 12.5,
  "connections": 1,
  "total_connections": 1,
  "routes": 0,
  "remotes": 0,
  "leafnodes": 0,
  "in_msgs": 1,
  "in_bytes": 2,
  "in_client_msgs": 1,
  "in_client_bytes": 2,
  "out_msgs": 1,
  "out_bytes": 2,
  "out_client_msgs": 1,
  "out_client_bytes": 2,
  "slow_consumers": 0,
  "stale_connections": 0,
  "stalled_clients": 0,
  "subscriptions": 49,
  "http_req_stats": {
    "/connz": 1,
    "/varz": 2
  },
  "config_load_time": "2026-11-23T04:00:00Z",
  "config_digest": "sha256:00",
  "tags": [
    "b",
    "a"
  ],
  "metadata": {
    "a": "b",
    "region": "eu\u003c1\u003e"
  },
  "feature_flags": {
    "js_ack_fc_v2": false,
    "js_api_reply_v2": false,
    "js_raft_delete_range": false,
    "js_snapshot_sources": false
  },
  "system_account": "$SYS",
  "slow_consumer_stats": {
    "clients": 0,
    "routes": 0,
    "gateways": 0,
    "leafs": 0
  },
  "stale_connection_stats": {
    "clients": 0,
    "routes": 0,
    "gateways": 0,
    "leafs": 0
  },
  "disk_io_wait_stats": {
    "waiters": 0,
    "waits": 0,
    "wait_time": 0,
    "max_wait_time": 0
  }
})";

}  // namespace

TEST(Varz, is_the_document_of_the_real_server) {
  Options options = MonitorStage::default_options();
  options.limits.max_subscriptions = 100;
  options.authorization.timeout = milliseconds(250);
  options.monitor.config_digest = "sha256:00";
  options.monitor.tags = {"b", "a"};
  options.monitor.metadata = {{"region", "eu<1>"}, {"a", "b"}};
  MonitorStage stage(options);
  stage.advance(seconds(93'784));
  stage.connect("SUB a 1\r\nPUB a 2\r\nhi\r\n");
  MonitorQuestion question;
  question.process = {15'216'640, 1250, 2, 3};
  question.requests = {{"/varz", 2}, {"/connz", 1}};
  stage.set_question(question);
  EXPECT_EQ(stage.body("/varz", "x=y"), varz_document);
}

TEST(Varz, says_what_a_client_must_bring) {
  Options options = MonitorStage::default_options();
  options.authorization.token = "secret";
  options.tls.policy = TlsPolicy::required;
  options.tls.verify = true;
  MonitorStage stage(options);
  const std::string body = stage.body("/varz", "");
  EXPECT_NE(body.find("\"port\": 4222,\n  \"auth_required\": true,\n  \"tls_required\": true,\n  "
                      "\"tls_verify\": true,\n  \"max_connections\""),
            std::string::npos);
  EXPECT_EQ(body.find("secret"), std::string::npos);
}

namespace {

// So that nothing is counted but what clients subscribed.
Options without_system_account() {
  Options options = MonitorStage::default_options();
  options.system_account.clear();
  return options;
}

}  // namespace

TEST(Subsz, lists_what_was_subscribed_and_counts_the_cache) {
  MonitorStage stage(without_system_account());
  stage.connect("SUB foo.> 1\r\nSUB bar q 2\r\nUNSUB 2 5\r\nSUB gone 3\r\nUNSUB 3\r\n");
  stage.connect("PUB foo.a 1\r\nx\r\nPUB foo.b 1\r\nx\r\nPUB foo.a 1\r\nx\r\nPUB no 0\r\n\r\n");
  EXPECT_EQ(stage.body("/subsz", "subs=1&limit=7"), R"({
  "server_id": "NTEST",
  "now": "2026-11-23T04:00:00Z",
  "num_subscriptions": 2,
  "num_cache": 3,
  "num_inserts": 3,
  "num_removes": 1,
  "num_matches": 4,
  "cache_hit_rate": 0.25,
  "max_fanout": 1,
  "avg_fanout": 0.6666666666666666,
  "total": 2,
  "offset": 0,
  "limit": 7,
  "subscriptions_list": [
    {
      "account": "$G",
      "account_tag": "$G",
      "subject": "foo.\u003e",
      "sid": "1",
      "msgs": 3,
      "cid": 1
    },
    {
      "account": "$G",
      "account_tag": "$G",
      "subject": "bar",
      "qgroup": "q",
      "sid": "2",
      "msgs": 0,
      "max": 5,
      "cid": 1
    }
  ]
})");
}

TEST(Subsz, services_of_the_system_account_count_as_subscriptions) {
  MonitorStage with;
  const std::string all = with.body("/subsz", "");
  const std::string global = with.body("/subsz", "acc=$G");
  EXPECT_EQ(all.find("\"num_subscriptions\": 0,"), std::string::npos);
  EXPECT_NE(global.find("\"num_subscriptions\": 4,"), std::string::npos);
}

TEST(Subsz, without_subs_counts_nothing_as_total_and_lists_nothing) {
  MonitorStage stage(without_system_account());
  stage.connect("SUB foo 1\r\n");
  const std::string body = stage.body("/subscriptionsz", "");
  EXPECT_NE(body.find("\"num_subscriptions\": 1,"), std::string::npos);
  EXPECT_NE(
      body.find("\"avg_fanout\": 0,\n  \"total\": 0,\n  \"offset\": 0,\n  \"limit\": 1024\n}"),
      std::string::npos);
}

TEST(Subsz, a_test_subject_selects_those_that_match_it) {
  MonitorStage stage;
  stage.connect("SUB foo.> 1\r\nSUB bar 2\r\n");
  const std::string body = stage.body("/subsz", "subs=1&test=foo.x");
  EXPECT_NE(body.find("\"total\": 1,"), std::string::npos);
  EXPECT_NE(body.find("foo.\\u003e"), std::string::npos);
  EXPECT_EQ(body.find("\"bar\""), std::string::npos);
}

TEST(Subsz, fanout_follows_a_subscription_that_leaves) {
  MonitorStage stage;
  const int client = stage.connect("SUB a 1\r\nSUB a 2\r\nPUB a 0\r\n\r\n");
  EXPECT_NE(stage.body("/subsz", "").find("\"avg_fanout\": 2,"), std::string::npos);
  stage.send(client, "UNSUB 1\r\nPUB a 0\r\n\r\n");
  EXPECT_NE(stage.body("/subsz", "").find("\"avg_fanout\": 1,"), std::string::npos);
}

TEST(Healthz, is_ok_and_compact) {
  MonitorStage stage;
  const MonitorReply reply = stage.ask("/healthz", "details=1&account=A&stream=S");
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.is_json);
  EXPECT_EQ(reply.body, R"({"status":"ok"})");
  EXPECT_EQ(reply.ticket.value, 7U);
}

TEST(Healthz, refuses_a_stream_without_account) {
  MonitorStage stage;
  const MonitorReply reply = stage.ask("/healthz", "stream=S1");
  EXPECT_EQ(reply.status, 400);
  EXPECT_TRUE(reply.is_json);
  EXPECT_EQ(reply.body, R"({"status":"error","error":"\"account\" must not be empty when checking )"
                        R"(stream health"})");
  EXPECT_EQ(stage.body("/healthz", "account=A&consumer=C&details=1"),
            R"({"status":"error","errors":[{"type":"BAD_REQUEST","error":"\"stream\" must not )"
            R"(be empty when checking consumer health"}]})");
}

TEST(Monitor, an_unknown_path_is_not_found) {
  MonitorStage stage;
  const MonitorReply reply = stage.ask("/VARZ", "");
  EXPECT_EQ(reply.status, 404);
  EXPECT_FALSE(reply.is_json);
  EXPECT_EQ(reply.body, "404 page not found\n");
}

}  // namespace rubus::test
