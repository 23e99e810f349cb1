// A shard loop with real loopback sockets, driven by the test itself: no second thread, no sleep.
//
// until() turns the loop until something is true, with a deadline; a ticking timer keeps the loop
// from waiting for an event that only the test can cause.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/clock_source.h"
#include "io/listener.h"
#include "io/shard_loop.h"

namespace rubus::io {

// A client end: non-blocking, collects what it receives.
class TestClient {
 public:
  explicit TestClient(std::uint16_t port, int receive_buffer = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) {
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;
  ~TestClient() { hang_up(); }

  void hang_up() {
    if (socket_ >= 0) {
      ::close(socket_);
      socket_ = -1;
    }
  }
  // As much of `bytes` as the kernel takes now; the rest is for later.
  std::size_t send_some(std::string_view bytes) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent > 0 ? static_cast<std::size_t>(sent) : 0;
  }
  void send(std::string_view bytes) { ASSERT_EQ(send_some(bytes), bytes.size()); }
  void receive() {
    char bytes[65536];
    for (;;) {
      const ssize_t got = ::recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT);
      if (got > 0) {
        received.append(bytes, static_cast<std::size_t>(got));
        continue;
      }
      ended = ended || got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
      return;
    }
  }
  bool has(std::string_view text) {
    receive();
    return received.find(text) != std::string::npos;
  }
  bool has_ended() {
    receive();
    return ended;
  }
  int handle() const { return socket_; }

  std::string received;
  bool ended = false;

 private:
  int socket_;
};

class LoopFixture : public ::testing::Test {
 protected:
  LoopFixture()
      : context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE), listener_(context_), tick_(context_) {}
  ~LoopFixture() override {
    tick_.cancel();
    listener_.close();
    loop_.reset();
  }

  void start(const Options& options) {
    ASSERT_EQ(listener_.open({"127.0.0.1", -1}), std::nullopt);
    ShardLoop::Wishes wishes;
    wishes.log = [this](const LogLine& line) { logs_.push_back(line.text); };
    wishes.job = [this](Job&& job) { jobs_.push_back(std::move(job)); };
    wishes.reply = [this](MonitorReply&& reply) { replies_.push_back(std::move(reply)); };
    wishes.resolve = [this](ResolveHost&& wish) { resolves_.push_back(std::move(wish)); };
    wishes.reload = [this] { ++reloads_; };
    wishes.stop_listening = [this] { listener_.close(); };
    wishes.finished = [this] { finished_ = true; };
    loop_ = std::make_unique<ShardLoop>(context_, options, 1, now_wall(), std::move(wishes));
    listener_.start(
        "Client",
        [this](int descriptor, const Address& remote) {
          loop_->adopt(descriptor, remote, ConnectionKind::client);
        },
        [this](const std::string& text) { logs_.push_back(text); });
    tick();
  }

  template <typename Condition>
  void until(Condition condition) {
    const Instant deadline = now_monotonic() + seconds(10);
    while (!condition()) {
      ASSERT_LT(now_monotonic(), deadline) << "the condition did not come true within 10 s";
      loop_->run_once();
    }
  }

  std::unique_ptr<TestClient> connect() {
    auto client = std::make_unique<TestClient>(listener_.port());
    until([&] { return client->has("\r\n"); });
    return client;
  }

  static Options plain_options() {
    Options options;
    options.identity.server_id = "NTEST";
    options.identity.server_name = "test";
    options.identity.version = "2.14.0";
    return options;
  }

  boost::asio::io_context context_;
  Listener listener_;
  std::unique_ptr<ShardLoop> loop_;
  std::vector<std::string> logs_;
  std::vector<Job> jobs_;
  std::vector<MonitorReply> replies_;
  std::vector<ResolveHost> resolves_;
  int reloads_ = 0;
  bool finished_ = false;

 private:
  void tick() {
    tick_.expires_after(std::chrono::milliseconds(1));
    tick_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) {
        tick();
      }
    });
  }

  boost::asio::steady_timer tick_;
};

}  // namespace rubus::io
