// RouteSession: one connection to another server of the cluster, from accept or dial to close.
//
//   accepted  (tls) ─▶ INFO out ─▶ awaiting_connect ─CONNECT─▶ (checking) ─▶ awaiting_info ─INFO─▶
//   dialed    (tls) ─▶ CONNECT, INFO out ──────────────────────▶ awaiting_info ─INFO─▶ joined
//                                                                              └▶ spare ─▶ joined
//
// It runs the handshake, refuses who does not belong here, keeps the connection alive, and hands
// what the peer says to its PeerLink. Which of several connections to the same server stays is for
// PeerTable to say; a spare one is read no further until it is needed or closed.
// Invariants: nothing of the peer reaches an account before it joined; after close() nothing does.
// A peer that is refused is told why where nats-server tells it, and is named in the log.
// Source: cluster_protocol.md sections A, B and F.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/monitor/peer_records.h"
#include "engine/peer/peer_link.h"
#include "engine/peer/route_info.h"

namespace rubus {

class PeerTable;

class RouteSession {
 public:
  RouteSession(EngineContext& context, PeerTable& table, const ConnectionOpened& opened,
               ClientNumber number);
  RouteSession(const RouteSession&) = delete;
  RouteSession& operator=(const RouteSession&) = delete;

  // What happened (inputs).
  void open();
  void on_bytes(const Slice& bytes);
  void on_sent(std::uint64_t count) { link_.wire.on_sent(count); }
  void on_tls(const TlsChanged& changed);
  void on_job_done(bool accepted);
  void on_timer(const Timer& timer);
  void on_options();
  void on_slow();
  void on_gone(CloseCause cause);

  // What the table decides.
  void join();
  void refuse(std::string_view log_text);
  void close(std::string_view why, bool after_flush);
  void send_line(std::string_view line);
  void ping();

  PeerLink& link() { return link_; }
  const PeerLink& link() const { return link_; }
  ConnectionId id() const { return link_.wire.id(); }
  ClientNumber number() const { return link_.number(); }
  const RouteInfo& info() const { return info_; }
  DialTicket dial() const { return dial_; }
  bool is_dialed() const { return dial_.value != 0; }
  bool is_closing() const { return phase_ == Phase::closing; }
  bool may_send() const { return !is_closing() || is_flushed_close_; }
  bool is_spare() const { return phase_ == Phase::spare; }
  bool is_lame_duck() const { return info_.lame_duck; }
  bool is_joined() const { return phase_ == Phase::joined; }
  Instant joined_at() const { return joined_at_; }
  Instant heard_at() const { return heard_at_; }        // the last bytes
  Instant spare_since() const { return spare_since_; }  // if it is one
  RouteRecord record(bool with_subscriptions) const;

  template <class V>
  void visit(V& v) const {
    v("rid", number().value);
    v("phase", phase_);
    v("dial", dial_.value);
    v("held", held_.size());
    link_.visit(v);
  }

 private:
  enum class Phase : std::uint8_t {
    tls,
    awaiting_connect,
    checking,
    awaiting_info,
    spare,
    joined,
    closing,
  };

  void begin();
  void run();
  bool run_command(PeerResult result);
  void on_ending(PeerResult result);
  void on_connect(std::string_view json);
  void accept_login();
  void on_info(std::string_view json);
  void on_first_info(RouteInfo info);
  void on_later_info(RouteInfo info);
  void on_ping_timer();
  void send_error(std::string_view text);
  void send_info();
  void send_connect();
  void settle_reading();
  void pause(bool is_paused);

  EngineContext& context_;
  PeerTable& table_;
  const DialTicket dial_;
  const Nonce nonce_;
  PeerLink link_;
  Phase phase_ = Phase::tls;
  bool is_flushed_close_ = false;
  bool is_paused_ = false;
  Instant joined_at_;
  Instant heard_at_;
  Instant spare_since_;
  RouteInfo info_;        // of the peer
  RouteConnect connect_;  // of the peer, if it dialed
  std::size_t held_bytes_ = 0;
  std::vector<Slice> held_;  // input that waits for a job, or for the spare to be needed
};

}  // namespace rubus
