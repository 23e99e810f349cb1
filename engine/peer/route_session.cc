#include "engine/peer/route_session.h"

#include <algorithm>

#include "engine/auth/login.h"
#include "engine/base/ensure.h"
#include "engine/base/text_number.h"
#include "engine/client/close_reason.h"
#include "engine/client/quoted.h"
#include "engine/peer/peer_table.h"

namespace rubus {

namespace {

// A spare connection that nobody came to need.
constexpr Duration spare_time = seconds(2);
constexpr Duration first_ping = seconds(1);

}  // namespace

RouteSession::RouteSession(EngineContext& context, PeerTable& table, const ConnectionOpened& opened,
                           ClientNumber number)
    : context_(context),
      table_(table),
      dial_(opened.dial),
      nonce_(opened.nonce),
      link_(context, opened, number) {
  link_.wire.write_deadline = context.options->cluster.write_deadline;
}

// ---- life ---------------------------------------------------------------------------------------

void RouteSession::open() {
  const ClusterOptions& cluster = context_.options->cluster;
  link_.log(LogLevel::info, "Route connection created");
  if (is_dialed() && !table_.owns(dial_)) {
    close("the route was removed while it was dialed", false);
    return;
  }
  if (!cluster.tls.enabled) {
    begin();
    return;
  }
  // Routes begin with the handshake; no byte is sent in clear.
  context_.output->tls.push_back({id(), is_dialed() ? TlsStart::dial : TlsStart::now});
  link_.wire.arm(TimerKind::tls_handshake, cluster.tls.timeout);
}

void RouteSession::begin() {
  link_.wire.arm(TimerKind::authentication, context_.options->cluster.authentication_timeout);
  if (is_dialed()) {
    phase_ = Phase::awaiting_info;
    send_connect();
    send_info();
    return;
  }
  phase_ = Phase::awaiting_connect;
  send_info();
}

void RouteSession::on_tls(const TlsChanged& changed) {
  if (phase_ != Phase::tls) {
    return;
  }
  switch (changed.stage) {
    case TlsStage::started:
      return;
    case TlsStage::absent:
      close("TLS is required", false);
      return;
    case TlsStage::established:
      link_.wire.disarm(TimerKind::tls_handshake);
      begin();
      return;
  }
}

void RouteSession::on_bytes(const Slice& bytes) {
  if (is_closing() || phase_ == Phase::tls) {
    return;
  }
  link_.last_activity = context_.wall;
  heard_at_ = context_.now;
  if (phase_ == Phase::checking || phase_ == Phase::spare || !held_.empty()) {
    held_bytes_ += bytes.size();
    held_.push_back(bytes);
    settle_reading();
    return;
  }
  link_.parser.feed(bytes);
  run();
}

void RouteSession::run() {
  for (;;) {
    const PeerResult result = link_.parser.next();
    if (result == PeerResult::message && phase_ == Phase::joined) [[likely]] {
      link_.on_message(link_.parser.message());
    } else if (result == PeerResult::need_more) {
      if (held_.empty()) {
        break;
      }
      Slice next = std::move(held_.front());
      held_.erase(held_.begin());
      held_bytes_ -= next.size();
      link_.parser.feed(std::move(next));
    } else if (!run_command(result)) {
      break;
    }
    if (is_closing() || phase_ == Phase::checking || phase_ == Phase::spare) {
      break;
    }
  }
  settle_reading();
}

void RouteSession::settle_reading() {
  if (is_closing()) {
    return;
  }
  // A spare is read on, so that its end is noticed; but not for ever.
  constexpr std::size_t held_bytes_max = std::size_t{1} << 20U;
  pause(phase_ == Phase::checking || held_bytes_ > held_bytes_max || link_.settle_stall());
}

void RouteSession::pause(bool is_paused) {
  if (!is_closing() && is_paused != is_paused_) {
    is_paused_ = is_paused;
    context_.output->appetite.push_back({id(), is_paused, 0});
  }
}

// False: nothing more may be parsed.
bool RouteSession::run_command(PeerResult result) {
  if (phase_ == Phase::awaiting_connect && result != PeerResult::connect) {
    link_.log(LogLevel::error, "the peer did not begin with CONNECT");
    send_error("Authorization Violation");
    close("it did not begin with CONNECT", true);
    return false;
  }
  switch (result) {
    case PeerResult::connect:
      on_connect(link_.parser.argument());
      return true;
    case PeerResult::info:
      on_info(link_.parser.argument());
      return true;
    case PeerResult::interest:
    case PeerResult::no_interest:
    case PeerResult::message:
      if (phase_ != Phase::joined) {
        close("it spoke of subjects before it said who it is", true);
        return false;
      }
      if (result == PeerResult::interest) {
        link_.on_interest(link_.parser.interest());
      } else if (result == PeerResult::no_interest) {
        link_.on_no_interest(link_.parser.interest());
      }
      return true;
    case PeerResult::need_more:
    case PeerResult::ok:
      return true;
    case PeerResult::ping:
      link_.send("PONG\r\n");
      return true;
    case PeerResult::pong:
      link_.wire.keepalive.on_pong(context_.now);
      return true;
    case PeerResult::error:
      link_.log(LogLevel::error, "Route Error " + quoted(link_.parser.argument()));
      if (link_.parser.argument() == "Invalid Subscription") {
        return true;  // nats-server says so and goes on
      }
      close("the peer reports an error", false);
      return false;
    case PeerResult::unknown_operation:
    case PeerResult::argument_error:
    case PeerResult::control_line_exceeded:
    case PeerResult::payload_exceeded:
      on_ending(result);
      return false;
  }
  return false;
}

void RouteSession::on_ending(PeerResult result) {
  std::string_view why = "the peer does not speak the protocol of routes";
  if (result == PeerResult::control_line_exceeded) {
    why = "a line of the peer is too long";
  } else if (result == PeerResult::payload_exceeded) {
    why = "a message of the peer is larger than max_payload";
    send_error("Maximum Payload Violation");
  } else if (result == PeerResult::argument_error) {
    why = "the peer sent a malformed line";
  }
  close(why, true);
}

void RouteSession::on_timer(const Timer& timer) {
  link_.wire.note_fired(timer);
  if (is_closing()) {
    return;
  }
  switch (timer.kind) {
    case TimerKind::authentication:
      if (phase_ == Phase::spare) {
        table_.on_spare_timeout(*this);
        return;
      }
      send_error("Authentication Timeout");
      close("Authentication Timeout", true);
      return;
    case TimerKind::tls_handshake:
      close("TLS handshake timeout", false);
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
    case TimerKind::first_info:
    case TimerKind::handshake:
    case TimerKind::redial:
    case TimerKind::resolve:
    case TimerKind::heartbeat:
    case TimerKind::service:
      ensure(false, "a route has no such timer");
  }
}

void RouteSession::on_ping_timer() {
  const ClusterOptions& cluster = context_.options->cluster;
  // A route is pinged whatever came in: messages one way say nothing about the other.
  if (link_.wire.keepalive.on_timer(context_.now, Duration{}, cluster.ping_max) ==
      KeepaliveVerdict::stale) {
    ++context_.counters.stale_routes;
    context_.reached.mark(Reached::route_stale);
    send_error("Stale Connection");
    close("Stale Connection", true);
    return;
  }
  link_.wire.send("PING\r\n");
  link_.wire.arm_ping(cluster.ping_interval);
}

// Asks at once for a sign of life, which also makes the kernel find out that the peer is gone.
void RouteSession::ping() {
  if (phase_ == Phase::joined) {
    link_.wire.send("PING\r\n");
  }
}

void RouteSession::on_options() {
  link_.on_options();
  link_.wire.write_deadline = context_.options->cluster.write_deadline;
}

void RouteSession::on_slow() {
  if (is_closing()) {
    return;
  }
  ++context_.counters.slow_routes;
  context_.reached.mark(Reached::route_slow);
  link_.log(LogLevel::info, "Slow Consumer Detected");
  close("Slow Consumer", false);
}

void RouteSession::on_gone(CloseCause cause) {
  close(close_reason_text(close_reason_of(cause)), false);
  link_.wire.clear();
}

void RouteSession::close(std::string_view why, bool after_flush) {
  if (is_closing()) {
    return;
  }
  phase_ = Phase::closing;
  is_flushed_close_ = after_flush;
  link_.log(LogLevel::info, std::string("Router connection closed: ").append(why));
  link_.wire.disarm_all();
  held_.clear();
  link_.leave();
  context_.output->closes.push_back({id(), after_flush});
  table_.on_closed(*this);
}

void RouteSession::refuse(std::string_view log_text) {
  link_.log(LogLevel::error, log_text);
  close(log_text, true);
}

void RouteSession::join() {
  ensure(phase_ == Phase::awaiting_info || phase_ == Phase::spare, "only a known peer joins");
  const bool was_spare = phase_ == Phase::spare;
  phase_ = Phase::joined;
  joined_at_ = context_.now;
  link_.wire.disarm(TimerKind::authentication);
  link_.join();
  link_.wire.arm_ping(first_ping);
  context_.reached.mark(Reached::route_registered);
  if (was_spare) {
    run();
  }
}

RouteRecord RouteSession::record(bool with_subscriptions) const {
  RouteRecord shown;
  shown.connection = link_.record(with_subscriptions);
  shown.remote_id = info_.server_id;
  shown.remote_name = info_.server_name;
  shown.did_solicit = is_dialed();
  shown.is_configured = table_.is_configured(dial_);
  shown.import_filter = info_.import_filter;
  shown.export_filter = info_.export_filter;
  return shown;
}

// ---- handshake ----------------------------------------------------------------------------------

void RouteSession::send_line(std::string_view line) {
  if (!is_closing()) {
    link_.send(line);
  }
}

void RouteSession::send_error(std::string_view text) {
  send_line(std::string("-ERR '").append(text).append("'\r\n"));
}

void RouteSession::send_info() {
  RouteInfo own = own_route_info(*context_.options, table_.cluster_name());
  own.nonce = nonce_text(nonce_);
  own.is_cluster_dynamic = table_.is_name_dynamic();
  own.lame_duck = context_.lame_duck;
  send_line(build_route_info(own));
}

void RouteSession::send_connect() {
  const RemoteUrl login = table_.login_of(dial_);
  RouteConnect connect;
  connect.username = login.username;
  connect.password = login.password;
  connect.tls_required = context_.options->cluster.tls.enabled;
  connect.name = context_.options->identity.server_id;
  connect.cluster = table_.cluster_name();
  connect.is_cluster_dynamic = table_.is_name_dynamic();
  send_line(build_route_connect(connect));
}

void RouteSession::on_connect(std::string_view json) {
  RouteConnect connect;
  if (phase_ != Phase::awaiting_connect || !read_route_connect(json, connect)) {
    close("an unexpected or malformed CONNECT", true);
    return;
  }
  if (!connect.lang.empty()) {
    send_error("attempted to connect to route port");
    refuse("Attempted to connect to route port");
    return;
  }
  if (!connect.gateway.empty()) {
    const std::string text =
        "Rejecting connection from gateway \"" + connect.gateway + "\" on the Route port";
    send_error(text);
    refuse(text);
    return;
  }
  connect_ = connect;
  const ClusterOptions& cluster = context_.options->cluster;
  if (cluster.username.empty()) {
    accept_login();
    return;
  }
  LoginDecision decision = compare_secret(cluster.password, connect.password, nullptr);
  const bool is_known = connect.username == cluster.username;
  if (is_known && decision.verdict == LoginVerdict::needs_job) {
    phase_ = Phase::checking;
    if (context_.begin_job(std::move(decision.job), id())) {
      return;
    }
  }
  on_job_done(is_known && decision.verdict == LoginVerdict::accepted);
}

void RouteSession::on_job_done(bool accepted) {
  const bool was_waiting = phase_ == Phase::checking;
  if (!was_waiting && phase_ != Phase::awaiting_connect) {
    return;
  }
  if (!accepted) {
    context_.reached.mark(Reached::route_login_refused);
    send_error("Authorization Violation");
    refuse("authentication error: not a user of this cluster");
    return;
  }
  accept_login();
  if (was_waiting && !is_closing()) {
    run();
  }
}

// Only now: who may not log in learns no name, and changes none.
void RouteSession::accept_login() {
  if (!table_.accepts_cluster(connect_.cluster, connect_.is_cluster_dynamic)) {
    context_.reached.mark(Reached::route_wrong_cluster);
    const std::string text = "Rejecting connection, cluster name \"" + connect_.cluster +
                             "\" does not match \"" + std::string(table_.cluster_name()) + "\"";
    send_error(text);
    refuse(text);
    return;
  }
  phase_ = Phase::awaiting_info;
}

void RouteSession::on_info(std::string_view json) {
  RouteInfo info;
  if (!read_route_info(json, info)) {
    close("a malformed INFO", true);
    return;
  }
  if (phase_ == Phase::awaiting_info) {
    on_first_info(std::move(info));
  } else if (phase_ == Phase::joined) {
    on_later_info(std::move(info));
  }
}

void RouteSession::on_first_info(RouteInfo info) {
  info_ = std::move(info);
  link_.remote_id = info_.server_id;
  link_.remote_name = info_.server_name;
  link_.form.headers = info_.headers && context_.options->headers;
  link_.form.leaf_origin = info_.leaf_origin;
  link_.form.leaf_unsub_origin = info_.leaf_unsub_origin;
  if (!info_.account.empty()) {
    context_.reached.mark(Reached::route_dedicated);
    const std::string text = "Not possible to have a dedicated route for account " +
                             quoted(info_.account) + " between those servers";
    send_error(text);
    close(text, true);
    return;
  }
  if (info_.pool_index.has_value() && *info_.pool_index > 0) {
    // We offer no pool, so nobody may ask for a place in one.
    const std::string text =
        "Invalid route pool index: " + number_text(static_cast<std::uint64_t>(*info_.pool_index)) +
        " - pool size is 0";
    send_error(text);
    close(text, true);
    return;
  }
  const ClusterOptions& cluster = context_.options->cluster;
  if (cluster.import_filter.has_value() || cluster.export_filter.has_value()) {
    Permissions rights;
    if (cluster.export_filter.has_value()) {
      rights.publish_allow = cluster.export_filter->allow;
      rights.publish_deny = cluster.export_filter->deny;
    }
    if (cluster.import_filter.has_value()) {
      rights.subscribe_allow = cluster.import_filter->allow;
      rights.subscribe_deny = cluster.import_filter->deny;
    }
    link_.filter = std::make_unique<PermissionSet>(rights);
  }
  switch (table_.admit(*this)) {
    case Admission::joined:
    case Admission::refused:
      return;
    case Admission::spare:
      phase_ = Phase::spare;
      spare_since_ = context_.now;
      link_.wire.arm(TimerKind::authentication, spare_time);
      return;
  }
}

void RouteSession::on_later_info(RouteInfo info) {
  if (!info.request_id.empty()) {
    return;  // about pinned accounts, which there are none of between us
  }
  if (info.server_id != info_.server_id) {
    table_.on_gossip(*this, info);
    return;
  }
  info_.connect_urls = std::move(info.connect_urls);
  info_.lame_duck = info.lame_duck;
  table_.on_news(*this);
}

}  // namespace rubus
