#include "engine/auth/permissions.h"

#include <gtest/gtest.h>

namespace rubus::test {
namespace {

TEST(Permissions, empty_lists_allow_everything) {
  PermissionSet set(Permissions{});
  EXPECT_TRUE(set.may_publish("a.b"));
  EXPECT_TRUE(set.may_subscribe(">", ""));
}

TEST(Permissions, deny_overrules_allow) {
  Permissions permissions;
  permissions.publish_allow = {"a.>"};
  permissions.publish_deny = {"a.secret"};
  PermissionSet set(permissions);
  EXPECT_TRUE(set.may_publish("a.b"));
  EXPECT_FALSE(set.may_publish("a.secret"));
  EXPECT_FALSE(set.may_publish("b"));
}

TEST(Permissions, a_subscription_must_lie_wholly_inside_an_allowed_pattern) {
  Permissions permissions;
  permissions.subscribe_allow = {"a.*"};
  PermissionSet set(permissions);
  EXPECT_TRUE(set.may_subscribe("a.b", ""));
  EXPECT_TRUE(set.may_subscribe("a.*", ""));
  EXPECT_FALSE(set.may_subscribe("a.>", ""));
  EXPECT_FALSE(set.may_subscribe("*.b", ""));
}

TEST(Permissions, a_wildcard_wider_than_a_deny_is_accepted_and_filtered_at_delivery) {
  Permissions permissions;
  permissions.subscribe_deny = {"a.secret"};
  PermissionSet set(permissions);
  EXPECT_TRUE(set.may_subscribe("a.*", ""));
  EXPECT_FALSE(set.may_subscribe("a.secret", ""));
  EXPECT_TRUE(set.needs_filter("a.*", ""));
  EXPECT_FALSE(set.needs_filter("b.*", ""));
  EXPECT_TRUE(set.is_delivery_denied("a.secret", ""));
  EXPECT_FALSE(set.is_delivery_denied("a.b", ""));
}

TEST(Permissions, a_subject_with_an_empty_token_matches_no_pattern) {
  Permissions permissions;
  permissions.publish_allow = {"a.>"};
  PermissionSet allowing(permissions);
  EXPECT_FALSE(allowing.may_publish("a..b"));
  permissions.publish_allow = {};
  permissions.publish_deny = {"a.>"};
  PermissionSet denying(permissions);
  EXPECT_TRUE(denying.may_publish("a..b"));
}

TEST(Permissions, a_queue_deny_filters_only_members_of_that_queue) {
  Permissions permissions;
  permissions.subscribe_deny = {"a.b.c q1"};
  PermissionSet set(permissions);
  EXPECT_TRUE(set.needs_filter("a.*.c", "q1"));
  EXPECT_FALSE(set.needs_filter("a.*.c", "q2"));
  EXPECT_FALSE(set.needs_filter("a.*.c", ""));
  EXPECT_TRUE(set.is_delivery_denied("a.b.c", "q1"));
  EXPECT_FALSE(set.is_delivery_denied("a.b.c", "q2"));
}

TEST(Permissions, a_queue_entry_allows_only_its_queue) {
  Permissions permissions;
  permissions.subscribe_allow = {"foo v1", "bar v*.>"};
  PermissionSet set(permissions);
  EXPECT_TRUE(set.may_subscribe("foo", "v1"));
  EXPECT_FALSE(set.may_subscribe("foo", "v2"));
  EXPECT_FALSE(set.may_subscribe("foo", ""));
}

TEST(Permissions, with_allow_responses_alone_only_remembered_replies_may_be_published) {
  Permissions permissions;
  permissions.responses = ResponsePermission{2, seconds(1)};
  PermissionSet set(permissions);
  const Instant start{0};
  EXPECT_FALSE(set.may_publish("r"));
  EXPECT_FALSE(set.may_respond("r", start));
  set.remember_reply("r", start);
  EXPECT_TRUE(set.may_respond("r", start));
  EXPECT_TRUE(set.may_respond("r", start));
  EXPECT_FALSE(set.may_respond("r", start));
  set.remember_reply("late", start);
  EXPECT_FALSE(set.may_respond("late", start + milliseconds(1001)));
}

TEST(Permissions, remembered_replies_are_bounded) {
  Permissions permissions;
  permissions.responses = ResponsePermission{1, seconds(100)};
  PermissionSet set(permissions);
  for (int reply = 0; reply < 6000; ++reply) {
    set.remember_reply("r." + std::to_string(reply), Instant{reply});
  }
  EXPECT_FALSE(set.may_respond("r.0", Instant{6000}));
  EXPECT_TRUE(set.may_respond("r.5999", Instant{6000}));
}

}  // namespace
}  // namespace rubus::test
