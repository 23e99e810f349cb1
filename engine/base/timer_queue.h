// TimerQueue: deadlines in order, ties broken by their key; yields the next wake-up.
//
// A key has at most one deadline at a time per kind if its owner says so; the queue itself only
// keeps a sorted set of (deadline, key). Owners re-arm lazily: they look at the clock of the last
// activity when a deadline fires instead of moving it on every message.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "engine/base/ids.h"
#include "engine/base/sorted.h"
#include "engine/base/time.h"

namespace rubus {

enum class TimerKind : std::uint8_t {
  authentication,
  handshake_first,
  tls_handshake,
  ping,
  write_deadline,
  stall,
  lame_duck,
  first_info,  // a peer that was dialed says nothing
  handshake,   // a peer does not come to the end of its handshake
  redial,      // of the table of peers: an address, by a number of its own
  resolve,     // of the table of peers: a host name, by a number of its own
  heartbeat,   // of the server itself
  service,     // of the accounts: replies that nobody waits for any more
};
constexpr std::size_t timer_kinds = 13;

// Timers of parts that have no connection: `number` is theirs to choose.
constexpr std::uint32_t no_connection_slot = 0xFFFF'FFFFU;

struct Timer {
  Instant deadline;
  ConnectionId connection;
  TimerKind kind = TimerKind::ping;
  friend auto operator<=>(const Timer&, const Timer&) = default;
};

class TimerQueue {
 public:
  void arm(const Timer& timer) { timers_.insert(timer); }
  void disarm(const Timer& timer) { timers_.erase(timer); }
  Instant next() const { return timers_.empty() ? Instant::never() : timers_.begin()->deadline; }
  std::size_t size() const { return timers_.size(); }
  // Takes the first timer that is due; false if none is.
  bool take_due(Instant now, Timer& due) {
    if (timers_.empty() || timers_.begin()->deadline > now) {
      return false;
    }
    due = *timers_.begin();
    timers_.erase(timers_.begin());
    return true;
  }
  template <class V>
  void visit(V& v) const {
    v("timers", timers_.size());
    for (const Timer& timer : timers_) {
      v("deadline", timer.deadline);
      v("slot", timer.connection.slot);
      v("kind", timer.kind);
    }
  }

 private:
  SortedSet<Timer> timers_;
};

}  // namespace rubus
