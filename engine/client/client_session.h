// ClientSession: one client connection from accept to close.
//
// Decides what each command means, who may do it, and what is answered; owns the connection's
// subscriptions and its outbound bytes. It never waits: slow checks leave as jobs, and while one
// is pending the connection's input is held (not lost, not processed).
//
//   opened ─▶ (tls) ─▶ awaiting_connect ─CONNECT─▶ checking ─job─▶ ready ─▶ closing ─▶ gone
//                            └────no authentication needed──────▶ ready
//
// Invariants: after close() no byte of input is processed and nothing more is delivered; the
// queue never holds more than max_pending when a step ends; at most one job is outstanding.
// Source: client_protocol.md §3-§5, §7-§11.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/auth/login.h"
#include "engine/auth/permissions.h"
#include "engine/base/lookup.h"
#include "engine/client/client_parser.h"
#include "engine/client/close_reason.h"
#include "engine/client/connect_options.h"
#include "engine/client/server_info.h"
#include "engine/engine_context.h"
#include "engine/monitor/closed_clients.h"
#include "engine/routing/match_cache.h"
#include "engine/seam/input.h"
#include "engine/wire/wire.h"

namespace rubus {

class ClientSession {
 public:
  ClientSession(EngineContext& context, const ConnectionOpened& opened, ClientNumber number);
  ~ClientSession();
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  // What happened (inputs).
  void open();
  void on_bytes(const Slice& bytes);
  void on_sent(std::uint64_t count);
  void on_tls(const TlsChanged& changed);
  void on_job_done(bool accepted);
  void on_timer(const Timer& timer);
  void on_options(const Options& before);
  void on_gone(CloseCause cause);

  // What others want of it.
  bool deliver(Subscription& subscription, const PublishCommand& publish,
               const ClientSession* from);
  // True if a plain subscription here takes the "no responders" status.
  bool send_no_responders(std::string_view reply, std::string_view subject);
  void send_lame_duck_info();
  // The addresses of the cluster changed.
  void send_news_info();
  // The account begins to count who wants what.
  void count_interest() const;
  void leave_after(Duration delay) { wire_.arm(TimerKind::lame_duck, delay); }
  void close(CloseReason reason, bool after_flush);
  void drop_subscriptions();
  void remove_subscription(Subscription* subscription);
  void after_step() { wire_.after_step(); }

  // What others ask.
  bool is_closing() const { return phase_ == Phase::closing; }
  bool wants_echo() const { return connect_.echo; }
  ConnectionId id() const { return wire_.id(); }
  ClientNumber number() const { return number_; }
  const Account* account() const { return account_; }
  const User* user() const { return user_.get(); }  // null: no named user
  const ByteQueue& outbound() const { return wire_.outbound(); }
  const Wire& wire() const { return wire_; }
  // What may still leave: nothing once the connection closes without a flush.
  bool may_send() const { return !is_closing() || is_flushed_close_; }
  const Subscription* first_subscription() const { return first_; }
  Subscription* first_subscription() { return first_; }
  ConnectionRecord record() const;

  // To be read no further for a moment, or until no sibling shard is full any more.
  void request_stall(bool awaits_sibling) {
    stall_requested_ = true;
    awaits_sibling_ = awaits_sibling_ || awaits_sibling;
  }

  template <class V>
  void visit(V& v) const;

 private:
  enum class Phase : std::uint8_t { tls, awaiting_connect, checking, ready, closing };

