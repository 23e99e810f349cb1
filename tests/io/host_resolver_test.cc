// Goal: names become addresses without keeping the caller waiting, digits without any thread.
#include "io/host_resolver.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace rubus::io {
namespace {

// What was found, by ticket, from whatever thread.
class Answers {
 public:
  HostResolver::OnFound taker() {
    return [this](HostResolved resolved) {
      const std::lock_guard<std::mutex> lock(mutex_);
      found_[resolved.ticket.value] = resolved.found;
      threads_[resolved.ticket.value] = std::this_thread::get_id();
      changed_.notify_all();
    };
  }
  const HostAddresses& wait_for(std::uint64_t ticket) {
    std::unique_lock<std::mutex> lock(mutex_);
    const bool came = changed_.wait_for(lock, std::chrono::seconds(20),
                                        [&] { return found_.count(ticket) == 1; });
    EXPECT_TRUE(came) << "no answer within 20 s";
    static const HostAddresses none;
    return came ? *found_[ticket] : none;
  }
  std::thread::id thread_of(std::uint64_t ticket) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return threads_[ticket];
  }
  std::size_t size() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return found_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, std::shared_ptr<const HostAddresses>> found_;
  std::map<std::uint64_t, std::thread::id> threads_;
};

bool has(const HostAddresses& found, const Address& wanted) {
  return std::any_of(found.addresses.begin(), found.addresses.end(), [&](const Address& each) {
    return each.bytes == wanted.bytes && each.is_v6 == wanted.is_v6;
  });
}

const Address loopback_v4{{127, 0, 0, 1}, 0, false};

TEST(HostResolver, digits_are_answered_at_once_by_the_caller_itself) {
  Answers answers;
  HostResolver resolver(answers.taker());
  resolver.resolve({ResolveTicket{1}, "127.0.0.1"});
  ASSERT_EQ(answers.size(), 1U);
  resolver.resolve({ResolveTicket{2}, "::1"});
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers.thread_of(1), std::this_thread::get_id());
  ASSERT_EQ(answers.wait_for(1).addresses.size(), 1U);
  EXPECT_TRUE(has(answers.wait_for(1), loopback_v4));
  ASSERT_EQ(answers.wait_for(2).addresses.size(), 1U);
  const Address& v6 = answers.wait_for(2).addresses[0];
  EXPECT_TRUE(v6.is_v6);
  EXPECT_EQ(v6.bytes[15], 1);
  EXPECT_EQ(v6.port, 0);
}

TEST(HostResolver, a_name_is_looked_up_on_another_thread_and_has_each_address_once) {
  Answers answers;
  HostResolver resolver(answers.taker());
  for (std::uint64_t ticket = 1; ticket <= 2 * HostResolver::look_ups_max; ++ticket) {
    resolver.resolve({ResolveTicket{ticket}, "localhost"});
  }
  for (std::uint64_t ticket = 1; ticket <= 2 * HostResolver::look_ups_max; ++ticket) {
    const HostAddresses& found = answers.wait_for(ticket);
    EXPECT_TRUE(has(found, loopback_v4)) << found.trouble;
    EXPECT_LE(found.addresses.size(), 2U) << "127.0.0.1 and ::1";
    EXPECT_NE(answers.thread_of(ticket), std::this_thread::get_id());
  }
}

TEST(HostResolver, a_name_that_cannot_be_is_told_as_no_such_host) {
  Answers answers;
  HostResolver resolver(answers.taker());
  const std::string too_long(70, 'x');  // a label has at most 63 letters
  resolver.resolve({ResolveTicket{1}, too_long + ".invalid"});
  resolver.resolve({ResolveTicket{2}, ""});
  EXPECT_EQ(answers.wait_for(1).trouble, "lookup " + too_long + ".invalid: no such host");
  EXPECT_TRUE(answers.wait_for(1).addresses.empty());
  EXPECT_EQ(answers.wait_for(2).trouble, "lookup : no such host");
}

// Anything told after its end would reach an Answers that is no more (the sanitizers would tell).
TEST(HostResolver, a_resolver_that_goes_waits_for_no_look_up) {
  for (int i = 0; i < 20; ++i) {
    Answers answers;
    HostResolver resolver(answers.taker());
    for (std::uint64_t ticket = 1; ticket <= 8; ++ticket) {
      resolver.resolve({ResolveTicket{ticket}, "localhost"});
    }
  }
}

}  // namespace
}  // namespace rubus::io
