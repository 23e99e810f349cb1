// Goal: clients cannot tell which shard serves them, and the process ends in order with all of its
// shards. Method: real threads, real loopback sockets; the group runs on a thread of its own, the
// test is the clients. Interest travels between shards, so publishers probe until it has arrived.
#include "io/shard_group.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include <future>
#include <thread>

#include "io/shard_mailbox.h"
#include "tests/io/loop_fixture.h"

namespace rubus::io {
namespace {

class GroupTest : public ::testing::Test {
 protected:
  using Order = std::function<void()>;

  GroupTest()
      : context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE),
        orders_(context_, [](Order&& order) { order(); }),
        listener_(context_) {}
  ~GroupTest() override { end(); }

  void start(const Options& options, std::uint32_t shards, const std::string& record_file = {}) {
    ASSERT_EQ(listener_.open({"127.0.0.1", -1}), std::nullopt);
    group_ = std::make_unique<ShardGroup>(
        context_, ShardGroup::Wishes{
                      .log = [](const LogLine&) {},
                      .reply = [this](MonitorReply&& reply) { reply_.set_value(reply.body); },
                      .reload = [] {},
                      .stop_listening = [this] { listener_.close(); },
                      .finished =
                          [this] {
                            has_finished_ = true;
                            group_->stop();
                          },
                  });
    ASSERT_EQ(group_->make(options, shards, entropy_, now_wall(), record_file), std::nullopt);
    listener_.start(
        "Client",
        [this](int descriptor, const Address& remote) { group_->adopt_client(descriptor, remote); },
        [](const std::string&) {});
    thread_ = std::thread([this] { EXPECT_TRUE(group_->run()); });
  }
  // As the server ends: false if it had to be told twice.
  void end() {
    if (thread_.joinable()) {
      tell([this] { group_->tell_all(ShutdownRequested{}); });
      thread_.join();
      EXPECT_TRUE(has_finished_);
    }
  }
  // On the thread of the group.
  void tell(Order order) { orders_.post(std::move(order)); }

  std::unique_ptr<TestClient> client(const std::string& credentials = {}) {
    auto made = std::make_unique<TestClient>(listener_.port());
    made->send("CONNECT {\"verbose\":false" + credentials + "}\r\nPING\r\n");
    EXPECT_TRUE(wait(*made, "PONG\r\n")) << made->received;
    made->received.clear();
    return made;
  }
  // Until `text` came.
  static bool wait(TestClient& client, std::string_view text, int milliseconds = 10'000) {
    const Instant deadline = now_monotonic() + rubus::milliseconds(milliseconds);
    while (!client.has(text)) {
      const std::int64_t left = (deadline - now_monotonic()).nanoseconds / 1'000'000;
      if (left <= 0 || client.ended) {
        return false;
      }
      pollfd watch{client.handle(), POLLIN, 0};
      ::poll(&watch, 1, static_cast<int>(left));
    }
    return true;
  }
  // Until what `from` publishes to `subject` reaches `to`.
  static void probe(TestClient& from, TestClient& to, const std::string& subject) {
    for (int i = 0; i < 1000 && !::testing::Test::HasFailure(); ++i) {
      from.send("PUB " + subject + " 5\r\nprobe\r\n");
      if (wait(to, "probe\r\n", 10)) {
        settle(from, to);
        return;
      }
    }
    ADD_FAILURE() << "interest in " << subject << " did not arrive";
  }
  // Everything published by `from` until now has reached `to`, or never will.
  static void settle(TestClient& from, TestClient& to) {
    from.send("PUB fence 0\r\n\r\nPING\r\n");
    EXPECT_TRUE(wait(from, "PONG\r\n"));
    to.send("PING\r\n");
    EXPECT_TRUE(wait(to, "PONG\r\n"));
  }

  std::string ask(const std::string& path) {
    reply_ = std::promise<std::string>();
    std::future<std::string> answer = reply_.get_future();
    tell([this, path] {
      auto question = std::make_shared<MonitorQuestion>();
      question->path = path;
      group_->ask({MonitorTicket{1}, std::move(question)});
    });
    if (answer.wait_for(std::chrono::seconds(10)) != std::future_status::ready) {
      ADD_FAILURE() << "no answer to " << path;
      return {};
    }
    return answer.get();
  }

  // Shard i of n numbers its connections i + 1, i + 1 + n, i + 1 + 2n …
  std::vector<int> clients_by_shard(std::size_t shards) {
    const std::string name = "\"cid\": ";
    const std::string connections = ask("/connz");
    std::vector<int> counts(shards, 0);
    for (std::size_t at = 0; (at = connections.find(name, at)) != std::string::npos;) {
      at += name.size();
      const auto number = static_cast<std::size_t>(std::stoll(connections.substr(at)));
      ++counts[(number - 1) % shards];
    }
    return counts;
  }

