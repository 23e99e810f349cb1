// Goal: the model of clusters calls wrong what is wrong, and nothing else. Method: connections,
// operations and frames by hand; each test breaks one promise.
#include "sim/cluster/cluster_model.h"

#include <gtest/gtest.h>

namespace rubus::sim {
namespace {

constexpr Duration bound = seconds(10);
constexpr Duration settle = milliseconds(500);
constexpr Duration flight = seconds(1);

// Three nodes, the last in another cluster; clients 0 and 1 on node 0, 2 on node 1, 3 on node 2.
class Meeting {
 public:
  Meeting() : scenario_(shape()), calm_(3, bound), model_(scenario_, calm_, settle, flight) {}

  void connect(std::uint32_t client, std::uint32_t node, std::uint32_t shard = 0,
               bool no_responders = false) {
    const WireEnd mine{false, client, 0, 0, true, false};
    const WireEnd theirs{true, node, 1, shard, true, false};
    wires_.emplace_back(client + 1, ConnectionKind::client, LinkShape{}, 1, "wire");
    wires_.back().ends = {mine, theirs};
    ConnectWish wish;
    wish.no_responders = no_responders;
    model_.on_connected(wires_.back(), wish, at(0));
  }
  void subscribe(std::int64_t ms, std::uint32_t client, const std::string& subject,
                 const std::string& sid, const std::string& queue = "") {
    ClientOperation operation;
    operation.step.kind = StepKind::subscribe;
    operation.step.subject = subject;
    operation.step.sid = sid;
    operation.step.queue = queue;
    model_.on_said(client + 1, operation, at(ms));
    model_.on_handed_in(client + 1, operation, at(ms));
  }
  void unsubscribe(std::int64_t ms, std::uint32_t client, const std::string& sid) {
    ClientOperation operation;
    operation.step.kind = StepKind::unsubscribe;
    operation.step.sid = sid;
    model_.on_said(client + 1, operation, at(ms));
    model_.on_handed_in(client + 1, operation, at(ms));
  }
  void publish(std::int64_t ms, std::uint32_t client, const std::string& subject,
               const std::string& id, const std::string& reply = "") {
    ClientOperation operation;
    operation.step.kind = StepKind::publish;
    operation.step.subject = subject;
    operation.step.reply = reply;
    operation.id = operation.payload = id;
    model_.on_said(client + 1, operation, at(ms));
    model_.on_handed_in(client + 1, operation, at(ms));
  }
  void get(std::int64_t ms, std::uint32_t client, const std::string& raw) {
    ServerFrames reader;
    reader.feed(raw);
    Frame frame;
    ASSERT_TRUE(reader.next(frame)) << reader.violation();
    model_.on_frame(client + 1, frame, at(ms));
  }
  void get_message(std::int64_t ms, std::uint32_t client, const std::string& subject,
                   const std::string& sid, const std::string& id) {
    get(ms, client,
        "MSG " + subject + " " + sid + " " + std::to_string(id.size()) + "\r\n" + id + "\r\n");
  }
  std::string judged() {
    model_.judge(at(60'000));
    return model_.violations.empty() ? "" : model_.violations.front();
  }
  Calm& calm() { return calm_; }
  const ClusterCounts& counts() const { return model_.counts(); }
  static Instant at(std::int64_t ms) { return Instant{} + milliseconds(ms); }

 private:
  static Scenario shape() {
    Scenario scenario;
    scenario.nodes.resize(3);
    scenario.nodes[2].cluster = "OTHER";
    return scenario;
  }

  Scenario scenario_;
  Calm calm_;
  std::deque<Wire> wires_;
  ClusterModel model_;
};

void expect_says(Meeting& meeting, std::string_view words) {
  const std::string said = meeting.judged();
  EXPECT_NE(said.find(words), std::string::npos) << "said: " << said;
}

class Pair : public Meeting {
 public:
  Pair() {
    connect(0, 0);
    connect(2, 1);
    subscribe(100, 2, "a.*", "7");
    publish(5'000, 0, "a.b", "m0-1;");
  }
};

TEST(ClusterModel, a_delivered_message_is_good_and_counted) {
  Pair pair;
  pair.get_message(5'010, 2, "a.b", "7", "m0-1;");
  EXPECT_EQ(pair.judged(), "");
  EXPECT_EQ(pair.counts().owed, 1U);
  EXPECT_EQ(pair.counts().across, 1U);
}

TEST(ClusterModel, a_message_that_never_came_is_missed) {
  Pair pair;
  expect_says(pair, "m0-1; on a.b from node 0 was never delivered to sid 7");
}

TEST(ClusterModel, a_message_lost_on_a_disturbed_path_is_not_missed) {
  Pair pair;
  pair.calm().disturb(0, 1, Meeting::at(4'000), Meeting::at(4'100));
  EXPECT_EQ(pair.judged(), "");
}

TEST(ClusterModel, the_bound_after_a_disturbance_ends_its_excuse) {
  Pair pair;
  pair.calm().disturb(0, 1, Meeting::at(3'000), Meeting::at(4'000));
  pair.publish(14'100, 0, "a.b", "m0-2;");
  expect_says(pair, "m0-2; on a.b from node 0 was never delivered");
}

TEST(ClusterModel, trouble_with_names_prolongs_a_disturbance) {
  Pair pair;
  pair.calm().disturb(0, 1, Meeting::at(3'000), Meeting::at(4'000));
  pair.calm().disturb_names(Meeting::at(5'000), Meeting::at(9'000));
  pair.publish(14'100, 0, "a.b", "m0-2;");
  EXPECT_EQ(pair.judged(), "");
}

TEST(ClusterModel, a_doubled_message_is_called_so) {
  Pair pair;
  pair.get_message(5'010, 2, "a.b", "7", "m0-1;");
  pair.get_message(5'020, 2, "a.b", "7", "m0-1;");
  expect_says(pair, "was delivered twice");
}

TEST(ClusterModel, a_changed_message_is_shown) {
  Pair pair;
  pair.get(5'010, 2, "MSG a.b 7 6\r\nm0-1;x\r\n");
  expect_says(pair, "is changed");
}

TEST(ClusterModel, what_nobody_published_is_shown) {
  Pair pair;
  pair.get_message(5'010, 2, "a.b", "7", "m9-9;");
  expect_says(pair, "got what nobody may have published");
}

TEST(ClusterModel, a_message_out_of_order_counts_on_a_stable_path_only) {
  for (const bool is_stable : {true, false}) {
    Pair pair;
    pair.publish(5'001, 0, "a.b", "m0-2;");
    pair.get_message(5'010, 2, "a.b", "7", "m0-2;");
    if (!is_stable) {
      pair.calm().bump(0, 1);
    }
    pair.get_message(5'011, 2, "a.b", "7", "m0-1;");
    EXPECT_EQ(pair.judged().find("out of order") != std::string::npos, is_stable);
  }
}

TEST(ClusterModel, a_message_of_another_cluster_is_called_so) {
  Meeting meeting;
  meeting.connect(0, 0);
  meeting.connect(3, 2);
  meeting.subscribe(100, 3, "a", "1");
  meeting.publish(5'000, 0, "a", "m0-1;");
  meeting.get_message(5'010, 3, "a", "1", "m0-1;");
  expect_says(meeting, "crossed servers that must not know each other");
}

TEST(ClusterModel, a_group_is_served_once_in_the_whole_cluster) {
  Meeting meeting;
  meeting.connect(0, 0);
  meeting.connect(1, 0);
  meeting.connect(2, 1);
  meeting.subscribe(100, 1, "a", "1", "q");
  meeting.subscribe(100, 2, "a", "1", "q");
  meeting.publish(5'000, 0, "a", "m0-1;");
  meeting.get_message(5'010, 1, "a", "1", "m0-1;");
  EXPECT_EQ(meeting.judged(), "");
  meeting.get_message(5'020, 2, "a", "1", "m0-1;");
  expect_says(meeting, "two members of queue group q");
}

TEST(ClusterModel, a_group_without_its_message_is_missed) {
  Meeting meeting;
  meeting.connect(0, 0);
  meeting.connect(2, 1);
  meeting.subscribe(100, 2, "a", "1", "q");
  meeting.publish(5'000, 0, "a", "m0-1;");
  expect_says(meeting, "reached nobody of queue group q");
}

TEST(ClusterModel, a_remote_member_that_leaves_excuses_but_a_local_one_does_not) {
  for (const std::uint32_t node : {0U, 1U}) {
    Meeting meeting;
    meeting.connect(0, 0);
    meeting.connect(1, 0);
    meeting.connect(2, node);
    meeting.subscribe(100, 1, "a", "1", "q");
    meeting.subscribe(100, 2, "a", "1", "q");
    meeting.publish(5'000, 0, "a", "m0-1;");
    meeting.unsubscribe(5'001, 2, "1");
    EXPECT_EQ(meeting.judged().empty(), node == 1) << "member on node " << node;
  }
}

TEST(ClusterModel, no_responders_must_be_told_if_nobody_listens) {
  Meeting meeting;
  meeting.connect(0, 0, 0, true);
  meeting.subscribe(100, 0, "_INBOX.*", "i");
  meeting.publish(5'000, 0, "a", "m0-1;", "_INBOX.1");
  expect_says(meeting, "has no responders, but no 503 came");
}

TEST(ClusterModel, no_responders_must_not_be_told_if_somebody_listens_far_away) {
  Meeting meeting;
  meeting.connect(0, 0, 0, true);
  meeting.connect(2, 1);
  meeting.subscribe(100, 0, "_INBOX.*", "i");
  meeting.subscribe(100, 2, "a", "1");
  meeting.publish(5'000, 0, "a", "m0-1;", "_INBOX.1");
  meeting.get(5'005, 2, "MSG a 1 _INBOX.1 5\r\nm0-1;\r\n");
  meeting.get(5'010, 0, "HMSG _INBOX.1 i 16 16\r\nNATS/1.0 503\r\n\r\n\r\n");
  expect_says(meeting, "was answered with 503 though somebody listens");
}

TEST(ClusterModel, a_503_that_was_not_asked_for_is_called_so) {
  Meeting meeting;
  meeting.connect(0, 0);
  meeting.subscribe(100, 0, "_INBOX.*", "i");
  meeting.publish(5'000, 0, "a", "m0-1;", "_INBOX.1");
  meeting.get(5'010, 0, "HMSG _INBOX.1 i 16 16\r\nNATS/1.0 503\r\n\r\n\r\n");
  expect_says(meeting, "got a 503 that it did not ask for");
}

}  // namespace
}  // namespace rubus::sim
