// ShardMailbox: how other threads hand values to a shard's thread.
//
// post() may be called from any thread; the receiver runs on the shard's thread, inside its
// io_context. An eventfd wakes the loop, because an io_context that promises to be single-threaded
// (BOOST_ASIO_CONCURRENCY_HINT_UNSAFE) may not be posted to from elsewhere.
//
// Lifetime: whoever posts must have stopped before the mailbox is destroyed.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/base/ensure.h"

namespace rubus::io {

template <typename T>
class ShardMailbox {
 public:
  using Receiver = std::function<void(T&&)>;

  ShardMailbox(boost::asio::io_context& context, Receiver receiver)
      : bell_(context, ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), receiver_(std::move(receiver)) {
    wait();
  }

  void post(T value) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      waiting_.push_back(std::move(value));
    }
    const std::uint64_t one = 1;
    // The counter cannot overflow: it would take 2^64 unread posts.
    [[maybe_unused]] const ssize_t written = ::write(bell_.native_handle(), &one, sizeof one);
  }

 private:
  void wait() {
    bell_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [this](const boost::system::error_code& cancelled) {
                       if (!cancelled) {
                         deliver();
                         wait();
                       }
                     });
  }

  void deliver() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(bell_.native_handle(), &count, sizeof count);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      taken_.swap(waiting_);
    }
    for (T& value : taken_) {
      receiver_(std::move(value));
    }
    taken_.clear();
  }

  boost::asio::posix::stream_descriptor bell_;
  Receiver receiver_;
  std::mutex mutex_;
  std::vector<T> waiting_;  // guarded by mutex_
  std::vector<T> taken_;
};

}  // namespace rubus::io
