// LeafSession: one connection between a hub and a leaf node, from accept or dial to close.
//
//   accepted  INFO out ─▶ (tls) ─▶ awaiting_connect ─CONNECT─▶ (checking) ─▶ INFO out ─▶ joined
//   dialed    awaiting_info ─INFO─▶ (tls) ─▶ CONNECT out ─▶ awaiting_answer ─INFO─▶ joined
//   with handshake_first TLS comes before the first INFO.
//
// It runs the handshake, logs in, binds the connection to one account, refuses who does not belong
// here, looks for loops, holds what the other end sends against its rights, and hands the rest to
// its PeerLink. Whom to dial again and when is for LeafTable to say.
// Invariants: nothing of the peer reaches an account before it joined; after close() nothing does.
// Errors of a login never tell which part was wrong. Source: cluster_protocol.md section D.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/auth/login.h"
#include "engine/client/close_reason.h"
#include "engine/monitor/peer_records.h"
#include "engine/peer/leaf_info.h"
#include "engine/peer/peer_link.h"

namespace rubus {

class LeafTable;

class LeafSession {
 public:
  LeafSession(EngineContext& context, LeafTable& table, const ConnectionOpened& opened,
              ClientNumber number);
  LeafSession(const LeafSession&) = delete;
  LeafSession& operator=(const LeafSession&) = delete;

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
  void close(std::string_view why, bool after_flush);
  // An operator wants it gone.
  void kick();
  // Says why first; a dialed connection may then have to wait longer before the next attempt.
  void refuse(std::string_view error);
  // Other servers of this cluster take leaf nodes too: the addresses changed.
  void send_urls();

  PeerLink& link() { return link_; }
  const PeerLink& link() const { return link_; }
  ConnectionId id() const { return link_.wire.id(); }
  ClientNumber number() const { return link_.number(); }
  DialTicket dial() const { return dial_; }
  bool is_dialed() const { return dial_.value != 0; }
  bool is_joined() const { return phase_ == Phase::joined; }
  bool is_closing() const { return phase_ == Phase::closing; }
  bool may_send() const { return !is_closing() || is_flushed_close_; }
  // The account this connection would be the same in: a second one like it replaces the first.
  bool is_same_leaf(const LeafSession& other) const;
  // Whether the loop token `subject` of this account came in over this connection.
  bool has_heard(std::string_view subject) const {
    return heard_tokens_.find(subject) != heard_tokens_.end();
  }
  LeafRecord record(bool with_subscriptions) const;
  // Wait at least this long before dialing again.
  std::optional<Duration> redial_delay() const { return redial_delay_; }

  template <class V>
  void visit(V& v) const {
    v("lid", number().value);
    v("phase", phase_);
    v("dial", dial_.value);
    v("held", held_.size());
    v("remote_cluster", std::string_view(remote_cluster_));
    v("account",
      link_.account == nullptr ? std::string_view() : std::string_view(link_.account->name()));
    link_.visit(v);
  }

 private:
  enum class Phase : std::uint8_t {
    tls,
    awaiting_connect,  // accepted
    checking,
    awaiting_info,    // dialed
    awaiting_answer,  // CONNECT is out
    joined,
    closing,
  };

  // Bytes in.
  void run();
  void take(PeerResult result);
  void on_ending(PeerResult result);
  void on_interest(const PeerInterest& said);
  void on_no_interest(const PeerInterest& said);
  bool closes_loop(std::string_view subject);
  void on_message(const PeerMessage& message);
  void on_error(std::string_view text);
  void on_ping_timer();
  void settle_reading();

  // Handshake (leaf_session_handshake.cc).
  void begin();
  void begin_tls(TlsStart start);
  void on_connect(std::string_view json);
  void judge(LoginDecision decision);
  void accept_login(const User* user);
  void reject_login();
  bool bind(std::string_view account);
  void answer_connect(const std::optional<Permissions>& rights);
  void on_info(std::string_view json);
  void on_hub_info(LeafInfo info);
  void send_connect();
  void on_answer(const LeafInfo& info);
  void join();
  std::string origin_of(const std::string& cluster, const std::string& name,
                        const std::string& server_id) const;
  void apply_account_limits();
  void limit(const Permissions& filter, const Permissions& inbound);
  void send_info(const LeafInfo& info);
  LeafInfo greeting() const;

  // What is kept and told of a connection that ends; nothing: it never came to anything.
  std::optional<ConnectionRecord> end_record(std::string_view why) const;
  void send_line(std::string_view line);
  void send_error(std::string_view text);

  EngineContext& context_;
  LeafTable& table_;
  const DialTicket dial_;
  const Nonce nonce_;
  PeerLink link_;
  Phase phase_ = Phase::awaiting_connect;
  bool is_flushed_close_ = false;
  bool is_paused_ = false;
  bool is_counted_ = false;                               // in its account
  CloseReason reason_ = CloseReason::protocol_violation;  // set before close() where it is not that
  std::uint32_t asked_read_bytes_ = 0;
  std::optional<Duration> redial_delay_;

  LeafConnect connect_;  // accepted: what the peer said
  LeafInfo info_;        // dialed: what the hub said
  std::string remote_cluster_;
  std::string remote_account_;
  std::string user_name_;
  std::shared_ptr<const TlsFacts> tls_facts_;
  const User* candidate_ = nullptr;                   // whom a pending job decides about
  std::shared_ptr<const Options> candidate_options_;  // keeps `candidate_` alive
  bool is_refused_ = false;                           // whatever the pending job says
  std::unique_ptr<PermissionSet> inbound_;  // its publish side: what the peer may send; null: all
  SortedSet<std::string> heard_tokens_;     // loop tokens the peer is interested in
  std::vector<Slice> held_;                 // input that waits for a job
};

}  // namespace rubus
