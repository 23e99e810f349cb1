// ClosedClients: the last connections that ended, for /connz?state=closed. A bounded ring.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/client/close_reason.h"
#include "engine/monitor/counters.h"
#include "engine/seam/input.h"

namespace rubus {

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
};

class ClosedClients {
 public:
  void add(ConnectionRecord record, std::size_t kept_max) {
    records_.push_back(std::move(record));
    ++total_;
    while (records_.size() > kept_max) {
      records_.pop_front();
    }
  }
  const std::deque<ConnectionRecord>& records() const { return records_; }
  std::uint64_t total() const { return total_; }

 private:
  std::deque<ConnectionRecord> records_;
  std::uint64_t total_ = 0;
};

}  // namespace rubus
