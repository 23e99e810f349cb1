// Documents of a process of two shards: shard 0 asks the other one and answers for both.
#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "engine/engine.h"
#include "tests/engine/monitor/monitor_stage.h"

namespace rubus::test {

namespace {

class Shards : public testing::Test {
 protected:
  Shards() {
    for (std::uint32_t index = 0; index < engines_.size(); ++index) {
      Options options = MonitorStage::default_options();
      options.shard = {index, 2};
      engines_[index] = std::make_unique<Engine>(options, 1, WallTime{1}, pool_);
      step(index, {});
    }
  }

  void step(std::size_t shard, std::vector<Input> inputs) {
    engines_[shard]->step({Instant{1'000'000'000}, WallTime{2}, inputs}, outputs_[shard]);
  }

  void connect(std::size_t shard, std::uint32_t slot, std::string_view text) {
    ConnectionOpened opened;
    opened.connection = {slot, 1};
    step(shard, {opened, BytesReceived{{slot, 1}, Slice::copy_of(pool_, text)}});
  }

  // Asks shard 0 and carries what it wants to know; the answer.
  std::string ask(std::string_view path, std::string_view query = {}) {
    auto question = std::make_shared<MonitorQuestion>();
    question->path = path;
    question->query = query;
    step(0, {MonitorAsked{{5}, question}});
    EXPECT_TRUE(outputs_[0].replies.empty());
    const SnapshotWish wish = outputs_[0].snapshot_wishes.at(0);
    step(1, {SnapshotAsked{wish.ticket, wish.question}});
    const SnapshotGiven given = outputs_[1].snapshots.at(0);
    step(0, {SnapshotTaken{given.ticket, 1, given.snapshot}});
    EXPECT_EQ(outputs_[0].replies.at(0).ticket, MonitorTicket{5});
    return outputs_[0].replies.at(0).body;
  }

  BlockPool pool_;
  std::array<std::unique_ptr<Engine>, 2> engines_;
  std::array<Output, 2> outputs_;
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_F(Shards, counts_are_those_of_both) {
  connect(0, 1, "CONNECT {\"name\":\"here\"}\r\nPUB a 2\r\nhi\r\n");
  connect(1, 1, "CONNECT {\"name\":\"there\"}\r\nSUB b 1\r\nPUB a 3\r\nyou\r\n");
  const std::string varz = ask("/varz");
  EXPECT_TRUE(has(varz, "\"connections\": 2,\n  \"total_connections\": 2,"));
  EXPECT_TRUE(has(varz, "\"in_client_msgs\": 2,\n  \"in_client_bytes\": 5,"));
  EXPECT_TRUE(has(ask("/accstatz"), "\"conns\": 2"));
}

TEST_F(Shards, connections_of_both_are_listed_filtered_and_paged_together) {
  connect(0, 1, "CONNECT {\"name\":\"here\"}\r\n");
  connect(1, 1, "CONNECT {\"name\":\"there\"}\r\nSUB b 1\r\n");
  const std::string all = ask("/connz", "subs=1");
  EXPECT_TRUE(has(all, "\"num_connections\": 2,\n  \"total\": 2"));
  EXPECT_LT(all.find("\"cid\": 1"), all.find("\"cid\": 2"));
  EXPECT_TRUE(has(all, "\"name\": \"there\""));
  EXPECT_TRUE(has(all, "\"subscriptions_list\": [\n        \"b\"\n      ]"));
  const std::string second = ask("/connz", "offset=1&limit=1");
  EXPECT_TRUE(has(second, "\"num_connections\": 1,\n  \"total\": 2"));
  EXPECT_TRUE(has(second, "\"name\": \"there\"") && !has(second, "\"name\": \"here\""));
}

TEST_F(Shards, closed_connections_and_subscriptions_of_both_are_found) {
  connect(1, 1, "CONNECT {\"name\":\"there\"}\r\nSUB b 1\r\n");
  EXPECT_TRUE(has(ask("/subsz", "subs=1&test=b"), "\"total\": 1"));
  step(1, {ConnectionClosed{{1, 1}, CloseCause::peer_closed}});
  EXPECT_TRUE(has(ask("/connz", "state=closed"), "\"reason\": \"Client Closed\""));
  EXPECT_TRUE(has(ask("/connz", ""), "\"total\": 0"));
}

TEST_F(Shards, a_shard_that_has_ended_is_not_waited_for) {
  auto question = std::make_shared<MonitorQuestion>();
  question->path = "/varz";
  step(0, {MonitorAsked{{6}, question}});
  const SnapshotTicket ticket = outputs_[0].snapshot_wishes.at(0).ticket;
  step(0, {SnapshotTaken{ticket, 1, nullptr}});
  EXPECT_EQ(outputs_[0].replies.size(), 1U);
  step(0, {SnapshotTaken{ticket, 1, nullptr}});
  EXPECT_EQ(outputs_[0].replies.size(), 0U);
}

TEST_F(Shards, no_more_than_two_questions_are_out_at_once_and_the_others_keep_their_order) {
  auto question = std::make_shared<MonitorQuestion>();
  question->path = "/varz";
  step(0, {MonitorAsked{{1}, question}, MonitorAsked{{2}, question}, MonitorAsked{{3}, question},
           MonitorAsked{{4}, question}});
  const std::vector<SnapshotWish> first = outputs_[0].snapshot_wishes;
  ASSERT_EQ(first.size(), 2U);
  step(0, {SnapshotTaken{first[0].ticket, 1, nullptr}});
  EXPECT_EQ(outputs_[0].replies.at(0).ticket, MonitorTicket{1});
  const std::vector<SnapshotWish> second = outputs_[0].snapshot_wishes;
  ASSERT_EQ(second.size(), 1U);
  step(0, {SnapshotTaken{first[1].ticket, 1, nullptr}});
  EXPECT_EQ(outputs_[0].replies.at(0).ticket, MonitorTicket{2});
  step(0, {SnapshotTaken{second[0].ticket, 1, nullptr}});
  EXPECT_EQ(outputs_[0].replies.at(0).ticket, MonitorTicket{3});
}

}  // namespace rubus::test