  struct SidHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return hash_of(text); }
    std::size_t operator()(const Subscription* sub) const { return hash_of(sub->sid()); }
  };
  struct SidEqual {
    using is_transparent = void;
    static std::string_view text_of(std::string_view text) { return text; }
    static std::string_view text_of(const Subscription* sub) { return sub->sid(); }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return text_of(a) == text_of(b);
    }
  };
  struct MappedPublish {
    PublishCommand command;
    std::string subject;
  };
  // What is known about the subject of the last publish.
  struct LastRoute {
    const MatchCache::Entry* entry = nullptr;
    std::uint64_t epoch = 0;
    bool is_judged = false;
    bool allowed = false;
  };

  // Commands (client_session_verbs.cc).
  void run();
  bool run_command(ParseResult result);
  void on_ending(ParseResult result);
  void on_publish(const PublishCommand& written);
  const PublishCommand& mapped_publish(const PublishCommand& written);
  bool may_publish(const PublishCommand& publish);
  void on_subscribe(const SubscribeCommand& command);
  bool may_subscribe(const SubscribeCommand& command);
  void on_unsubscribe(const UnsubscribeCommand& command);
  void on_ping();
  void send_connect_info();
  void report_publish_violation(std::string_view subject);

  // Login (client_session_login.cc).
  void on_connect(std::string_view json);
  bool on_first_verb();
  void judge(LoginDecision decision);
  void accept_login(const User* user);
  void reject_login();
  void bind(const User* user);
  void recheck_anonymous();
  void recheck_login(const Options& before);
  void recheck_subscriptions();
  bool is_login_pending() const;

  // TLS and timers (client_session_life.cc).
  void begin_tls();
  void begin_plain();
  void on_ping_timer();
  void on_write_timer();
  void settle_reading();

  void send(std::string_view text);
  void send_info(InfoFacts facts);
  InfoFacts info_facts() const;
  void send_error(std::string_view text);
  void send_ok();
  void count_slow();
  void check_pending();
  void log(LogLevel level, std::string_view text) const;
  std::string label() const;
  bool traces() const { return context_.options->trace.trace; }
  void trace_in(std::string_view verb, std::string_view arguments) const;
  void trace_publish(const PublishCommand& publish) const;
  void trace_out(std::string_view text) const;
  void apply_limits();
  // Of the server and the account, whichever is lower; negative: none.
  std::int64_t max_payload() const;

  EngineContext& context_;
  const ClientNumber number_;
  const Address remote_;
  const Nonce nonce_;
  const WallTime start_;
  WallTime last_activity_;

  Phase phase_ = Phase::awaiting_connect;
  bool has_connected_ = false;    // a CONNECT (or a login without one) was accepted
  bool answers_connect_ = false;  // the login in progress came with a CONNECT
  bool connect_info_sent_ = false;
  bool is_flushed_close_ = false;
  bool stall_requested_ = false;
  bool awaits_sibling_ = false;
  bool is_paused_ = false;
  bool tls_first_ = false;
  bool headers_ = false;  // negotiated
  std::uint32_t asked_read_bytes_ = 0;

  ClientParser parser_;
  Wire wire_;
  std::uint64_t stalls_ = 0;
  ConnectOptions connect_;
  std::shared_ptr<const TlsFacts> tls_facts_;

  Account* account_ = nullptr;
  std::unique_ptr<User> user_;       // as configured when it logged in; null: no named user
  const User* candidate_ = nullptr;  // the user a pending job decides about
  std::shared_ptr<const Options> candidate_options_;  // keeps `candidate_` alive
  bool is_refused_ = false;                           // whatever the pending job says
  std::string login_secret_;  // the configured secret it was accepted by, for reloads
  std::unique_ptr<PermissionSet> permissions_;
  LastRoute last_route_;
  std::unique_ptr<MappedPublish> mapped_;  // used within on_publish() alone
  std::vector<Slice> held_;                // input that waits for a job

  LookupSet<Subscription*, SidHash, SidEqual> by_sid_;
  Subscription* first_ = nullptr;
  Subscription* last_ = nullptr;
};

template <class V>
void ClientSession::visit(V& v) const {
  wire_.visit(v);
  v("cid", number_.value);
  v("phase", phase_);
  v("has_connected", has_connected_);
  v("connect_info_sent", connect_info_sent_);
  v("is_paused", is_paused_);
  v("headers", headers_);
  v("verbose", connect_.verbose);
  v("pedantic", connect_.pedantic);
  v("echo", connect_.echo);
  v("no_responders", connect_.no_responders);
  v("protocol", connect_.protocol);
  v("account", account_ == nullptr ? std::string_view() : std::string_view(account_->name()));
  v("held", held_.size());
  parser_.visit(v);
  if (permissions_ != nullptr) {
    permissions_->visit(v);
  }
  for (const Subscription* at = first_; at != nullptr; at = at->owner_next) {
    v("sid", at->sid());
    v("subject", at->subject());
    v("queue", at->queue());
    v("delivered", at->delivered);
    v("delivered_max", at->delivered_max);
  }
}

}  // namespace rubus
