// Life of a leaf connection once it is open: bytes in, timers, close.
#include "engine/peer/leaf_session.h"

#include "engine/base/ensure.h"
#include "engine/client/quoted.h"
#include "engine/peer/leaf_rules.h"
#include "engine/peer/leaf_table.h"
#include "engine/routing/subject.h"
#include "engine/system/system_services.h"

namespace rubus {

LeafSession::LeafSession(EngineContext& context, LeafTable& table, const ConnectionOpened& opened,
                         ClientNumber number)
    : context_(context),
      table_(table),
      dial_(opened.dial),
      nonce_(opened.nonce),
      link_(context, opened, number) {
  link_.wire.write_deadline = context.options->leaf.write_deadline;
}

void LeafSession::on_bytes(const Slice& bytes) {
  if (is_closing() || phase_ == Phase::tls) {
    return;
  }
  link_.last_activity = context_.wall;
  link_.wire.keepalive.on_input(context_.now);
  if (phase_ == Phase::checking || !held_.empty()) {
    held_.push_back(bytes);
    return;
  }
  link_.parser.feed(bytes);
  run();
}

void LeafSession::run() {
  while (!is_closing() && phase_ != Phase::checking && phase_ != Phase::tls) {
    const PeerResult result = link_.parser.next();
    if (result == PeerResult::message) [[likely]] {
      on_message(link_.parser.message());
    } else if (result != PeerResult::need_more) {
      take(result);
    } else if (held_.empty()) {
      break;
    } else {
      Slice next = std::move(held_.front());
      held_.erase(held_.begin());
      link_.parser.feed(std::move(next));
    }
  }
  settle_reading();
}

void LeafSession::take(PeerResult result) {
  // Nobody who has not said CONNECT is listened to.
  if (phase_ == Phase::awaiting_connect && result != PeerResult::connect) {
    reason_ = CloseReason::authentication_failure;
    refuse("Authorization Violation");
    return;
  }
  switch (result) {
    case PeerResult::connect:
      on_connect(link_.parser.argument());
      return;
    case PeerResult::info:
      on_info(link_.parser.argument());
      return;
    case PeerResult::interest:
      on_interest(link_.parser.interest());
      return;
    case PeerResult::no_interest:
      on_no_interest(link_.parser.interest());
      return;
    case PeerResult::ping:
      send_line("PONG\r\n");
      return;
    case PeerResult::pong:
      link_.wire.keepalive.on_pong(context_.now);
      return;
    case PeerResult::error:
      on_error(link_.parser.argument());
      return;
    case PeerResult::ok:
    case PeerResult::message:
    case PeerResult::need_more:
      return;
    case PeerResult::unknown_operation:
    case PeerResult::argument_error:
    case PeerResult::control_line_exceeded:
    case PeerResult::payload_exceeded:
      on_ending(result);
      return;
  }
}

void LeafSession::on_ending(PeerResult result) {
  if (result == PeerResult::payload_exceeded) {
    reason_ = CloseReason::maximum_payload;
    send_error("Maximum Payload Violation");
    close("a message of the peer is larger than max_payload", true);
  } else if (result == PeerResult::control_line_exceeded) {
    reason_ = CloseReason::maximum_control_line;
    send_error("Maximum Control Line Exceeded");
    close("a line of the peer is too long", true);
  } else {
    close(result == PeerResult::argument_error
              ? "the peer sent a malformed line"
              : "the peer does not speak the protocol of leaf nodes",
          true);
  }
}

void LeafSession::on_interest(const PeerInterest& said) {
  if (!is_joined()) {
    close("the peer spoke of interest before its time", true);
    return;
  }
  if (!is_valid_subject(said.subject)) {
    send_error("Invalid Subscription");
    return;
  }
  const bool is_loop_token = said.subject.starts_with(loop_subject_prefix);
  if (is_loop_token && closes_loop(said.subject)) {
    const std::string error = loop_error(link_.account->name());
    redial_delay_ = delay_after_error(error);
    refuse(error);
    return;
  }
  // Messages to a wildcard are held against the rights one by one.
  const bool is_refused = !link_.is_spoke && !is_loop_token && !has_wildcard(said.subject) &&
                          link_.filter != nullptr && !link_.filter->may_publish(said.subject);
  if (is_refused && !is_dialed()) {
    refuse(subscription_error(said.subject, said.queue));
    return;
  }
  if (!link_.on_interest(said)) {
    send_error("maximum subscriptions exceeded");
  }
}

void LeafSession::on_no_interest(const PeerInterest& said) {
  if (said.subject.starts_with(loop_subject_prefix)) {
    heard_tokens_.erase(std::string(said.subject));
  }
  link_.on_no_interest(said);
}

// Our own token has gone round, or one has come by two ways. Not so by one way twice.
bool LeafSession::closes_loop(std::string_view subject) {
  if (subject == table_.loop_subject(*link_.account)) {
    return true;
  }
  for (const LeafSession* other : table_.sessions()) {
    if (other != this && other->is_joined() && other->link_.account == link_.account &&
        other->has_heard(subject)) {
      return true;
    }
  }
  heard_tokens_.insert(std::string(subject));
  return false;
}

void LeafSession::on_message(const PeerMessage& message) {
  if (!is_joined()) {
    close("the peer sent a message before its time", true);
    return;
  }
  const std::string_view subject = message.message.subject;
  if (inbound_ != nullptr && !inbound_->may_publish(subject)) [[unlikely]] {
    if (!is_dialed()) {
      refuse(publish_error(subject));
    }
    return;
  }
  link_.on_message(message);
}

// A peer that means to go closes by itself; what it said decides how long is waited.
void LeafSession::on_error(std::string_view text) {
  link_.log(LogLevel::error, "Leafnode Error " + quoted(text));
  if (const std::optional<Duration> delay = delay_after_error(text); delay.has_value()) {
    redial_delay_ = delay;
  }
}

void LeafSession::on_timer(const Timer& timer) {
  link_.wire.note_fired(timer);
  if (is_closing()) {
    return;
  }
  switch (timer.kind) {
    case TimerKind::authentication:
      reason_ = CloseReason::authentication_timeout;
      refuse("Authentication Timeout");
      return;
    case TimerKind::tls_handshake:
      reason_ = CloseReason::tls_handshake_failure;
      close("TLS handshake timeout", false);
      return;
    case TimerKind::first_info:
    case TimerKind::handshake:
      reason_ = CloseReason::stale_connection;
      refuse(stale_leaf_error);
      return;
    case TimerKind::ping:
      on_ping_timer();
      return;
    case TimerKind::write_deadline:
      if (link_.wire.on_write_timer() == WriteVerdict::slow) {
        on_slow();
      }
      return;
    case TimerKind::lame_duck:
      close("Server Shutdown", true);
      return;
    case TimerKind::stall:
      settle_reading();
      return;
    case TimerKind::handshake_first:
    case TimerKind::redial:
    case TimerKind::resolve:
    case TimerKind::heartbeat:
    case TimerKind::service:
      ensure(false, "a leaf connection has no such timer");
  }
}

void LeafSession::on_ping_timer() {
  const LeafOptions& leaf = context_.options->leaf;
  switch (link_.wire.keepalive.on_timer(context_.now, leaf.ping_interval, leaf.ping_max)) {
    case KeepaliveVerdict::wait:
      break;
    case KeepaliveVerdict::ping:
      send_line("PING\r\n");
      break;
    case KeepaliveVerdict::stale:
      ++context_.counters.stale_leafs;
      reason_ = CloseReason::stale_connection;
      refuse("Stale Connection");
      return;
  }
  link_.wire.arm_ping(leaf.ping_interval);
}

// Large payloads are read in one go; nothing is read while a login is being checked, nor for a
// moment when a sibling shard is full.
void LeafSession::settle_reading() {
  if (is_closing()) {
    return;
  }
  constexpr std::size_t asked_min = std::size_t{32} << 10U;
  const bool pause = phase_ == Phase::checking || link_.settle_stall();
  const std::size_t missing = link_.parser.missing_payload();
  const std::uint32_t asked = missing < asked_min ? 0 : static_cast<std::uint32_t>(missing);
  if (pause != is_paused_ || asked != asked_read_bytes_) {
    is_paused_ = pause;
    asked_read_bytes_ = asked;
    context_.output->appetite.push_back({id(), pause, asked});
  }
}

void LeafSession::on_slow() {
  if (is_closing()) {
    return;
  }
  ++context_.counters.slow_leafs;
  if (is_counted_) {
    ++link_.account->slow_consumers;
  }
  reason_ = CloseReason::slow_consumer_pending_bytes;
  link_.log(LogLevel::info, "Slow Consumer Detected");
  close("Slow Consumer", false);
}

void LeafSession::on_gone(CloseCause cause) {
  if (!is_closing()) {
    reason_ = close_reason_of(cause);
  }
  close(close_reason_text(close_reason_of(cause)), false);
  link_.wire.clear();
}

void LeafSession::refuse(std::string_view error) {
  if (is_closing()) {
    return;
  }
  link_.log(LogLevel::error, error);
  send_error(error);
  close(error, true);
}

void LeafSession::close(std::string_view why, bool after_flush) {
  if (is_closing()) {
    return;
  }
  std::optional<ConnectionRecord> ended = end_record(why);
  phase_ = Phase::closing;
  is_flushed_close_ = after_flush;
  link_.log(LogLevel::info, std::string("Leafnode connection closed: ").append(why));
  link_.wire.disarm_all();
  held_.clear();
  link_.leave();
  if (is_counted_) {
    is_counted_ = false;
    --link_.account->leafnodes;
    link_.account->left_leaf_traffic.add(link_.wire.traffic);
  }
  if (ended.has_value()) {
    context_.system->on_disconnect(*ended);
    context_.closed_clients.add(std::move(*ended), context_.options->limits.max_closed_clients);
  }
  context_.output->closes.push_back({id(), after_flush});
  table_.on_closed(*this);
}

void LeafSession::kick() {
  reason_ = CloseReason::kicked;
  close("Kicked", true);
}

// Of a dialed connection only if it came to something: the next attempt may fail as this one did.
std::optional<ConnectionRecord> LeafSession::end_record(std::string_view why) const {
  if (is_dialed() && !is_joined()) {
    return std::nullopt;
  }
  ConnectionRecord closed = record(true).connection;
  closed.stop = context_.wall;
  const bool is_shutdown = why == close_reason_text(CloseReason::server_shutdown);
  closed.reason = is_shutdown ? CloseReason::server_shutdown : reason_;
  if (!is_joined()) {
    closed.account.clear();
  }
  return closed;
}

bool LeafSession::is_same_leaf(const LeafSession& other) const {
  return !link_.remote_name.empty() && link_.remote_name == other.link_.remote_name &&
         remote_cluster_ == other.remote_cluster_ && link_.account == other.link_.account &&
         remote_account_ == other.remote_account_ && is_dialed() == other.is_dialed();
}

LeafRecord LeafSession::record(bool with_subscriptions) const {
  LeafRecord record;
  record.is_spoke = link_.is_spoke;
  record.is_isolated = link_.is_isolated;
  record.connection = link_.record(with_subscriptions);
  ConnectionRecord& shown = record.connection;
  shown.user = is_dialed() || !user_name_.empty() ? user_name_ : connect_.username;
  shown.version = connect_.version;
  shown.name = shown.name.empty() ? connect_.name : shown.name;
  shown.account = link_.account == nullptr ? std::string() : link_.account->name();
  shown.is_leaf = true;
  if (tls_facts_ != nullptr) {
    shown.tls_version = tls_facts_->version;
    shown.tls_cipher = tls_facts_->cipher;
    shown.tls_facts = tls_facts_;
  }
  return record;
}

void LeafSession::send_line(std::string_view line) {
  if (!is_closing()) {
    link_.send(line);
  }
}

void LeafSession::send_error(std::string_view text) {
  send_line(std::string("-ERR '").append(text).append("'\r\n"));
}

}  // namespace rubus
