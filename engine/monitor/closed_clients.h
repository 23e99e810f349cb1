// ClosedClients: the last connections that ended, for /connz?state=closed. A bounded ring.
//
// The subscriptions a connection had are kept with it, but only subscriptions_kept_max of them in
// all: past that the oldest records lose their lists, never their counts. (nats-server keeps them
// all; ten thousand connections of ten thousand subscriptions each would fill any memory.)
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/client/close_reason.h"
#include "engine/routing/subscription.h"
#include "engine/seam/shard_snapshot.h"

namespace rubus {

// Copies the list that begins at `first`, in the order of SUB.
std::vector<SubscriptionRecord> record_subscriptions(const Subscription* first);

class ClosedClients {
 public:
  static constexpr std::size_t subscriptions_kept_max = 100'000;

  void add(ConnectionRecord record, std::size_t kept_max);
  const std::deque<ConnectionRecord>& records() const { return records_; }
  std::uint64_t total() const { return total_; }

 private:
  void strip(ConnectionRecord& record);

  std::deque<ConnectionRecord> records_;
  std::uint64_t total_ = 0;
  std::size_t subscriptions_kept_ = 0;
  std::size_t stripped_ = 0;  // so many records at the front have no list any more
};

}  // namespace rubus
