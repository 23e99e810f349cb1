// One header set in a block, and a publish that is rewritten on its way.
#include "engine/wire/header_edit.h"

#include <gtest/gtest.h>

#include "engine/routing/rewritten_publish.h"

namespace rubus::test {
namespace {

TEST(SetHeader, makes_a_block_where_there_is_none) {
  EXPECT_EQ(set_header("", "Name", "value"), "NATS/1.0\r\nName: value\r\n\r\n");
}

TEST(SetHeader, goes_behind_the_others_which_keep_their_bytes) {
  EXPECT_EQ(set_header("NATS/1.0\r\nA:b \r\nA: c\r\n\r\n", "Name", "value"),
            "NATS/1.0\r\nA:b \r\nA: c\r\nName: value\r\n\r\n");
}

TEST(SetHeader, replaces_every_line_of_its_name_and_none_that_only_begins_so) {
  EXPECT_EQ(
      set_header("NATS/1.0\r\nName: old\r\nNames: x\r\nName:\r\nname: y\r\n\r\n", "Name", "new"),
      "NATS/1.0\r\nNames: x\r\nname: y\r\nName: new\r\n\r\n");
}

TEST(SetHeader, keeps_a_status) {
  EXPECT_EQ(set_header("NATS/1.0 503\r\n\r\n", "Name", "v"), "NATS/1.0 503\r\nName: v\r\n\r\n");
}

TEST(SetHeader, copes_with_a_block_that_ends_early) {
  EXPECT_EQ(set_header("NATS/1.0", "Name", "v"), "NATS/1.0\r\nName: v\r\n\r\n");
  EXPECT_EQ(set_header("NATS/1.0\r\nA: b", "Name", "v"), "NATS/1.0\r\nA: b\r\nName: v\r\n\r\n");
}

PublishCommand publish_of(const Slice& body, std::uint32_t header_size) {
  PublishCommand publish;
  publish.subject = "here";
  publish.reply = "back";
  publish.line_tail = header_size == 0 ? "back 2\r\n" : "back 12 14\r\n";
  publish.header_size = header_size;
  publish.has_headers = header_size > 0;
  publish.total_size = static_cast<std::uint32_t>(body.size() - 2);
  publish.same_subject = true;
  publish.body = body.view();
  publish.source = &body;
  return publish;
}

TEST(RewrittenPublish, agrees_with_itself_after_each_change) {
  BlockPool pool;
  const Slice body = Slice::copy_of(pool, "hi\r\n");
  RewrittenPublish message(publish_of(body, 0));
  message.set_subject("there");
  EXPECT_EQ(message.command().subject, "there");
  EXPECT_EQ(message.command().line_tail, "back 2\r\n");
  EXPECT_FALSE(message.command().same_subject);
  message.set_reply("elsewhere");
  EXPECT_EQ(message.command().reply, "elsewhere");
  EXPECT_EQ(message.command().line_tail, "elsewhere 2\r\n");
  message.set_headers(pool, "NATS/1.0\r\n\r\n");
  EXPECT_EQ(message.command().line_tail, "elsewhere 12 14\r\n");
  EXPECT_EQ(message.command().body, "NATS/1.0\r\n\r\nhi\r\n");
  EXPECT_EQ(message.command().source->view(), message.command().body);
  EXPECT_TRUE(message.command().has_headers);
}

TEST(RewrittenPublish, replaces_a_block_and_keeps_the_payload) {
  BlockPool pool;
  const Slice body = Slice::copy_of(pool, "NATS/1.0\r\n\r\nhi\r\n");
  RewrittenPublish message(publish_of(body, 12));
  EXPECT_EQ(message.headers(), "NATS/1.0\r\n\r\n");
  message.set_headers(pool, set_header(message.headers(), "A", "b"));
  EXPECT_EQ(message.command().body, "NATS/1.0\r\nA: b\r\n\r\nhi\r\n");
  EXPECT_EQ(message.command().line_tail, "back 18 20\r\n");
  EXPECT_EQ(message.command().total_size, 20U);
}

}  // namespace
}  // namespace rubus::test
