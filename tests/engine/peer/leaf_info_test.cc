// INFO and CONNECT of leaf connections against the recorded ones of nats-server, and the faults
// that are no greeting.
#include "engine/peer/leaf_info.h"

#include <gtest/gtest.h>

#include "tests/engine/peer/capture.h"

namespace rubus::test {
namespace {

// The first line of a capture that begins so, as valid JSON.
std::string line_of(const std::string& capture, char side, std::string_view start) {
  for (const CaptureLine& line : read_capture(capture)) {
    if (line.side == side && line.text.starts_with(start)) {
      std::string text = line.text;
      const std::size_t number = text.find("{CID}");
      return number == std::string::npos ? text : text.replace(number, 5, "7");
    }
  }
  ADD_FAILURE() << capture << " has no line " << start;
  return {};
}

std::string json_of(const std::string& line) { return line.substr(line.find(' ') + 1); }

Options hub_options() {
  Options options;
  options.identity.server_id = "{ID_B}";
  options.identity.server_name = "B";
  options.identity.version = "2.15.1";
  options.identity.toolchain = "{GO}";
  options.cluster.enabled = true;
  options.cluster.name = "CL";
  options.leaf.enabled = true;
  options.leaf.host = "127.0.0.1";
  options.leaf.port = 17013;
  return options;
}

// Fields of JetStream say nothing about a server that has none yet.
std::string without(std::string text, std::string_view field) {
  const std::size_t at = text.find(field);
  return at == std::string::npos ? text : text.erase(at, field.size());
}

TEST(LeafInfo, the_greeting_of_a_hub_is_that_of_nats_server) {
  LeafInfo info = own_leaf_info(hub_options(), hub_options().cluster.name);
  info.client_id = 7;
  info.nonce = "{NONCE}";
  const std::string recorded = line_of("leaf_user_pass_off", 'B', "INFO");
  EXPECT_EQ(leaf_info_line(info, hub_options()), without(recorded, ",\"api_lvl\":5") + "\r\n");
}

TEST(LeafInfo, the_answer_to_connect_tells_account_and_rights_as_nats_server_does) {
  LeafInfo info = own_leaf_info(hub_options(), hub_options().cluster.name);
  info.client_id = 7;
  info.compression.clear();
  info.connect_info = true;
  info.remote_account = "APP";
  info.import_filter = SubjectFilter{{"down.>"}, {"down.secret"}};
  info.export_filter = SubjectFilter{{"up.>"}, {}};
  std::string recorded;
  for (const CaptureLine& line : read_capture("leaf_permissions")) {
    if (line.text.find("connect_info") != std::string::npos) {
      recorded = line.text;
    }
  }
  recorded.replace(recorded.find("{CID}"), 5, "7");
  EXPECT_EQ(leaf_info_line(info, hub_options()), without(recorded, ",\"api_lvl\":5") + "\r\n");
}

TEST(LeafInfo, the_connect_of_a_leaf_is_that_of_nats_server) {
  LeafConnect connect;
  connect.version = "2.15.1";
  connect.username = "lf";
  connect.password = "lfpw";
  connect.server_id = "{ID_L}";
  connect.name = "L";
  connect.cluster = "L";
  connect.headers = true;
  connect.compression = "off";
  connect.remote_account = "$G";
  connect.protocol = 3;
  EXPECT_EQ(leaf_connect_line(connect), line_of("leaf_user_pass_off", 'A', "CONNECT") + "\r\n");
}

TEST(LeafInfo, every_recorded_greeting_is_read) {
  std::size_t read = 0;
  for (const std::string& name : capture_names()) {
    if (!name.starts_with("leaf")) {
      continue;
    }
    for (const CaptureLine& line : read_capture(name)) {
      std::string json = json_of(line.text);
      if (const std::size_t at = json.find("{CID}"); at != std::string::npos) {
        json.replace(at, 5, "7");
      }
      if (line.text.starts_with("INFO")) {
        LeafInfo info;
        EXPECT_TRUE(read_leaf_info(json, info)) << json;
        ++read;
      } else if (line.text.starts_with("CONNECT")) {
        LeafConnect connect;
        EXPECT_TRUE(read_leaf_connect(json, connect)) << json;
        EXPECT_EQ(connect.version, "2.15.1");
        EXPECT_EQ(connect.compression.empty(), false);
        ++read;
      }
    }
  }
  EXPECT_GE(read, 25U);
}

TEST(LeafInfo, what_the_hub_says_is_understood) {
  LeafInfo info;
  ASSERT_TRUE(read_leaf_info(json_of(line_of("leaf_user_pass_off", 'B', "INFO")), info));
  EXPECT_EQ(info.server_name, "B");
  EXPECT_EQ(info.client_id, 7);
  EXPECT_EQ(info.cluster, "CL");
  EXPECT_TRUE(info.headers);
  EXPECT_TRUE(info.info_on_connect);
  EXPECT_FALSE(info.connect_info);
  EXPECT_EQ(info.leafnode_urls, std::vector<std::string>{"127.0.0.1:17013"});
}

TEST(LeafInfo, keys_are_read_whatever_their_case_and_null_changes_nothing) {
  LeafConnect connect;
  connect.username = "kept";
  ASSERT_TRUE(read_leaf_connect(
      R"({"NAME":"L","user":null,"deny_pub":["a","b"],"unknown":{"x":[1,2]},"is_hub":true})",
      connect));
  EXPECT_EQ(connect.name, "L");
  EXPECT_EQ(connect.username, "kept");
  EXPECT_EQ(connect.deny_publish, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(connect.is_hub);
}

TEST(LeafInfo, a_known_key_of_the_wrong_type_and_broken_json_are_faults) {
  LeafInfo info;
  EXPECT_FALSE(read_leaf_info(R"({"client_id":"7"})", info));
  EXPECT_FALSE(read_leaf_info(R"({"leafnode_urls":"127.0.0.1:1"})", info));
  EXPECT_FALSE(read_leaf_info(R"({"leafnode_urls":[1]})", info));
  EXPECT_FALSE(read_leaf_info(R"({"import":[]})", info));
  EXPECT_FALSE(read_leaf_info(R"({"server_id":"N")", info));
  EXPECT_FALSE(read_leaf_info(R"([])", info));
  EXPECT_FALSE(read_leaf_info("", info));
  EXPECT_FALSE(read_leaf_info(R"({} {})", info));
}

}  // namespace
}  // namespace rubus::test
