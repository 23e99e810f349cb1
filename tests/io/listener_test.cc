// Goal: a port is opened the way nats-server's users expect, and trouble is told in its words.
#include <sys/resource.h>

#include "tests/io/loop_fixture.h"

namespace rubus::io {
namespace {

class ListenerTest : public LoopFixture {};

TEST_F(ListenerTest, a_port_in_use_is_named_in_the_refusal) {
  Listener first(context_);
  ASSERT_EQ(first.open({"127.0.0.1", -1}), std::nullopt);
  Listener second(context_);
  const std::string shown = "127.0.0.1:" + std::to_string(first.port());
  EXPECT_EQ(second.open({"127.0.0.1", first.port()}),
            "listen tcp " + shown + ": bind: address already in use");
}

TEST_F(ListenerTest, the_unspecified_host_means_both_address_families) {
  Listener both(context_);
  ASSERT_EQ(both.open({"0.0.0.0", -1}), std::nullopt);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(both.port());
  address.sin6_addr = in6addr_loopback;
  const int v6 = ::socket(AF_INET6, SOCK_STREAM, 0);
  EXPECT_EQ(::connect(v6, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(v6);
  const TestClient v4(both.port());  // expects that it can connect
}

TEST_F(ListenerTest, an_ipv4_client_keeps_its_ipv4_address) {
  Listener both(context_);
  ASSERT_EQ(both.open({"0.0.0.0", -1}), std::nullopt);
  Address seen;
  bool accepted = false;
  both.start(
      "Client",
      [&](int descriptor, const Address& remote) {
        seen = remote;
        accepted = true;
        ::close(descriptor);
      },
      [](const std::string&) {});
  const TestClient client(both.port());
  context_.run_one();
  ASSERT_TRUE(accepted);
  EXPECT_FALSE(seen.is_v6);
  EXPECT_EQ(seen.bytes[0], 127);
  EXPECT_EQ(seen.bytes[3], 1);
}

TEST_F(ListenerTest, port_numbers_beyond_the_range_are_refused) {
  Listener listener(context_);
  EXPECT_EQ(listener.open({"127.0.0.1", 70'000}), "listen tcp: address 70000: invalid port");
}

TEST_F(ListenerTest, running_out_of_descriptors_is_told_and_survived) {
  start(plain_options());
  std::vector<std::unique_ptr<TestClient>> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.push_back(std::make_unique<TestClient>(listener_.port()));
  }
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  const int next = ::dup(0);
  ::close(next);
  const rlimit tight{static_cast<rlim_t>(next), old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  until([&] { return !logs_.empty(); });
  EXPECT_EQ(logs_.front(),
            "Temporary Client Accept Error (accept tcp: too many open files), sleeping 10ms");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
  until([&] { return loop_->connections() == waiting.size(); });
}

}  // namespace
}  // namespace rubus::io
