// Life of a connection: open, TLS, timers, bytes out, close.
#include "engine/client/client_session.h"

#include <algorithm>

#include "engine/base/ensure.h"
#include "engine/base/text_number.h"
#include "engine/client/address_text.h"
#include "engine/system/system_services.h"

namespace rubus {

namespace {

// Of this shard. Clients are handed to the shard with the fewest, so together they take no more
// than one client per shard beyond what is configured.
std::uint64_t connections_max(const Options& options) {
  const std::int64_t all = std::max<std::int64_t>(options.limits.max_connections, 0);
  const std::int64_t shards = options.shard.count;
  return static_cast<std::uint64_t>((all + shards - 1) / shards);
}

constexpr Duration stall_length = milliseconds(5);

}  // namespace

ClientSession::ClientSession(EngineContext& context, const ConnectionOpened& opened,
                             ClientNumber number)
    : context_(context),
      number_(number),
      remote_(opened.remote),
      nonce_(opened.nonce),
      start_(context.wall),
      last_activity_(context.wall),
      parser_(context.pool),
      wire_(context, opened.connection) {}

ClientSession::~ClientSession() {
  ensure(first_ == nullptr, "a session ends without subscriptions");
}

void ClientSession::open() {
  const Options& options = *context_.options;
  log(LogLevel::debug, "Client connection created");
  account_ = nullptr;
  apply_limits();
  if (options.tls.policy == TlsPolicy::off) {
    begin_plain();
    return;
  }
  begin_tls();
}

void ClientSession::begin_tls() {
  const TlsOptions& tls = context_.options->tls;
  phase_ = Phase::tls;
  if (tls.handshake_first) {
    context_.output->tls.push_back({wire_.id(), TlsStart::now});
    if (tls.handshake_first_fallback.nanoseconds > 0) {
      wire_.arm(TimerKind::handshake_first, tls.handshake_first_fallback);
    } else {
      tls_first_ = true;
      wire_.arm(TimerKind::tls_handshake, tls.timeout);
    }
    return;
  }
  send_info(info_facts());
  if (tls.policy == TlsPolicy::optional) {
    context_.output->tls.push_back({wire_.id(), TlsStart::peek});
    wire_.arm(TimerKind::authentication, context_.options->authorization.timeout);
    return;
  }
  context_.output->tls.push_back({wire_.id(), TlsStart::after_flush});
  wire_.arm(TimerKind::tls_handshake, tls.timeout);
}

// From here on protocol bytes flow, in clear or through TLS.
void ClientSession::begin_plain() {
  phase_ = Phase::awaiting_connect;
  const bool info_is_due = context_.options->tls.policy == TlsPolicy::off || tls_first_;
  if (info_is_due) {
    send_info(info_facts());
  }
  if (context_.counters.connections > connections_max(*context_.options)) {
    log(LogLevel::error, "maximum connections exceeded");
    send_error("maximum connections exceeded");
    close(CloseReason::maximum_connections, true);
    return;
  }
  parser_.is_gate_open = !is_login_pending();
  if (is_login_pending()) {
    wire_.arm(TimerKind::authentication, context_.options->authorization.timeout);
  } else {
    bind(nullptr);
  }
  if (phase_ != Phase::closing) {
    wire_.arm_ping(context_.options->limits.ping_interval);
  }
}

void ClientSession::on_tls(const TlsChanged& changed) {
  if (phase_ != Phase::tls) {
    return;
  }
  switch (changed.stage) {
    case TlsStage::started:
      if (wire_.is_armed(TimerKind::handshake_first)) {
        wire_.disarm(TimerKind::handshake_first);
        tls_first_ = true;
      }
      wire_.disarm(TimerKind::authentication);
      if (!wire_.is_armed(TimerKind::tls_handshake)) {
        wire_.arm(TimerKind::tls_handshake, context_.options->tls.timeout);
      }
      return;
    case TlsStage::absent:
      wire_.disarm(TimerKind::authentication);
      wire_.disarm(TimerKind::handshake_first);
      wire_.disarm(TimerKind::tls_handshake);
      begin_plain();
      return;
    case TlsStage::established:
      wire_.disarm(TimerKind::tls_handshake);
      wire_.disarm(TimerKind::handshake_first);
      tls_facts_ = changed.facts;
      begin_plain();
      return;
  }
}

void ClientSession::on_timer(const Timer& timer) {
  wire_.note_fired(timer);
  if (is_closing()) {
    return;
  }
  switch (timer.kind) {
    case TimerKind::authentication:
      log(LogLevel::error, "Authentication Timeout");
      send_error("Authentication Timeout");
      close(CloseReason::authentication_timeout, true);
      return;
    case TimerKind::handshake_first:
      // No ClientHello in time: the classic flow, INFO in clear and then the handshake.
      send_info(info_facts());
      context_.output->tls.push_back(
          {wire_.id(), context_.options->tls.policy == TlsPolicy::optional
                           ? TlsStart::peek
                           : TlsStart::after_flush});
      wire_.arm(TimerKind::tls_handshake, context_.options->tls.timeout);
      return;
    case TimerKind::tls_handshake:
      log(LogLevel::error, "TLS handshake timeout");
      close(CloseReason::tls_handshake_failure, false);
      return;
    case TimerKind::ping:
      on_ping_timer();
      return;
    case TimerKind::write_deadline:
      on_write_timer();
      return;
    case TimerKind::stall:
      settle_reading();
      return;
    case TimerKind::lame_duck:
      close(CloseReason::server_shutdown, true);
      return;
    case TimerKind::first_info:
    case TimerKind::handshake:
    case TimerKind::redial:
    case TimerKind::resolve:
    case TimerKind::heartbeat:
    case TimerKind::service:
      ensure(false, "a client has no timer of a peer");
  }
}

void ClientSession::on_ping_timer() {
  const Limits& limits = context_.options->limits;
  switch (wire_.keepalive.on_timer(context_.now, limits.ping_interval, limits.ping_max)) {
    case KeepaliveVerdict::wait:
      break;
    case KeepaliveVerdict::ping:
      send("PING\r\n");
      break;
    case KeepaliveVerdict::stale:
      ++context_.counters.stale_connections;
      log(LogLevel::debug, "Stale Client Connection - Closing");
      send_error("Stale Connection");
      close(CloseReason::stale_connection, true);
      return;
  }
  wire_.arm_ping(limits.ping_interval);
}

void ClientSession::on_write_timer() {
  if (wire_.on_write_timer() == WriteVerdict::fine) {
    return;
  }
  count_slow();
  log(LogLevel::info,
      "Slow Consumer Detected: WriteDeadline of " +
          number_text(static_cast<std::uint64_t>(wire_.write_deadline.nanoseconds / 1'000'000)) +
          "ms exceeded with " + number_text(wire_.outbound().size()) + " total bytes");
  close(CloseReason::slow_consumer_write_deadline, false);
}

void ClientSession::on_sent(std::uint64_t count) { wire_.on_sent(count); }

void ClientSession::on_gone(CloseCause cause) {
  if (phase_ == Phase::tls && cause == CloseCause::peer_closed) {
    log(LogLevel::error, "TLS handshake error: EOF");
    close(CloseReason::tls_handshake_failure, false);
  } else if (!is_closing()) {
    close(close_reason_of(cause), false);
  }
  drop_subscriptions();
  wire_.clear();
}

void ClientSession::close(CloseReason reason, bool after_flush) {
  if (is_closing()) {
    return;
  }
  phase_ = Phase::closing;
  ConnectionRecord closed = record();
  closed.stop = context_.wall;
  closed.reason = reason;
  const ConnectionRecord told = closed;
  closed.subscription_records = record_subscriptions(first_);
  context_.closed_clients.add(std::move(closed), context_.options->limits.max_closed_clients);
  log(LogLevel::debug, std::string("Client connection closed: ").append(close_reason_text(reason)));
  wire_.disarm_all();
  held_.clear();
  // Bytes that were gathered stay in place until ConnectionClosed, even if none of them leaves.
  is_flushed_close_ = after_flush;
  ensure(context_.counters.connections > 0, "open connections are counted");
  --context_.counters.connections;
  if (account_ != nullptr) {
    account_->remove_client();
    account_->left_traffic.add(wire_.traffic);
  }
  context_.system->on_disconnect(told);
  context_.leaving.push_back(this);
  context_.output->closes.push_back({wire_.id(), after_flush});
}

void ClientSession::count_interest() const {
  for (const Subscription* at = first_; at != nullptr; at = at->owner_next) {
    account_->count_interest(*at);
  }
}

void ClientSession::drop_subscriptions() {
  while (first_ != nullptr) {
    remove_subscription(first_);
  }
}

void ClientSession::remove_subscription(Subscription* subscription) {
  ensure(account_ != nullptr, "a subscription lives in an account");
  account_->remove(subscription);
  --context_.counters.subscriptions;
  by_sid_.erase(subscription->sid());
  (subscription->owner_previous == nullptr ? first_ : subscription->owner_previous->owner_next) =
      subscription->owner_next;
  (subscription->owner_next == nullptr ? last_ : subscription->owner_next->owner_previous) =
      subscription->owner_previous;
  Subscription::destroy(subscription);
}

void ClientSession::settle_reading() {
  if (is_closing()) {
    return;
  }
  const auto is_stalled = [this]() { return wire_.is_armed(TimerKind::stall); };
  if (stall_requested_ && !is_stalled()) {
    ++context_.counters.stalled_clients;
    ++stalls_;
    wire_.arm(TimerKind::stall, stall_length);
  } else if (awaits_sibling_ && !is_stalled() && context_.links.has_full_sibling()) {
    wire_.arm(TimerKind::stall, stall_length);
  }
  stall_requested_ = false;
  awaits_sibling_ = awaits_sibling_ && is_stalled();
  const bool pause = phase_ == Phase::checking || is_stalled();
  const std::size_t missing = parser_.missing_payload();
  // Why 32 KiB: below it the shell's default read takes the rest anyway.
  constexpr std::size_t asked_min = std::size_t{32} << 10U;
  const std::uint32_t asked = missing < asked_min ? 0 : static_cast<std::uint32_t>(missing);
  if (pause != is_paused_ || asked != asked_read_bytes_) {
    is_paused_ = pause;
    asked_read_bytes_ = asked;
    context_.output->appetite.push_back({wire_.id(), pause, asked});
  }
}

void ClientSession::send(std::string_view text) {
  if (is_closing()) {
    return;
  }
  wire_.send(text);
  check_pending();
}

void ClientSession::count_slow() {
  ++context_.counters.slow_consumers;
  if (account_ != nullptr) {
    ++account_->slow_consumers;
  }
}

void ClientSession::check_pending() {
  if (wire_.is_overfull()) [[unlikely]] {
    count_slow();
    log(LogLevel::info,
        "Slow Consumer Detected: MaxPending of " +
            number_text(static_cast<std::uint64_t>(context_.options->limits.max_pending)) +
            " Exceeded");
    close(CloseReason::slow_consumer_pending_bytes, false);
  }
}

ConnectionRecord ClientSession::record() const {
  ConnectionRecord shown;
  shown.number = number_;
  shown.remote = remote_;
  shown.start = start_;
  shown.last_activity = last_activity_;
  shown.round_trip = wire_.keepalive.round_trip();
  shown.pending_bytes = wire_.outbound().size();
  shown.traffic = wire_.traffic;
  shown.subscriptions = by_sid_.size();
  shown.stalls = stalls_;
  shown.name = connect_.name;
  shown.lang = connect_.lang;
  shown.version = connect_.version;
  shown.user = user_ != nullptr ? (user_->nkey.empty() ? user_->name : user_->nkey)
                                : connect_.credentials.username;
  if (shown.user.empty() && !connect_.credentials.token.empty()) {
    shown.user = "[REDACTED]";
  }
  shown.account = account_ == nullptr ? std::string() : account_->name();
  if (tls_facts_ != nullptr) {
    shown.tls_version = tls_facts_->version;
    shown.tls_cipher = tls_facts_->cipher;
    shown.tls_first = tls_first_;
    shown.tls_facts = tls_facts_;
  }
  return shown;
}

}  // namespace rubus
