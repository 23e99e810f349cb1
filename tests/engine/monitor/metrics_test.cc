// /metrics: the families of the stock exporter with their types and labels, and ours beside them.
#include "engine/monitor/metrics_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/engine/monitor/monitor_stage.h"

namespace rubus::test {

namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> families(const std::string& text) {
  std::vector<std::string> found;
  constexpr std::string_view key = "# TYPE ";
  for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
    const std::size_t begin = at + key.size();
    found.push_back(text.substr(begin, text.find('\n', begin) - begin));
  }
  return found;
}

}  // namespace

TEST(MetricNumber, is_written_as_go_writes_it) {
  EXPECT_EQ(metric_number_text("0"), "0");
  EXPECT_EQ(metric_number_text("65536"), "65536");
  EXPECT_EQ(metric_number_text("999999"), "999999");
  EXPECT_EQ(metric_number_text("1048576"), "1.048576e+06");
  EXPECT_EQ(metric_number_text("1000000"), "1e+06");
  EXPECT_EQ(metric_number_text("120000000000"), "1.2e+11");
  EXPECT_EQ(metric_number_text("-1"), "-1");
  EXPECT_EQ(metric_number_text("0.5888888888888889"), "0.5888888888888889");
  EXPECT_EQ(metric_number_text("12.5"), "12.5");
  EXPECT_EQ(metric_number_text("0.0001"), "0.0001");
  EXPECT_EQ(metric_number_text("0.00001"), "1e-05");
  EXPECT_EQ(metric_number_text("1.5e-07"), "1.5e-07");
}

TEST(MetricsText, families_are_sorted_and_label_values_escaped) {
  MetricsText text;
  const std::array<MetricLabel, 1> labels = {{{"name", "a\"b\\c\nd"}}};
  text.add("b", MetricKind::counter, "of b", labels, std::uint64_t{1});
  text.add("a", MetricKind::gauge, "of a", {}, std::uint64_t{2});
  text.add("b", MetricKind::gauge, "ignored", {}, std::uint64_t{3});
  EXPECT_EQ(text.text(),
            "# HELP a of a\n# TYPE a gauge\na 2\n"
            "# HELP b of b\n# TYPE b counter\nb{name=\"a\\\"b\\\\c\\nd\"} 1\nb 3\n");
}

TEST(Metrics, are_those_of_the_stock_exporter_for_varz) {
  MonitorStage stage;
  const std::string text = stage.body("/metrics", "");
  for (const char* name : {"auth_timeout",
                           "config_load_time",
                           "connections",
                           "cores",
                           "cpu",
                           "gomaxprocs",
                           "http_port",
                           "in_client_msgs",
                           "max_payload",
                           "mem",
                           "ping_interval",
                           "remotes",
                           "routes",
                           "server_name",
                           "slow_consumer_stats_clients",
                           "stale_connection_stats_leafs",
                           "start",
                           "subscriptions",
                           "tls_timeout",
                           "version",
                           "write_deadline",
                           "disk_io_wait_stats_max_wait_time"}) {
    EXPECT_TRUE(has(text, std::string("# HELP nats_varz_") + name + " " + name +
                              "\n# TYPE nats_varz_" + name + " gauge\nnats_varz_" + name +
                              "{server_id=\"s1\""))
        << name;
  }
  EXPECT_TRUE(has(text, "nats_varz_max_payload{server_id=\"s1\"} 1.048576e+06\n"));
  EXPECT_TRUE(has(text, "nats_varz_server_id{server_id=\"s1\",value=\"NTEST\"} 1\n"));
  EXPECT_TRUE(has(text, "nats_varz_start{server_id=\"s1\"} 1.7954064e+12\n"));
  EXPECT_TRUE(has(text, "nats_routez_num_routes{server_id=\"s1\"} 0\n"));
  EXPECT_TRUE(has(text, "nats_subsz_cache_hit_rate{server_id=\"s1\"} 0\n"));
  EXPECT_TRUE(has(text, "nats_leafz_conn_nodes_total{server_id=\"s1\"} 0\n"));
  EXPECT_TRUE(has(text, "nats_healthz_status_value{server_id=\"s1\",value=\"ok\"} 1\n"));
  // What that exporter leaves out: truth values, lists, text but a few keys, and some numbers.
  for (const char* absent : {"nats_varz_now", "nats_varz_host ", "nats_varz_leaf_", "_uptime{",
                             "nats_varz_feature_flags", "nats_varz_cluster_cluster_port"}) {
    EXPECT_FALSE(has(text, absent)) << absent;
  }
}

TEST(Metrics, prefix_and_server_id_are_configured) {
  Options options = MonitorStage::default_options();
  options.monitor.metrics_prefix = "gnatsd";
  options.monitor.metrics_server_id = "pod-0";
  MonitorStage stage(options);
  for (const std::string& family : families(stage.body("/metrics", ""))) {
    EXPECT_TRUE(family.starts_with("gnatsd_") || family.starts_with("rubus_")) << family;
  }
  EXPECT_TRUE(has(stage.body("/metrics", ""), "gnatsd_varz_connections{server_id=\"pod-0\"} 0\n"));
}

TEST(Metrics, traffic_of_connections_is_summed_and_shown_singly_only_when_asked) {
  MonitorStage stage;
  stage.connect("SUB foo 1\r\nPUB foo 2\r\nhi\r\n");
  stage.connect("PUB foo 3\r\nyou\r\n");
  const std::string text = stage.body("/metrics", "");
  EXPECT_TRUE(has(text,
                  "# TYPE nats_connz_in_bytes counter\n"
                  "nats_connz_in_bytes{server_id=\"s1\"} 5\n#"));
  EXPECT_TRUE(has(text, "nats_connz_out_msgs{server_id=\"s1\"} 2\n"));
  EXPECT_TRUE(has(text, "nats_connz_total{server_id=\"s1\"} 2\n"));
  EXPECT_FALSE(has(text, "cid="));
  EXPECT_TRUE(has(stage.body("/metrics", "connz_detailed=1"),
                  "nats_connz_in_msgs{account=\"\",account_id=\"\",cid=\"1\",ip=\"127.0.0.1\","
                  "kind=\"Client\",lang=\"\",name=\"\",name_tag=\"$G\",port=\"50001\","
                  "server_id=\"s1\",tls_cipher_suite=\"\",tls_version=\"\",type=\"nats\","
                  "version=\"\"} 1\n"));
}

TEST(Metrics, accounts_are_shown_twice_as_there) {
  MonitorStage stage;
  stage.connect("");
  const std::string text = stage.body("/metrics", "");
  EXPECT_TRUE(has(text,
                  "nats_accstatz_current_connections{account=\"$G\",account_id=\"$G\","
                  "account_name=\"$G\",server_id=\"s1\"} 1\n"));
  EXPECT_TRUE(has(text,
                  "nats_accountz_is_system{account_id=\"$SYS\",account_name=\"$SYS\","
                  "server_id=\"s1\"} 1\n"));
}

TEST(Metrics, the_answer_is_told_to_be_metrics) {
  MonitorStage stage;
  const MonitorReply reply = stage.ask("/metrics", "");
  EXPECT_TRUE(reply.is_metrics);
  EXPECT_FALSE(reply.is_json);
  EXPECT_EQ(stage.ask("/metrics", "connz_detailed=x").status, 400);
}

}  // namespace rubus::test
