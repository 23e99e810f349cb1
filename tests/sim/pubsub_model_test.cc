// Goal: the oracle itself says what the protocol sheet says. Method: operations in, expected
// frames out, without any server.
#include "sim/model/pubsub_model.h"

#include <gtest/gtest.h>

namespace rubus::sim {
namespace {

ClientOperation operation(StepKind kind) {
  ClientOperation made;
  made.step.kind = kind;
  return made;
}

ClientOperation subscribe(std::string subject, std::string sid, std::string queue) {
  ClientOperation made = operation(StepKind::subscribe);
  made.step.subject = std::move(subject);
  made.step.sid = std::move(sid);
  made.step.queue = std::move(queue);
  return made;
}

ClientOperation publish(std::string subject, std::string reply, std::string id) {
  ClientOperation made = operation(StepKind::publish);
  made.step.subject = std::move(subject);
  made.step.reply = std::move(reply);
  made.id = id;
  made.payload = std::move(id);
  return made;
}

class ModelUnderTest {
 public:
  explicit ModelUnderTest(const Scenario& scenario) : model(scenario) {
    model.is_observed = [this](Serial serial, std::string_view sid, std::string_view) {
      return serial == chosen_serial && sid == chosen_sid;
    };
    model.is_closed_now = [](Serial) { return false; };
    model.is_cut_now = [](Serial) { return false; };
    model.waiting_before = [](Serial) { return std::uint64_t{0}; };
  }
  void open(Serial serial, const ConnectWish& wish) {
    model.on_opened(serial, serial, {0});
    ClientOperation connect = operation(StepKind::open);
    connect.step.connect = wish;
    model.on_operation(serial, connect, {0});
    model.find(serial)->expected.clear();
  }
  void say(Serial serial, const ClientOperation& said) { model.on_operation(serial, said, {0}); }
  // All that `serial` is owed, by cause, then in order.
  std::string owed(Serial serial) {
    std::string all;
    for (const auto& [cause, items] : model.find(serial)->expected) {
      for (const ExpectedItem& item : items) {
        for (const ExpectedFrame& frame : item.frames) {
          all += frame.any_of.front();
        }
      }
    }
    model.find(serial)->expected.clear();
    return all;
  }

  PubsubModel model;
  Serial chosen_serial = 0;
  std::string chosen_sid;
};

TEST(PubsubModel, every_matching_subscription_gets_the_message_once) {
  ModelUnderTest test{Scenario{}};
  test.open(1, {});
  test.open(2, {});
  test.say(2, subscribe("a.*", "1", ""));
  test.say(2, subscribe("a.>", "2", ""));
  test.say(2, subscribe("b", "3", ""));
  test.say(1, publish("a.b", "", "m1-1;"));
  EXPECT_EQ(test.owed(2), "MSG a.b 1 5\r\nm1-1;\r\nMSG a.b 2 5\r\nm1-1;\r\n");
  EXPECT_EQ(test.owed(1), "");
}

TEST(PubsubModel, one_member_of_a_group_gets_it_and_nobody_is_a_violation) {
  ModelUnderTest test{Scenario{}};
  test.open(1, {});
  test.say(1, subscribe("a", "1", "q"));
  test.say(1, subscribe("*", "2", "q"));
  test.chosen_serial = 1;
  test.chosen_sid = "2";
  test.say(1, publish("a", "", "m1-1;"));
  EXPECT_EQ(test.owed(1), "MSG a 2 5\r\nm1-1;\r\n");
  test.chosen_sid = "7";
  test.say(1, publish("a", "", "m1-2;"));
  ASSERT_EQ(test.model.violations().size(), 1U);
  EXPECT_EQ(test.model.violations()[0], "message m1-2; on a reached nobody of queue group q");
}

TEST(PubsubModel, auto_unsubscribe_counts_from_the_subscription_on) {
  ModelUnderTest test{Scenario{}};
  test.open(1, {});
  test.say(1, subscribe("a", "1", ""));
  test.say(1, publish("a", "", "m1-1;"));
  ClientOperation unsubscribe = operation(StepKind::unsubscribe);
  unsubscribe.step.sid = "1";
  unsubscribe.step.number = 2;
  test.say(1, unsubscribe);
  test.say(1, publish("a", "", "m1-2;"));
  test.say(1, publish("a", "", "m1-3;"));
  EXPECT_EQ(test.owed(1), "MSG a 1 5\r\nm1-1;\r\nMSG a 1 5\r\nm1-2;\r\n");
}

TEST(PubsubModel, without_responders_the_requester_gets_a_503) {
  ModelUnderTest test{Scenario{}};
  ConnectWish wish;
  wish.no_responders = true;
  test.open(1, wish);
  test.say(1, subscribe("in.*", "4", ""));
  test.say(1, publish("a", "in.1", "m1-1;"));
  EXPECT_EQ(test.owed(1), "HMSG in.1 4 33 33\r\nNATS/1.0 503\r\nNats-Subject: a\r\n\r\n\r\n");
}

TEST(PubsubModel, no_echo_and_header_stripping_are_respected) {
  ModelUnderTest test{Scenario{}};
  ConnectWish quiet;
  quiet.echo = false;
  ConnectWish plain;
  plain.headers = false;
  test.open(1, quiet);
  test.open(2, plain);
  test.say(1, subscribe("a", "1", ""));
  test.say(2, subscribe("a", "1", ""));
  ClientOperation sent = publish("a", "", "m1-1;");
  sent.header = "NATS/1.0\r\n\r\n";
  sent.step.header = 0;
  test.say(1, sent);
  EXPECT_EQ(test.owed(1), "");
  EXPECT_EQ(test.owed(2), "MSG a 1 5\r\nm1-1;\r\n");
}

TEST(PubsubModel, permissions_deny_and_filter) {
  Scenario scenario;
  ScenarioUser user{"bob", "b", false, true, {"a.*"}, {"a.x"}, {}, {"a.c"}, false, 1, 0, {}};
  scenario.users.push_back(user);
  ModelUnderTest test{scenario};
  ConnectWish wish;
  wish.user = "bob";
  wish.password = "b";
  test.open(1, wish);
  test.say(1, subscribe("a.c", "1", ""));
  test.say(1, subscribe("a.*", "2", ""));
  test.say(1, publish("b", "", "m1-1;"));
  test.say(1, publish("a.x", "", "m1-2;"));
  test.say(1, publish("a.c", "", "m1-3;"));
  test.say(1, publish("a.b", "", "m1-4;"));
  EXPECT_EQ(test.owed(1),
            "-ERR 'Permissions Violation for Subscription to \"a.c\"'\r\n"
            "-ERR 'Permissions Violation for Publish to \"b\"'\r\n"
            "-ERR 'Permissions Violation for Publish to \"a.x\"'\r\n"
            "MSG a.b 2 5\r\nm1-4;\r\n");
}

}  // namespace
}  // namespace rubus::sim
