// CONNECT, login, and what a reload of the configuration changes for an open connection.
#include "engine/base/ensure.h"
#include "engine/base/text_number.h"
#include "engine/client/address_text.h"
#include "engine/client/client_session.h"
#include "engine/client/quoted.h"
#include "engine/client/server_info.h"
#include "engine/system/system_services.h"

namespace rubus {

namespace {

bool same_permissions(const std::optional<Permissions>& a, const std::optional<Permissions>& b) {
  if (!a.has_value() || !b.has_value()) {
    return a.has_value() == b.has_value();
  }
  const auto same_responses = [](const std::optional<ResponsePermission>& left,
                                 const std::optional<ResponsePermission>& right) {
    return left.has_value() == right.has_value() &&
           (!left.has_value() || (left->messages_max == right->messages_max &&
                                  left->time_to_live == right->time_to_live));
  };
  return a->publish_allow == b->publish_allow && a->publish_deny == b->publish_deny &&
         a->subscribe_allow == b->subscribe_allow && a->subscribe_deny == b->subscribe_deny &&
         same_responses(a->responses, b->responses);
}

}  // namespace

bool ClientSession::is_login_pending() const {
  return context_.options->authorization.is_required() && !has_connected_;
}

void ClientSession::on_connect(std::string_view json) {
  if (traces()) {
    trace_in("CONNECT", "{[REDACTED]}");
  }
  wire_.keepalive.on_input(context_.now);
  drop_subscriptions();
  if (!merge_connect_options(json, connect_)) {
    log(LogLevel::error, "CONNECT with invalid JSON");
    close(CloseReason::protocol_violation, true);
    return;
  }
  wire_.disarm(TimerKind::authentication);
  answers_connect_ = true;
  if (!connect_.account.empty() || connect_.new_account) {
    reject_login();
    return;
  }
  const std::string nonce = nonce_text(nonce_);
  judge(decide_login(*context_.options, connect_.credentials, tls_facts_.get(), nonce));
}

// A verb other than CONNECT comes first though a login is needed: only a no_auth_user helps.
bool ClientSession::on_first_verb() {
  const User* user = find_no_auth_user(context_.options->authorization);
  if (user == nullptr) {
    reject_login();
    return false;
  }
  accept_login(user);
  return !is_closing();
}

void ClientSession::judge(LoginDecision decision) {
  switch (decision.verdict) {
    case LoginVerdict::accepted:
      accept_login(decision.user);
      return;
    case LoginVerdict::rejected:
      reject_login();
      return;
    case LoginVerdict::needs_job:
      break;
  }
  if (!context_.begin_job(std::move(decision.job), wire_.id())) {
    log(LogLevel::error, "too many logins are being checked");
    reject_login();
    return;
  }
  candidate_ = decision.user;
  is_refused_ = decision.is_refused;
  candidate_options_ = context_.options;
  phase_ = Phase::checking;
}

void ClientSession::on_job_done(bool accepted) {
  if (phase_ != Phase::checking) {
    return;
  }
  const User* user = candidate_;
  const std::shared_ptr<const Options> keep_alive = std::move(candidate_options_);
  candidate_ = nullptr;
  accepted = accepted && !is_refused_;
  if (accepted && keep_alive != context_.options) {
    // The configuration changed meanwhile: what was accepted may no longer be.
    phase_ = Phase::awaiting_connect;
    judge(decide_login(*context_.options, connect_.credentials, tls_facts_.get(),
                       nonce_text(nonce_)));
  } else if (accepted) {
    accept_login(user);
  } else {
    phase_ = Phase::awaiting_connect;
    reject_login();
  }
  if (!is_closing() && phase_ != Phase::checking) {
    run();
  }
}

void ClientSession::accept_login(const User* user) {
  phase_ = Phase::ready;
  parser_.is_gate_open = true;
  wire_.disarm(TimerKind::authentication);
  bind(user);
  if (is_closing()) {
    return;
  }
  if (connect_.protocol != 0 && connect_.protocol != 1) {
    send_error("invalid client protocol");
    close(CloseReason::bad_protocol_version, true);
    return;
  }
  headers_ = context_.options->headers && connect_.headers;
  if (connect_.no_responders && !headers_) {
    send_error("no responders requires headers support");
    close(CloseReason::no_responders_requires_headers, true);
    return;
  }
  apply_limits();
  const bool is_first = !has_connected_;
  if (is_first) {
    has_connected_ = true;
    wire_.keepalive.estimate(context_.wall - start_);
    // Why a fifth at random: clients that reconnect together should not be pinged together.
    const Limits& limits = context_.options->limits;
    const Duration first = std::min(limits.ping_interval, Keepalive::first_ping_max);
    const std::uint64_t spread =
        static_cast<std::uint64_t>(std::max<std::int64_t>(first.nanoseconds, 0) / 5) + 1;
    wire_.arm_ping(first +
                   nanoseconds(static_cast<std::int64_t>(context_.ping_jitter.below(spread))));
  }
  if (connect_.verbose && answers_connect_) {
    send_ok();
  }
  answers_connect_ = false;
  if (is_first) {
    context_.system->on_connect(*this);
  }
}

void ClientSession::reject_login() {
  const std::string& name = connect_.credentials.username;
  log(LogLevel::error,
      name.empty() ? "authentication error" : "authentication error - User " + quoted(name));
  send_error("Authorization Violation");
  close(CloseReason::authentication_failure, true);
}

// Binds the connection to its account and its rights; null is "no named user".
void ClientSession::bind(const User* user) {
  Account* account =
      context_.find_account(user == nullptr ? std::string_view() : std::string_view(user->account));
  if (account == nullptr) {
    log(LogLevel::error, "account of the user does not exist");
    send_error("Authorization Violation");
    close(CloseReason::missing_account, true);
    return;
  }
  if (account != account_ && account->is_full()) {
    log(LogLevel::error, "maximum account active connections exceeded");
    send_error("maximum account active connections exceeded");
    close(CloseReason::maximum_account_connections, true);
    return;
  }
  if (account != account_) {
    ensure(first_ == nullptr, "subscriptions do not move between accounts");
    if (account_ != nullptr) {
      account_->remove_client();
    }
    account_ = account;
    account_->add_client();
  }
  user_ = user == nullptr ? nullptr : std::make_unique<User>(*user);
  permissions_ = user != nullptr && user->permissions.has_value()
                     ? std::make_unique<PermissionSet>(*user->permissions)
                     : nullptr;
  last_route_ = {};
  const Authorization& authorization = context_.options->authorization;
  login_secret_ = user != nullptr ? user->password
                                  : authorization.token + authorization.username + "\n" +
                                        authorization.password;
}

std::int64_t ClientSession::max_payload() const {
  const Limits& limits = context_.options->limits;
  return account_ == nullptr ? limits.max_payload : account_->payload_max(limits);
}

void ClientSession::apply_limits() {
  const Limits& limits = context_.options->limits;
  parser_.limits.max_control_line = limits.max_control_line;
  parser_.limits.max_payload = max_payload();
  parser_.limits.headers = headers_;
  wire_.write_deadline = context_.options->limits.write_deadline;
}

void ClientSession::on_options(const Options& before) {
  if (is_closing()) {
    return;
  }
  apply_limits();
  last_route_ = {};  // mappings may have come or gone
  if (phase_ == Phase::ready || phase_ == Phase::awaiting_connect) {
    recheck_login(before);
  }
  if (!is_closing() && context_.options->limits.ping_interval != before.limits.ping_interval &&
      phase_ != Phase::tls) {
    wire_.arm_ping(context_.options->limits.ping_interval);
  }
}

// Nobody has logged in yet: from now on a login may be needed, or no longer be.
void ClientSession::recheck_anonymous() {
  const bool is_pending = is_login_pending();
  parser_.is_gate_open = !is_pending;
  if (!is_pending) {
    wire_.disarm(TimerKind::authentication);
    if (account_ == nullptr) {
      bind(nullptr);
    }
    return;
  }
  // What was done without a login does not follow into an account, and a command that had begun
  // is read to its end but does nothing.
  drop_subscriptions();
  if (account_ != nullptr) {
    account_->remove_client();
    account_ = nullptr;
  }
  if (!wire_.is_armed(TimerKind::authentication)) {
    wire_.arm(TimerKind::authentication, context_.options->authorization.timeout);
  }
}

// A connection keeps its login only if the new configuration would still accept it.
void ClientSession::recheck_login(const Options& before) {
  const Authorization& now = context_.options->authorization;
  if (!has_connected_) {
    recheck_anonymous();
    return;
  }
  if (user_ == nullptr && !now.is_required()) {
    return;
  }
  if (user_ == nullptr) {
    const std::string secret = now.token + now.username + "\n" + now.password;
    if (secret != login_secret_ || (now.is_required() && !before.authorization.is_required()) ||
        !now.users.empty()) {
      reject_login();
    }
    return;
  }
  const User* fresh = nullptr;
  for (const User& user : now.users) {
    if (user.name == user_->name && user.nkey == user_->nkey) {
      fresh = &user;
    }
  }
  if (fresh == nullptr || fresh->account != user_->account) {
    close(CloseReason::client_closed, true);
  } else if (fresh->password != user_->password) {
    reject_login();
  } else if (!same_permissions(fresh->permissions, user_->permissions)) {
    bind(fresh);
    recheck_subscriptions();
  }
}

void ClientSession::recheck_subscriptions() {
  for (Subscription* at = first_; at != nullptr;) {
    Subscription* next = at->owner_next;
    if (permissions_ != nullptr && !permissions_->may_subscribe(at->subject(), at->queue())) {
      std::string text = "Permissions Violation for Subscription to " + quoted(at->subject());
      if (at->is_queue()) {
        text.append(" using queue ").append(quoted(at->queue()));
      }
      text.append(" (sid ").append(quoted(at->sid())).append(")");
      remove_subscription(at);
      send_error(text);
    } else {
      at->filters_denied =
          permissions_ != nullptr && permissions_->needs_filter(at->subject(), at->queue());
    }
    at = next;
  }
}

InfoFacts ClientSession::info_facts() const {
  InfoFacts facts;
  facts.client_id = number_.value;
  facts.client_ip = host_text(remote_);
  facts.auth_required = context_.options->authorization.is_required() &&
                        context_.options->authorization.no_auth_user.empty();
  facts.lame_duck = context_.lame_duck;
  facts.connect_urls = context_.connect_urls;
  facts.cluster = context_.cluster_name;
  return facts;
}

void ClientSession::send_info(InfoFacts facts) {
  bool has_nkeys = false;
  for (const User& user : context_.options->authorization.users) {
    has_nkeys = has_nkeys || !user.nkey.empty();
  }
  const std::string nonce = nonce_text(nonce_);
  if (has_nkeys && !facts.connect_info) {
    facts.nonce = nonce;
  }
  send(build_info(*context_.options, facts));
}

void ClientSession::send_news_info() {
  if (!is_closing() && has_connected_ && connect_.protocol >= 1) {
    send_info(info_facts());
  }
}

void ClientSession::send_lame_duck_info() {
  if (!is_closing() && has_connected_ && connect_.protocol >= 1) {
    InfoFacts facts = info_facts();
    facts.lame_duck = true;
    send_info(facts);
  }
}

std::string ClientSession::label() const {
  std::string text = host_and_port_text(remote_);
  text.append(" - cid:");
  append_number(text, number_.value);
  if (!has_connected_) {
    return text;
  }
  if (!connect_.version.empty() || !connect_.lang.empty() || !connect_.name.empty()) {
    text.append(" - ");
    text.append(quoted("v" + connect_.version + ":" + connect_.lang + ":" + connect_.name));
  }
  if (account_ != nullptr && user_ != nullptr) {
    text.append(" - \"").append(account_->name()).append("/");
    text.append(user_->nkey.empty() ? user_->name : user_->nkey).append("\"");
  }
  return text;
}

void ClientSession::log(LogLevel level, std::string_view text) const {
  if (level == LogLevel::debug && !context_.options->trace.debug) {
    return;
  }
  context_.log(level, label().append(" - ").append(text));
}

void ClientSession::trace_in(std::string_view verb, std::string_view arguments) const {
  std::string text = "<<- [";
  text.append(verb);
  if (!arguments.empty()) {
    text.append(" ").append(arguments);
  }
  log(LogLevel::trace, text.append("]"));
}

void ClientSession::trace_publish(const PublishCommand& publish) const {
  std::string line(publish.subject);
  line.append(" ").append(publish.line_tail.substr(0, publish.line_tail.size() - 2));
  trace_in(publish.has_headers ? "HPUB" : "PUB", line);
  const std::size_t shown_max =
      context_.options->trace.message_bytes_max > 0
          ? static_cast<std::size_t>(context_.options->trace.message_bytes_max)
          : publish.body.size();
  std::string_view shown = publish.body.substr(0, publish.body.size() - 2);
  if (context_.options->trace.headers_only) {
    shown = shown.substr(0, publish.header_size);
  }
  const bool is_cut = shown.size() > shown_max;
  std::string text = "<<- MSG_PAYLOAD: [";
  text.append(quoted(std::string(shown.substr(0, shown_max)).append(is_cut ? "..." : "")));
  text.append("]");
  log(LogLevel::trace, text);
}

void ClientSession::trace_out(std::string_view text) const {
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n')) {
    text.remove_suffix(1);
  }
  log(LogLevel::trace, std::string("->> [").append(text).append("]"));
}

}  // namespace rubus
