// Who is refused, what may cross, how long is waited: one fact each.
#include "engine/peer/leaf_rules.h"

#include <gtest/gtest.h>

#include "engine/auth/permissions.h"
#include "tests/engine/peer/capture.h"

namespace rubus::test {
namespace {

using Error = std::optional<std::string>;

TEST(LeafRules, a_client_and_a_gateway_are_told_that_this_is_no_port_for_them) {
  LeafConnect connect;
  EXPECT_EQ(refuse_leaf_stranger(connect), Error());
  connect.gateway = "G";
  EXPECT_EQ(refuse_leaf_stranger(connect),
            Error("Rejecting connection from gateway \"G\" on the leafnode port"));
  connect.language = "go";
  EXPECT_EQ(refuse_leaf_stranger(connect), Error("attempted to connect to leaf node port"));
}

TEST(LeafRules, a_leaf_of_the_same_cluster_name_is_refused_only_where_there_is_a_cluster) {
  LeafConnect connect;
  connect.cluster = "CL";
  EXPECT_EQ(refuse_leaf_cluster(connect, "CL"), Error("remote leafnode has same cluster name"));
  EXPECT_EQ(refuse_leaf_cluster(connect, "other"), Error());
  EXPECT_EQ(refuse_leaf_cluster(connect, ""), Error());
  connect.cluster = "a b";
  EXPECT_EQ(refuse_leaf_cluster(connect, ""), Error("cluster name cannot contain spaces"));
}

TEST(LeafRules, a_version_below_the_minimum_is_refused_with_the_recorded_text) {
  Options options;
  options.leaf.min_version = "2.99.0";
  LeafConnect connect;
  connect.version = "2.15.1";
  std::string recorded;
  for (const CaptureLine& line : read_capture("leaf_err_min_version")) {
    recorded = line.text.starts_with("-ERR") ? line.text : recorded;
  }
  EXPECT_EQ("-ERR '" + refuse_leaf_version(connect, options).value_or("") + "'", recorded);
  connect.version = "2.99.0";
  EXPECT_EQ(refuse_leaf_version(connect, options), Error());
}

TEST(LeafRules, versions_compare_by_number_and_no_version_is_too_old) {
  EXPECT_TRUE(is_version_at_least("2.15.1", "2.8.0"));
  EXPECT_TRUE(is_version_at_least("v2.8.0", "2.8.0"));
  EXPECT_TRUE(is_version_at_least("2.8.0-beta.3", "2.8.0"));
  EXPECT_FALSE(is_version_at_least("2.7.99", "2.8.0"));
  EXPECT_FALSE(is_version_at_least("2.8", "2.8.0"));
  EXPECT_FALSE(is_version_at_least("", "2.8.0"));
  EXPECT_FALSE(is_version_at_least("2.8.0x", "2.8.0"));
}

TEST(LeafRules, an_info_without_the_marks_of_a_leaf_port_is_the_wrong_port) {
  LeafInfo info;
  EXPECT_EQ(refuse_hub_info(info, ""), Error("attempted to connect to wrong port"));
  info.client_id = 7;
  EXPECT_EQ(refuse_hub_info(info, ""), Error("attempted to connect to wrong port"));
  info.leafnode_urls = {"127.0.0.1:1"};
  EXPECT_EQ(refuse_hub_info(info, ""), Error());
  info.cluster = "CL";
  EXPECT_EQ(refuse_hub_info(info, "CL"), Error("remote leafnode has same cluster name"));
}

TEST(LeafRules, errors_that_will_come_again_make_the_next_attempt_wait) {
  EXPECT_EQ(delay_after_error(loop_error("$G")), seconds(30));
  EXPECT_EQ(delay_after_error(publish_error("a")), seconds(30));
  EXPECT_EQ(delay_after_error("remote leafnode has same cluster name"), seconds(30));
  EXPECT_EQ(delay_after_error("connection rejected since minimum version required is \"2.99.0\""),
            seconds(5));
  EXPECT_FALSE(delay_after_error("Authorization Violation").has_value());
}

TEST(LeafRules, the_loop_error_is_the_recorded_one) {
  std::string recorded;
  for (const CaptureLine& line : read_capture("leaf_loop")) {
    recorded = line.text.starts_with("-ERR") ? line.text : recorded;
  }
  EXPECT_EQ("-ERR '" + loop_error("$G") + "'", recorded);
}

TEST(LeafRules, the_hub_sends_what_the_user_may_subscribe_and_asks_for_what_it_may_publish) {
  Permissions user;
  user.publish_allow = {"up.>"};
  user.subscribe_allow = {"down.>"};
  user.subscribe_deny = {"down.secret"};
  LeafConnect connect;
  connect.deny_publish = {"down.private"};
  PermissionSet filter(hub_filter(user, connect));
  EXPECT_TRUE(filter.may_publish("down.a"));
  EXPECT_FALSE(filter.may_publish("down.secret"));
  EXPECT_FALSE(filter.may_publish("down.private"));
  EXPECT_FALSE(filter.may_publish("up.a"));
  EXPECT_TRUE(filter.may_subscribe("up.a", ""));
  EXPECT_FALSE(filter.may_subscribe("down.a", ""));
}

TEST(LeafRules, loop_tokens_cross_whatever_else_may) {
  Permissions user;
  user.publish_allow = {"up.>"};
  user.subscribe_allow = {"down.>"};
  PermissionSet filter(hub_filter(user, {}));
  EXPECT_TRUE(filter.may_publish("$LDS.token"));
  EXPECT_TRUE(filter.may_subscribe("$LDS.token", ""));
}

TEST(LeafRules, the_api_of_jetstream_never_crosses_under_its_own_name) {
  for (const Permissions& rights : {hub_filter(std::nullopt, {}), spoke_filter({}, {})}) {
    PermissionSet filter(rights);
    EXPECT_FALSE(filter.may_publish("$JS.API.INFO"));
    EXPECT_FALSE(filter.may_publish("$KV.b.k"));
    EXPECT_FALSE(filter.may_subscribe("$JS.API.INFO", ""));
    EXPECT_TRUE(filter.may_publish("$JS.hub.API.INFO"));
    EXPECT_TRUE(filter.may_publish("anything"));
  }
}

TEST(LeafRules, a_leaf_keeps_to_the_rights_it_is_told_and_to_its_own_denials) {
  LeafInfo info;
  info.import_filter = SubjectFilter{{"down.>"}, {}};
  info.export_filter = SubjectFilter{{"up.>"}, {}};
  LeafRemote remote;
  remote.deny_exports = {"up.private"};
  remote.deny_imports = {"down.private"};
  PermissionSet filter(spoke_filter(remote, info));
  EXPECT_TRUE(filter.may_publish("up.a"));
  EXPECT_FALSE(filter.may_publish("up.private"));
  EXPECT_FALSE(filter.may_publish("other"));
  EXPECT_TRUE(filter.may_subscribe("down.a", ""));
  EXPECT_FALSE(filter.may_subscribe("down.private", ""));
}

}  // namespace
}  // namespace rubus::test
