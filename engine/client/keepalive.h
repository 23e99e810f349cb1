// Keepalive: when a client is pinged, and when it counts as gone.
//
// A due timer pings unless data or a PING arrived within the interval; the first ping after
// CONNECT always goes out, and one an hour, because they measure the round trip. A client with
// `ping_max` unanswered pings is stale. Source: client_protocol.md §9.
#pragma once

#include <cstdint>

#include "engine/base/time.h"

namespace rubus {

enum class KeepaliveVerdict : std::uint8_t { wait, ping, stale };

class Keepalive {
 public:
  static constexpr Duration round_trip_interval = seconds(3600);
  static constexpr Duration first_ping_max = seconds(2);

  explicit Keepalive(Instant opened) : last_input_(opened) {}

  void on_input(Instant now) { last_input_ = now; }
  void on_pong(Instant now) {
    outstanding_ = 0;
    if (ping_sent_.nanoseconds != 0) {
      const Duration measured = now - ping_sent_;
      // Why at least 1 ns: 0 means "not measured yet".
      round_trip_ = measured.nanoseconds > 0 ? measured : nanoseconds(1);
      ping_sent_ = {};
    }
  }
  KeepaliveVerdict on_timer(Instant now, Duration interval, std::uint32_t ping_max) {
    const bool needs_round_trip =
        round_trip_.nanoseconds == 0 || now - measured_at_ > round_trip_interval;
    if (now - last_input_ < interval && !needs_round_trip) {
      return KeepaliveVerdict::wait;
    }
    if (outstanding_ + 1 > ping_max) {
      return KeepaliveVerdict::stale;
    }
    ++outstanding_;
    ping_sent_ = now;
    measured_at_ = now;
    return KeepaliveVerdict::ping;
  }
  Duration round_trip() const { return round_trip_; }
  // Until a round trip is measured: how long the other end took to say the first word.
  void estimate(Duration length) { estimate_ = length.nanoseconds > 0 ? length : nanoseconds(1); }
  Duration round_trip_estimate() const {
    return round_trip_.nanoseconds != 0 ? round_trip_ : estimate_;
  }
  Instant last_input() const { return last_input_; }

  template <class V>
  void visit(V& v) const {
    v("last_input", last_input_);
    v("ping_sent", ping_sent_);
    v("measured_at", measured_at_);
    v("round_trip", round_trip_);
    v("estimate", estimate_);
    v("outstanding", outstanding_);
  }

 private:
  Instant last_input_;
  Instant ping_sent_;    // 0: no unanswered ping
  Instant measured_at_;  // when the last measurement began
  Duration round_trip_;  // 0: not measured yet
  Duration estimate_;
  std::uint32_t outstanding_ = 0;
};

}  // namespace rubus