  static Options plain_options() {
    Options options;
    options.identity.server_id = "NTEST";
    options.identity.server_name = "test";
    options.identity.version = "2.14.0";
    return options;
  }

  boost::asio::io_context context_;
  ShardMailbox<Order> orders_;
  Listener listener_;
  EntropySource entropy_;
  std::promise<std::string> reply_;
  std::unique_ptr<ShardGroup> group_;
  std::thread thread_;
  bool has_finished_ = false;  // of the group's thread, read after its end
};

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) {
    ++count;
  }
  return count;
}

TEST_F(GroupTest, every_message_reaches_every_subscriber_once_whichever_shard_it_came_by) {
  start(plain_options(), 3);
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(client());
    clients.back()->send("SUB to." + std::to_string(i) + " 1\r\nSUB all 2\r\n");
  }
  for (std::size_t to = 0; to < clients.size(); ++to) {
    for (const auto& from : clients) {
      clients[to]->received.clear();
      probe(*from, *clients[to], "to." + std::to_string(to));
    }
  }
  // What is probed once per pair has arrived; the subjects of one shard travel in order, so "all"
  // of each client arrived with its own subject.
  for (const auto& each : clients) {
    each->receive();
    each->received.clear();
  }
  constexpr std::size_t rounds = 200;
  for (std::size_t round = 0; round < rounds; ++round) {
    for (const auto& from : clients) {
      from->send("PUB all 6\r\nto all\r\n");
    }
  }
  for (const auto& from : clients) {
    from->send("PUB all 4\r\nlast\r\n");
  }
  for (const auto& to : clients) {
    const Instant deadline = now_monotonic() + seconds(10);
    while (count_of(to->received, "last\r\n") < clients.size() && now_monotonic() < deadline) {
      pollfd watch{to->handle(), POLLIN, 0};
      ::poll(&watch, 1, 1000);
      to->receive();
    }
    EXPECT_EQ(count_of(to->received, "to all\r\n"), rounds * clients.size());
    EXPECT_EQ(count_of(to->received, "last\r\n"), clients.size());
  }
}

TEST_F(GroupTest, a_few_clients_are_spread_evenly) {
  start(plain_options(), 4);
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(client());
  }
  EXPECT_EQ(clients_by_shard(4), (std::vector<int>{2, 2, 2, 2}));
  // One by one, so that it is known who has room.
  clients[0]->hang_up();
  clients[4]->hang_up();
  while (clients_by_shard(4) != std::vector<int>{0, 2, 2, 2} && !HasFailure()) {
  }
  clients.push_back(client());
  clients.push_back(client());
  EXPECT_EQ(clients_by_shard(4), (std::vector<int>{2, 2, 2, 2}));
}

TEST_F(GroupTest, a_payload_of_a_megabyte_crosses_whole_and_a_slow_reader_loses_nothing) {
  start(plain_options(), 2);
  const auto reader = client();
  const auto writer = client();
  reader->send("SUB big 1\r\n");
  probe(*writer, *reader, "big");
  reader->received.clear();
  std::string payload(1'048'576, 'x');
  for (std::size_t i = 0; i < payload.size(); ++i) {
    payload[i] = static_cast<char>('a' + i % 23);
  }
  constexpr std::size_t messages = 8;
  std::string commands;
  std::string wanted;
  for (std::size_t i = 0; i < messages; ++i) {
    commands += "PUB big 1048576\r\n" + payload + "\r\n";
    wanted += "MSG big 1 1048576\r\n" + payload + "\r\n";
  }
  std::size_t sent = 0;
  const Instant deadline = now_monotonic() + seconds(20);
  while (reader->received.size() < wanted.size() && now_monotonic() < deadline) {
    sent += writer->send_some(std::string_view(commands).substr(sent));
    pollfd watch{reader->handle(), POLLIN, 0};
    ::poll(&watch, 1, sent < commands.size() ? 0 : 100);
    reader->receive();
  }
  // The server asks after a while whether the client lives.
  for (std::size_t at = 0; (at = reader->received.find("PING\r\n")) != std::string::npos;) {
    reader->received.erase(at, 6);
  }
  EXPECT_TRUE(reader->received == wanted) << reader->received.size() << " of " << wanted.size();
}

TEST_F(GroupTest, a_password_is_checked_for_the_shard_that_asked) {
  Options options = plain_options();
  User user;
  user.name = "u";
  // bcrypt of "right", cost 4.
  user.password = "$2a$04$abcdefghijklmnopqrstuuFmEfrkTQnczNzw475xE2VhDrK1uwJiC";
  options.authorization.users.push_back(user);
  start(options, 3);
  for (int i = 0; i < 6; ++i) {
    client(",\"user\":\"u\",\"pass\":\"right\"");
    auto wrong = std::make_unique<TestClient>(listener_.port());
    wrong->send("CONNECT {\"user\":\"u\",\"pass\":\"wrong\"}\r\nPING\r\n");
    EXPECT_TRUE(wait(*wrong, "Authorization Violation")) << wrong->received;
  }
}

