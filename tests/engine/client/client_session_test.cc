// What a client sees: single facts that the recorded conversations do not reach.
#include <gtest/gtest.h>

#include "tests/engine/shard_harness.h"

namespace rubus::test {
namespace {

AccountOptions account_named(std::string_view name) {
  AccountOptions account;
  account.name = name;
  return account;
}

constexpr std::string_view quiet = R"({"verbose":false,"pedantic":false})";

Options with_users(std::vector<User> users) {
  Options options = ShardHarness::default_options();
  options.authorization.users = std::move(users);
  return options;
}

User user(std::string name, std::string password) {
  User made;
  made.name = std::move(name);
  made.password = std::move(password);
  return made;
}

std::string login(std::string_view name, std::string_view password) {
  return "CONNECT {\"verbose\":false,\"pedantic\":false,\"user\":\"" + std::string(name) +
         "\",\"pass\":\"" + std::string(password) + "\"}\r\nPING\r\n";
}

TEST(ClientSession, a_message_reaches_every_subscription_once) {
  ShardHarness shard;
  const int one = shard.connect();
  const int two = shard.connect();
  shard.send(one, "SUB foo 1\r\nSUB foo.* 2\r\nSUB > 3\r\n");
  shard.send(two, "SUB foo 9\r\n");
  EXPECT_EQ(shard.send(two, "PUB foo 2\r\nhi\r\n"), "MSG foo 9 2\r\nhi\r\n");
  const std::string got = shard.take(one);
  EXPECT_NE(got.find("MSG foo 1 2\r\nhi\r\n"), std::string::npos);
  EXPECT_NE(got.find("MSG foo 3 2\r\nhi\r\n"), std::string::npos);
  EXPECT_EQ(got.size(), 2 * std::string("MSG foo 1 2\r\nhi\r\n").size());
}

TEST(ClientSession, a_large_payload_in_pieces_arrives_whole) {
  ShardHarness shard;
  const int one = shard.connect();
  shard.send(one, "SUB foo 1\r\n");
  const std::string payload(300'000, 'x');
  shard.send_only(one, "PUB foo 300000\r\n" + payload.substr(0, 100'000));
  shard.send_only(one, payload.substr(100'000) + "\r");
  EXPECT_EQ(shard.send(one, "\n"), "MSG foo 1 300000\r\n" + payload + "\r\n");
}

TEST(ClientSession, a_message_never_crosses_accounts) {
  User a = user("a", "a");
  a.account = "A";
  User b = user("b", "b");
  b.account = "B";
  Options options = with_users({a, b});
  options.accounts = {account_named("A"), account_named("B")};
  ShardHarness shard(options);
  const int one = shard.open();
  shard.send(one, login("a", "a") + "SUB > 1\r\n");
  const int two = shard.open();
  shard.send(two, login("b", "b") + "SUB > 1\r\n");
  EXPECT_EQ(shard.send(two, "PUB foo 2\r\nhi\r\n"), "MSG foo 1 2\r\nhi\r\n");
  EXPECT_EQ(shard.take(one), "");
}

TEST(ClientSession, input_behind_a_slow_password_check_is_held_and_others_go_on) {
  ShardHarness shard(with_users(
      {user("a", "$2a$11$Q1iqlHRRvZ4ylSyZFSgvKe3QX2wg2lzmdJqX5vcdHxbqi"), user("b", "b")}));
  const int slow = shard.open();
  shard.take(slow);
  EXPECT_EQ(shard.send(slow, login("a", "secret") + "SUB foo 1\r\nPUB foo 1\r\nx\r\n"), "");
  EXPECT_EQ(shard.send(slow, "PUB foo 1\r\ny\r\n"), "");
  EXPECT_TRUE(shard.is_paused(slow));
  const int fast = shard.open();
  shard.take(fast);
  EXPECT_EQ(shard.send(fast, login("b", "b")), "PONG\r\n");
  ASSERT_TRUE(shard.finish_job(true));
  EXPECT_EQ(shard.take(slow), "PONG\r\nMSG foo 1 1\r\nx\r\nMSG foo 1 1\r\ny\r\n");
  EXPECT_FALSE(shard.is_paused(slow));
}

TEST(ClientSession, a_refused_password_check_closes_and_processes_nothing_behind_it) {
  ShardHarness shard(with_users(
      {user("a", "$2a$11$Q1iqlHRRvZ4ylSyZFSgvKe3QX2wg2lzmdJqX5vcdHxbqi"), user("b", "b")}));
  const int watcher = shard.open();
  shard.send(watcher, login("b", "b") + "SUB > 1\r\n");
  const int slow = shard.open();
  shard.take(slow);
  shard.send(slow, login("a", "wrong") + "PUB foo 1\r\nx\r\n");
  ASSERT_TRUE(shard.finish_job(false));
  EXPECT_EQ(shard.take(slow), "-ERR 'Authorization Violation'\r\n");
  EXPECT_TRUE(shard.is_closed(slow));
  EXPECT_EQ(shard.take(watcher), "");
}

TEST(ClientSession, a_job_answered_after_its_connection_left_harms_nobody) {
  ShardHarness shard(
      with_users({user("a", "$2a$11$Q1iqlHRRvZ4ylSyZFSgvKe3QX2wg2lzmdJqX5vcdHxbqi")}));
  const int slow = shard.open();
  shard.send(slow, login("a", "secret"));
  shard.hang_up(slow);
  ASSERT_TRUE(shard.finish_job(true));
}

TEST(ClientSession, a_reader_that_stops_is_closed_at_max_pending_and_publishers_are_not) {
  Options options = ShardHarness::default_options();
  options.limits.max_pending = 100'000;
  ShardHarness shard(options);
  const int slow = shard.connect();
  shard.send(slow, "SUB foo 1\r\n");
  shard.stop_reading(slow);
  const int publisher = shard.connect();
  const std::string message = "PUB foo 10000\r\n" + std::string(10'000, 'x') + "\r\n";
  for (int sent = 0; sent < 11; ++sent) {
    shard.send(publisher, message);
    shard.advance(milliseconds(10));
  }
  EXPECT_TRUE(shard.is_closed(slow));
  EXPECT_EQ(shard.send(publisher, "PING\r\n"), "PONG\r\n");
}

TEST(ClientSession, bytes_sent_reported_behind_the_close_of_a_slow_consumer_harm_nobody) {
  Options options = ShardHarness::default_options();
  options.limits.max_pending = 100'000;
  ShardHarness shard(options);
  const int slow = shard.connect();
  shard.send(slow, "SUB foo 1\r\n");
  shard.stop_reading(slow);
  const int publisher = shard.connect();
  shard.send(publisher, "PUB foo 60000\r\n" + std::string(60'000, 'x') + "\r\n");
  const std::string more = "PUB foo 60000\r\n" + std::string(60'000, 'x') + "\r\n";
  shard.step({BytesReceived{{static_cast<std::uint32_t>(publisher), 1},
                            Slice::copy_of(shard.shard().blocks(), more)},
              BytesSent{{static_cast<std::uint32_t>(slow), 1}, 1000}});
  EXPECT_TRUE(shard.is_closed(slow));
  EXPECT_EQ(shard.send(publisher, "PING\r\n"), "PONG\r\n");
}

TEST(ClientSession, a_reader_that_makes_no_progress_is_closed_at_the_write_deadline) {
  ShardHarness shard;
  const int slow = shard.connect();
  shard.send(slow, "SUB foo 1\r\n");
  shard.stop_reading(slow);
  const int publisher = shard.connect();
  shard.send(publisher, "PUB foo 2\r\nhi\r\n");
  shard.advance(milliseconds(9'900));
  EXPECT_FALSE(shard.is_closed(slow));
  shard.advance(milliseconds(200));
  EXPECT_TRUE(shard.is_closed(slow));
}

TEST(ClientSession, a_message_just_before_an_old_deadline_has_the_whole_deadline_for_itself) {
  ShardHarness shard;
  const int reader = shard.connect();
  shard.send(reader, "SUB foo 1\r\n");
  const int publisher = shard.connect();
  shard.send(publisher, "PUB foo 2\r\nhi\r\n");
  shard.advance(milliseconds(9'999));
  shard.stop_reading(reader);
  shard.send(publisher, "PUB foo 2\r\nhi\r\n");
  shard.advance(seconds(9));
  EXPECT_FALSE(shard.is_closed(reader));
  shard.advance(seconds(2));
  EXPECT_TRUE(shard.is_closed(reader));
}

TEST(ClientSession, a_publisher_to_a_nearly_full_queue_is_paused_for_a_moment) {
  Options options = ShardHarness::default_options();
  options.limits.max_pending = 100'000;
  ShardHarness shard(options);
  const int slow = shard.connect();
  shard.send(slow, "SUB foo 1\r\n");
  shard.stop_reading(slow);
  const int publisher = shard.connect();
  shard.send(publisher, "PUB foo 80000\r\n" + std::string(80'000, 'x') + "\r\n");
  EXPECT_FALSE(shard.is_paused(publisher));
  shard.send(publisher, "PUB foo 1\r\nx\r\n");
  EXPECT_TRUE(shard.is_paused(publisher));
  shard.advance(milliseconds(6));
  EXPECT_FALSE(shard.is_paused(publisher));
}

TEST(ClientSession, pings_go_out_and_a_silent_client_is_stale_after_ping_max) {
  ShardHarness shard;
  const int client = shard.connect();
  shard.advance(milliseconds(2'500));
  EXPECT_EQ(shard.take(client), "PING\r\n");
  shard.advance(seconds(120));
  EXPECT_EQ(shard.take(client), "PING\r\n");
  shard.advance(seconds(120));
  EXPECT_EQ(shard.take(client), "-ERR 'Stale Connection'\r\n");
  EXPECT_TRUE(shard.is_closed(client));
}

TEST(ClientSession, a_client_that_answers_pings_stays) {
  ShardHarness shard;
  const int client = shard.connect();
  for (int minute = 0; minute < 200; ++minute) {
    shard.advance(seconds(60));
    if (shard.take(client).find("PING") != std::string::npos) {
      shard.send(client, "PONG\r\n");
    }
  }
  EXPECT_FALSE(shard.is_closed(client));
}

TEST(ClientSession, one_member_of_a_queue_group_gets_each_message_and_all_get_some) {
  ShardHarness shard;
  const int one = shard.connect();
  const int two = shard.connect();
  const int three = shard.connect();
  shard.send(one, "SUB foo q 1\r\n");
  shard.send(two, "SUB foo.> q 1\r\nSUB * q 2\r\n");
  std::string all;
  for (int sent = 0; sent < 100; ++sent) {
    shard.send(three, "PUB foo 1\r\nx\r\n");
    const std::string first = shard.take(one);
    const std::string second = shard.take(two);
    EXPECT_EQ((first + second).size(), std::string("MSG foo 1 1\r\nx\r\n").size());
    all += first.empty() ? '2' : '1';
  }
  EXPECT_NE(all.find('1'), std::string::npos);
  EXPECT_NE(all.find('2'), std::string::npos);
}

TEST(ClientSession, subscriptions_of_a_closed_connection_take_nothing) {
  ShardHarness shard;
  const int gone = shard.connect();
  shard.send(gone, "SUB foo 1\r\n");
  const int requester =
      shard.connect(R"({"verbose":false,"pedantic":false,"headers":true,"no_responders":true})");
  shard.send(requester, "SUB r 1\r\n");
  EXPECT_EQ(shard.send(requester, "PUB foo r 0\r\n\r\n"), "");
  shard.hang_up(gone);
  EXPECT_NE(shard.send(requester, "PUB foo r 0\r\n\r\n").find("NATS/1.0 503"), std::string::npos);
}

TEST(ClientSession, a_reload_that_takes_a_permission_away_removes_the_subscription) {
  Options before = with_users({user("a", "a")});
  ShardHarness shard(before);
  const int client = shard.open();
  shard.take(client);
  shard.send(client, login("a", "a") + "SUB foo 1\r\nSUB bar 2\r\n");
  Options after = before;
  Permissions permissions;
  permissions.subscribe_allow = {"bar"};
  after.authorization.users[0].permissions = permissions;
  shard.reload(after);
  EXPECT_EQ(shard.take(client),
            "-ERR 'Permissions Violation for Subscription to \"foo\" (sid \"1\")'\r\n");
  EXPECT_EQ(shard.send(client, "PUB foo 1\r\nx\r\nPUB bar 1\r\nx\r\n"), "MSG bar 2 1\r\nx\r\n");
}

TEST(ClientSession, a_reload_that_denies_the_last_subject_applies_to_the_very_next_publish) {
  Options before = with_users({user("a", "a")});
  ShardHarness shard(before);
  const int client = shard.open();
  shard.take(client);
  shard.send(client, login("a", "a") + "SUB foo 1\r\nPUB foo 1\r\nx\r\n");
  Options after = before;
  Permissions permissions;
  permissions.publish_deny = {"foo"};
  after.authorization.users[0].permissions = permissions;
  shard.reload(after);
  EXPECT_EQ(shard.send(client, "PUB foo 1\r\nx\r\n"),
            "-ERR 'Permissions Violation for Publish to \"foo\"'\r\n");
}

TEST(ClientSession, subscriptions_made_without_a_login_end_when_a_reload_asks_for_one) {
  ShardHarness shard;
  const int client = shard.open();
  shard.send(client, "SUB foo 1\r\n");
  User guest = user("guest", "g");
  guest.account = "A";
  Options after = with_users({guest});
  after.accounts = {account_named("A")};
  after.authorization.no_auth_user = "guest";
  shard.reload(after);
  EXPECT_EQ(shard.send(client, "PUB foo 1\r\nx\r\n"), "+OK\r\n");
}

TEST(ClientSession, a_connection_that_comes_with_the_shutdown_does_not_hold_it_up) {
  ShardHarness shard;
  ConnectionOpened late;
  late.connection = {1, 1};
  shard.step({ShutdownRequested{}, late});
  EXPECT_TRUE(shard.is_finished());
}

TEST(ClientSession, a_password_check_that_began_before_a_reload_is_made_again) {
  Options before = with_users({user("a", "$2a$11$Q1iqlHRRvZ4ylSyZFSgvKe3QX2wg2lzmdJqX5vcdHxbqi")});
  ShardHarness shard(before);
  const int client = shard.open();
  shard.take(client);
  shard.send(client, login("a", "secret"));
  shard.reload(with_users({user("b", "b")}));
  ASSERT_TRUE(shard.finish_job(true));
  EXPECT_EQ(shard.take(client), "-ERR 'Authorization Violation'\r\n");
}

TEST(ClientSession, a_user_name_cannot_forge_a_log_line) {
  ShardHarness shard(with_users({user("a", "a")}));
  const int client = shard.open();
  shard.send(client, R"(CONNECT {"user":"x\n[1] [INF] forged"})"
                     "\r\n");
  for (const LogLine& line : shard.logs()) {
    EXPECT_EQ(line.text.find('\n'), std::string::npos) << line.text;
  }
  EXPECT_FALSE(shard.logs().empty());
}

TEST(ClientSession, ten_thousand_queue_groups_on_a_reply_do_not_slow_requests_down) {
  ShardHarness shard;
  const int client =
      shard.connect(R"({"verbose":false,"pedantic":false,"headers":true,"no_responders":true})");
  std::string subscriptions;
  for (int group = 0; group < 10'000; ++group) {
    subscriptions += "SUB r q" + std::to_string(group) + " " + std::to_string(group) + "\r\n";
  }
  shard.send(client, subscriptions + "SUB r own\r\n");
  std::string requests;
  for (int request = 0; request < 10'000; ++request) {
    requests += "PUB x r 0\r\n\r\n";
  }
  // Quadratic matching would take minutes here; the test's time limit is the judge.
  EXPECT_NE(shard.send(client, requests).find("HMSG r own 33 33"), std::string::npos);
}

TEST(ClientSession, a_second_connect_drops_the_subscriptions) {
  ShardHarness shard;
  const int client = shard.connect();
  shard.send(client, "SUB foo 1\r\n");
  shard.send(client, "CONNECT " + std::string(quiet) + "\r\n");
  EXPECT_EQ(shard.send(client, "PUB foo 1\r\nx\r\n"), "");
}

TEST(ClientSession, lame_duck_ends_when_the_last_client_left) {
  ShardHarness shard;
  const int client = shard.connect();
  shard.step({LameDuckRequested{}});
  shard.advance(seconds(9));
  EXPECT_FALSE(shard.is_closed(client));
  shard.advance(seconds(2));
  EXPECT_TRUE(shard.is_closed(client));
  EXPECT_TRUE(shard.is_finished());
}

}  // namespace
}  // namespace rubus::test
