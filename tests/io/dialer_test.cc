// Goal: dialing never waits, and tells exactly one outcome per ticket, in the words operators know.
// Method: real loopback sockets; the io_context is run by hand until something was told.
#include "io/dialer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <vector>

#include "io/clock_source.h"
#include "io/listener.h"

namespace rubus::io {
namespace {

struct Told {
  std::uint32_t ticket = 0;
  int descriptor = -1;
  std::string trouble;
};

class DialerTest : public ::testing::Test {
 protected:
  DialerTest() : context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE) {
    dialer_ = std::make_unique<Dialer>(
        context_,
        Dialer::Outcome{
            .connected =
                [this](const DialPeer& peer, std::shared_ptr<const TlsContext>, int descriptor) {
                  told_.push_back({peer.ticket.value, descriptor, {}});
                },
            .failed =
                [this](DialTicket ticket, std::string trouble) {
                  told_.push_back({ticket.value, -1, std::move(trouble)});
                },
        });
  }
  ~DialerTest() override {
    for (const Told& each : told_) {
      if (each.descriptor >= 0) {
        ::close(each.descriptor);
      }
    }
  }

  void dial(std::uint32_t ticket, std::uint16_t port, bool is_v6) {
    DialPeer peer;
    peer.ticket.value = ticket;
    peer.address.port = port;
    peer.address.is_v6 = is_v6;
    if (is_v6) {
      peer.address.bytes[15] = 1;
    } else {
      peer.address.bytes = {127, 0, 0, 1};
    }
    dialer_->dial(peer, nullptr);
  }
  void run_until_told(std::size_t count) {
    while (told_.size() < count) {
      ASSERT_GT(context_.run_one_for(std::chrono::seconds(10)), 0U) << "nothing was told in 10 s";
    }
  }

  boost::asio::io_context context_;
  std::unique_ptr<Dialer> dialer_;
  std::vector<Told> told_;
};

// A port that was free a moment ago.
std::uint16_t closed_port() {
  boost::asio::io_context context;
  Listener listener(context);
  EXPECT_EQ(listener.open({"127.0.0.1", -1}), std::nullopt);
  return listener.port();
}

TEST_F(DialerTest, a_connection_comes_back_non_blocking_and_under_its_ticket) {
  for (const bool is_v6 : {false, true}) {
    Listener listener(context_);
    ASSERT_EQ(listener.open({is_v6 ? "::1" : "127.0.0.1", -1}), std::nullopt);
    told_.clear();
    dial(7, listener.port(), is_v6);
    EXPECT_TRUE(told_.empty()) << "nothing is told inside dial()";
    run_until_told(1);
    EXPECT_EQ(told_[0].ticket, 7U);
    ASSERT_GE(told_[0].descriptor, 0) << told_[0].trouble;
    EXPECT_NE(::fcntl(told_[0].descriptor, F_GETFL) & O_NONBLOCK, 0);
    int on = 0;
    socklen_t size = sizeof on;
    ::getsockopt(told_[0].descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, &size);
    EXPECT_NE(on, 0);
    ::close(told_[0].descriptor);
    told_.clear();
  }
}

TEST_F(DialerTest, a_closed_port_is_told_as_refused) {
  dial(3, closed_port(), false);
  run_until_told(1);
  EXPECT_EQ(told_[0].ticket, 3U);
  EXPECT_EQ(told_[0].trouble, "connection refused");
}

TEST_F(DialerTest, many_dials_run_side_by_side_and_each_is_told_once) {
  Listener listener(context_);
  ASSERT_EQ(listener.open({"127.0.0.1", -1}), std::nullopt);
  const std::uint16_t closed = closed_port();
  for (std::uint32_t ticket = 1; ticket <= 20; ++ticket) {
    dial(ticket, ticket % 2 == 0 ? closed : listener.port(), false);
  }
  run_until_told(20);
  std::vector<int> times(21, 0);
  for (const Told& each : told_) {
    ++times[each.ticket];
    EXPECT_EQ(each.descriptor < 0, each.ticket % 2 == 0) << each.ticket << each.trouble;
  }
  EXPECT_EQ(std::count(times.begin() + 1, times.end(), 1), 20);
}

// The kernel answers no more once the queue of an accepting socket is full.
TEST_F(DialerTest, a_peer_that_does_not_answer_is_given_up) {
  const int silent = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(silent, reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(silent, 0), 0);
  ASSERT_EQ(::getsockname(silent, reinterpret_cast<sockaddr*>(&address), &size), 0);
  for (std::uint32_t ticket = 1; ticket <= 4; ++ticket) {
    dial(ticket, ntohs(address.sin_port), false);
  }
  const Instant begin = now_monotonic();
  run_until_told(4);
  const Duration taken = now_monotonic() - begin;
  EXPECT_EQ(told_.back().trouble, "i/o timeout");
  EXPECT_GE(taken + milliseconds(100), DialPeer{}.patience);
  EXPECT_LE(taken, DialPeer{}.patience + seconds(2));
  ::close(silent);
}

TEST_F(DialerTest, a_dialer_that_goes_tells_nobody) {
  Listener listener(context_);
  ASSERT_EQ(listener.open({"127.0.0.1", -1}), std::nullopt);
  dial(1, listener.port(), false);
  dial(2, closed_port(), false);
  context_.poll_one();
  dialer_.reset();
  context_.poll();
  EXPECT_TRUE(told_.empty());
}

}  // namespace
}  // namespace rubus::io