TEST_F(GroupTest, changed_options_reach_every_shard) {
  Options options = plain_options();
  start(options, 3);
  options.limits.max_payload = 4321;
  tell([this, options] { group_->set_options(options); });
  for (int i = 0; i < 3; ++i) {
    TestClient newcomer(listener_.port());
    EXPECT_TRUE(wait(newcomer, "\"max_payload\":4321")) << newcomer.received;
  }
}

TEST_F(GroupTest, the_end_of_the_process_is_the_end_of_every_shard) {
  const std::string recording =
      ::testing::TempDir() + "rubus_group_" + std::to_string(::getpid()) + ".record";
  start(plain_options(), 3, recording);
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(client());
  }
  end();
  for (const auto& each : clients) {
    EXPECT_TRUE(each->has_ended());
  }
  for (const char* suffix : {"", ".1", ".2"}) {
    EXPECT_EQ(::unlink((recording + suffix).c_str()), 0) << suffix << ": one recording per shard";
  }
}

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) != -1; }

// The group that ends runs what waits in its io_context: here, orders posted after its last turn.
TEST_F(GroupTest, whoever_asks_a_group_that_ends_is_not_heard_and_descriptors_are_closed) {
  for (const std::uint32_t shards : {1U, 2U}) {
    start(plain_options(), shards);
    const auto kept = client();  // its wait is to be answered, so the context runs once more
    const auto other = client();
    tell([this] { group_->stop(); });
    thread_.join();
    ShardGroup* const group = group_.get();
    const int first = ::eventfd(0, EFD_CLOEXEC);
    const int second = ::eventfd(0, EFD_CLOEXEC);
    bool has_asked = false;
    tell([&] {
      group->adopt_client(first, Address{});
      group->adopt_peer(second, Address{}, ConnectionKind::route);
      group->ask({MonitorTicket{1}, std::make_shared<MonitorQuestion>()});
      group->tell_all(ShutdownRequested{});
      group->set_options(plain_options());
      group->set_tls(TlsContexts{});
      group->stop();
      has_asked = true;
    });
    listener_.close();
    group_.reset();
    EXPECT_TRUE(has_asked) << "the test asked nothing";
    EXPECT_FALSE(is_open(first));
    EXPECT_FALSE(is_open(second));
  }
}

TEST_F(GroupTest, a_client_on_its_way_to_a_shard_that_has_ended_is_closed) {
  start(plain_options(), 2);
  const auto kept = client();
  tell([this] { group_->stop(); });
  thread_.join();
  const int descriptors[] = {::eventfd(0, EFD_CLOEXEC), ::eventfd(0, EFD_CLOEXEC)};
  for (const int descriptor : descriptors) {  // one of them is for the other shard
    group_->adopt_client(descriptor, Address{});
  }
  group_.reset();
  for (const int descriptor : descriptors) {
    EXPECT_FALSE(is_open(descriptor));
  }
}

// No thread gets a stack of that size, whoever runs the test.
class HugeStacks {
 public:
  HugeStacks() {
    ::pthread_getattr_default_np(&usual_);
    pthread_attr_t huge;
    ::pthread_attr_init(&huge);
    EXPECT_EQ(::pthread_attr_setstacksize(&huge, std::size_t{1} << 47U), 0);
    EXPECT_EQ(::pthread_setattr_default_np(&huge), 0);
    ::pthread_attr_destroy(&huge);
  }
  ~HugeStacks() {
    ::pthread_setattr_default_np(&usual_);
    ::pthread_attr_destroy(&usual_);
  }
  HugeStacks(const HugeStacks&) = delete;
  HugeStacks& operator=(const HugeStacks&) = delete;

 private:
  pthread_attr_t usual_;
};

TEST_F(GroupTest, a_group_that_may_have_no_thread_says_that_it_did_not_run) {
  std::vector<std::string> logs;
  group_ = std::make_unique<ShardGroup>(
      context_, ShardGroup::Wishes{
                    .log = [&logs](const LogLine& line) { logs.push_back(line.text); },
                    .reply = [](MonitorReply&&) {},
                    .reload = [] {},
                    .stop_listening = [] {},
                    .finished = [] {},
                });
  ASSERT_EQ(group_->make(plain_options(), 3, entropy_, now_wall(), {}), std::nullopt);
  const HugeStacks none_fits;
  EXPECT_FALSE(group_->run());
  ASSERT_EQ(logs.size(), 1U);
  EXPECT_TRUE(logs[0].starts_with("Can't start a shard: ")) << logs[0];
}

}  // namespace
}  // namespace rubus::io
