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
#include "engine/monitor/counters.h"
#include "engine/routing/subscription.h"
#include "engine/seam/input.h"

namespace rubus {

// A subscription of a connection that ended.
struct SubscriptionRecord {
  std::string subject;
  std::string queue;
  std::string sid;
  std::uint64_t delivered = 0;
};

// One connection as /connz shows it, open or closed.
struct ConnectionRecord {
  ClientNumber number;
  Address remote;
  WallTime start;
  WallTime last_activity;
  WallTime stop;  // 0: open
  CloseReason reason = CloseReason::client_closed;
  Duration round_trip;
  std::uint64_t pending_bytes = 0;
  Traffic traffic;
  std::uint64_t subscriptions = 0;
  std::uint64_t stalls = 0;
  std::string name;
  std::string lang;
  std::string version;
  std::string user;
  std::string account;
  std::string tls_version;
  std::string tls_cipher;
  bool tls_first = false;
  std::shared_ptr<const TlsFacts> tls_facts;             // null: no TLS
  std::vector<SubscriptionRecord> subscription_records;  // of a closed connection
};

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
