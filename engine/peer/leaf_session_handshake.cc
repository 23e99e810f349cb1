// From accept or dial until a leaf connection joins.
#include "engine/base/ensure.h"
#include "engine/base/text_number.h"
#include "engine/client/address_text.h"
#include "engine/client/quoted.h"
#include "engine/peer/leaf_rules.h"
#include "engine/peer/leaf_session.h"
#include "engine/peer/leaf_table.h"
#include "engine/system/system_services.h"

namespace rubus {

namespace {

// From CONNECT to the INFO that answers it.
constexpr Duration answer_time = seconds(2);
constexpr Duration first_ping_max = seconds(1);
constexpr std::int64_t peer_protocol = 3;

const AccountOptions* find_options(const Options& options, std::string_view account) {
  for (const AccountOptions& each : options.accounts) {
    if (each.name == account) {
      return &each;
    }
  }
  return nullptr;
}

}  // namespace

// ---- both ends ----------------------------------------------------------------------------------

void LeafSession::open() {
  table_.on_opened(*this);
  link_.log(LogLevel::info, "Leafnode connection created");
  if (is_dialed()) {
    const LeafRemote* remote = table_.remote_of(dial_);
    if (remote == nullptr) {
      close("the configuration has no such remote any more", false);
    } else if (remote->tls.handshake_first) {
      begin_tls(TlsStart::dial);
    } else {
      begin();
    }
    return;
  }
  const PeerTls& tls = context_.options->leaf.tls;
  if (tls.enabled && tls.handshake_first) {
    begin_tls(TlsStart::now);
  } else if (tls.enabled) {
    send_info(greeting());
    begin_tls(TlsStart::after_flush);
  } else {
    begin();
  }
}

void LeafSession::begin_tls(TlsStart start) {
  const LeafRemote* remote = is_dialed() ? table_.remote_of(dial_) : nullptr;
  const PeerTls& tls = remote != nullptr ? remote->tls : context_.options->leaf.tls;
  phase_ = Phase::tls;
  link_.wire.disarm(TimerKind::first_info);
  link_.wire.arm(TimerKind::tls_handshake, tls.timeout);
  context_.output->tls.push_back({id(), start});
}

void LeafSession::on_tls(const TlsChanged& changed) {
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
      tls_facts_ = changed.facts;
      begin();
      return;
  }
}

// Protocol bytes flow from here on, in clear or through TLS.
void LeafSession::begin() {
  if (!is_dialed()) {
    const PeerTls& tls = context_.options->leaf.tls;
    if (!tls.enabled || tls.handshake_first) {
      send_info(greeting());
    }
    phase_ = Phase::awaiting_connect;
    link_.wire.arm(TimerKind::authentication, context_.options->leaf.authentication_timeout);
    return;
  }
  if (info_.client_id != 0) {
    send_connect();
    return;
  }
  const LeafRemote* remote = table_.remote_of(dial_);
  phase_ = Phase::awaiting_info;
  link_.wire.arm(TimerKind::first_info,
                 remote == nullptr ? seconds(1) : remote->first_info_timeout);
}

void LeafSession::send_info(const LeafInfo& info) {
  send_line(leaf_info_line(info, *context_.options));
}

LeafInfo LeafSession::greeting() const {
  LeafInfo info = table_.own_info();
  info.client_id = static_cast<std::int64_t>(number().value);
  info.nonce = nonce_text(nonce_);
  return info;
}

void LeafSession::send_urls() {
  if (is_joined() && !is_dialed()) {
    LeafInfo info = table_.own_info();
    info.compression.clear();
    send_info(info);
  }
}

bool LeafSession::bind(std::string_view account) {
  link_.account = context_.find_account(account);
  return link_.account != nullptr;
}

// Under which its wishes and messages are told apart from others': a word of protocol lines, hence
// never empty.
std::string LeafSession::origin_of(const std::string& cluster, const std::string& name,
                                   const std::string& server_id) const {
  if (!cluster.empty() || !name.empty()) {
    return cluster.empty() ? name : cluster;
  }
  return !server_id.empty() && is_peer_word(server_id) ? server_id
                                                       : "lid-" + number_text(number().value);
}

void LeafSession::apply_account_limits() {
  const Limits& limits = context_.options->limits;
  link_.parser.limits.max_payload = link_.account->payload_max(limits);
  link_.interest_max = link_.account->subscriptions_max(limits);
}

void LeafSession::limit(const Permissions& filter, const Permissions& inbound) {
  link_.filter = std::make_unique<PermissionSet>(filter);
  const bool is_limited = !inbound.publish_allow.empty() || !inbound.publish_deny.empty() ||
                          inbound.responses.has_value();
  inbound_ = is_limited ? std::make_unique<PermissionSet>(inbound) : nullptr;
}

void LeafSession::join() {
  phase_ = Phase::joined;
  apply_account_limits();
  link_.wire.disarm(TimerKind::authentication);
  link_.wire.disarm(TimerKind::handshake);
  link_.origin = context_.links.acquire_origin(remote_cluster_);
  ensure(link_.origin != 0, "a leaf connection has an origin");
  ++link_.account->leafnodes;
  is_counted_ = true;
  link_.log(LogLevel::info, "Leafnode connection bound to account " +
                                quoted(link_.account->name()) + ", the other end is " +
                                quoted(link_.remote_name));
  link_.join();
  send_line("LS+ " + table_.loop_subject(*link_.account) + "\r\n");
  link_.wire.arm_ping(std::min(context_.options->leaf.ping_interval, first_ping_max));
  table_.on_joined(*this);
  context_.system->tell_account(link_.account->name());
}

// A connection keeps its account and rights until the configuration no longer has them.
void LeafSession::on_options() {
  link_.on_options();
  const Options& options = *context_.options;
  link_.wire.write_deadline = options.leaf.write_deadline;
  if (is_joined()) {
    apply_account_limits();
  }
  if (is_dialed() && table_.remote_of(dial_) == nullptr) {
    close("the configuration has no such remote any more", true);
    return;
  }
  if (is_dialed() || !is_joined() || user_name_.empty()) {
    return;
  }
  for (const User& user : table_.login_options()->authorization.users) {
    const std::string& name = user.nkey.empty() ? user.name : user.nkey;
    const std::string_view account =
        user.account.empty() ? global_account_name : std::string_view(user.account);
    if (name == user_name_ && account == link_.account->name()) {
      return;
    }
  }
  reason_ = CloseReason::authentication_failure;
  refuse("Authorization Violation");
}

// ---- accepted -----------------------------------------------------------------------------------

void LeafSession::on_connect(std::string_view json) {
  if (phase_ != Phase::awaiting_connect || !read_leaf_connect(json, connect_)) {
    close("an unexpected or malformed CONNECT", true);
    return;
  }
  if (const std::optional<std::string> error = refuse_leaf_stranger(connect_)) {
    refuse(*error);
    return;
  }
  Credentials given;
  given.token = connect_.token;
  given.username = connect_.username;
  given.password = connect_.password;
  given.nkey = connect_.nkey;
  given.signature = connect_.signature;
  judge(decide_login(*table_.login_options(), given, tls_facts_.get(), nonce_text(nonce_)));
}

void LeafSession::judge(LoginDecision decision) {
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
  if (!context_.begin_job(std::move(decision.job), id())) {
    link_.log(LogLevel::error, "too many logins are being checked");
    reject_login();
    return;
  }
  candidate_ = decision.user;
  is_refused_ = decision.is_refused;
  candidate_options_ = table_.login_options();
  phase_ = Phase::checking;
}

void LeafSession::on_job_done(bool accepted) {
  if (phase_ != Phase::checking) {
    return;
  }
  phase_ = Phase::awaiting_connect;
  const User* user = candidate_;
  candidate_ = nullptr;
  const std::shared_ptr<const Options> keep_alive = std::move(candidate_options_);
  // Whoever was accepted by a configuration that is gone must come again.
  if (accepted && !is_refused_ && keep_alive == table_.login_options()) {
    accept_login(user);
  } else {
    reject_login();
  }
  if (!is_closing()) {
    run();
  }
}

void LeafSession::reject_login() {
  link_.log(LogLevel::error, connect_.username.empty()
                                 ? std::string("authentication error")
                                 : "authentication error - User " + quoted(connect_.username));
  send_error("Authorization Violation");
  reason_ = CloseReason::authentication_failure;
  close("Authorization Violation", true);
}

void LeafSession::accept_login(const User* user) {
  const Options& options = *context_.options;
  if (!bind(user != nullptr ? user->account : options.leaf.account)) {
    link_.log(LogLevel::error, "account of the user does not exist");
    send_error("Authorization Violation");
    reason_ = CloseReason::missing_account;
    close("its account does not exist", true);
    return;
  }
  if (const std::optional<std::string> error =
          refuse_leaf_cluster(connect_, context_.cluster_name)) {
    refuse(*error);
    return;
  }
  const AccountOptions* account = find_options(options, link_.account->name());
  if (account != nullptr && account->limits.leafnodes_max >= 0 &&
      link_.account->leafnodes >= static_cast<std::uint64_t>(account->limits.leafnodes_max)) {
    reason_ = CloseReason::maximum_account_connections;
    refuse("maximum account active connections exceeded");
    return;
  }
  if (user != nullptr) {
    user_name_ = user->nkey.empty() ? user->name : user->nkey;
  }
  answer_connect(user != nullptr ? user->permissions : std::nullopt);
}

void LeafSession::answer_connect(const std::optional<Permissions>& rights) {
  const Options& options = *context_.options;
  link_.remote_id = connect_.server_id;
  link_.remote_name = connect_.name;
  remote_cluster_ = origin_of(connect_.cluster, connect_.name, connect_.server_id);
  remote_account_ = connect_.remote_account;
  table_.replace_older(*this);
  LeafInfo info = greeting();
  info.nonce.clear();
  info.compression.clear();
  info.connect_info = true;
  info.remote_account = link_.account->name();
  info.account_is_system = link_.account->is_system();
  info.import_filter = import_told(rights);
  info.export_filter = export_told(rights);
  send_info(info);
  if (const std::optional<std::string> error = refuse_leaf_version(connect_, options)) {
    refuse(*error);
    return;
  }
  link_.is_spoke = connect_.is_hub;
  link_.is_isolated = connect_.isolate || options.leaf.isolate_leafnode_interest;
  link_.form.headers = connect_.headers && options.headers;
  limit(hub_filter(rights, connect_), rights.value_or(Permissions{}));
  join();
}

// ---- dialed -------------------------------------------------------------------------------------

void LeafSession::on_info(std::string_view json) {
  LeafInfo info;
  if (!read_leaf_info(json, info)) {
    close("a malformed INFO", true);
    return;
  }
  if (!is_dialed()) {
    return;
  }
  table_.learn_urls(dial_, info.leafnode_urls);
  if (phase_ == Phase::awaiting_info) {
    on_hub_info(std::move(info));
  } else if (phase_ == Phase::awaiting_answer && info.connect_info) {
    on_answer(info);
  }
}

void LeafSession::on_hub_info(LeafInfo info) {
  const LeafRemote* remote = table_.remote_of(dial_);
  const RemoteUrl* url = table_.url_of(dial_);
  if (remote == nullptr || url == nullptr) {
    close("the configuration has no such remote any more", true);
    return;
  }
  link_.wire.disarm(TimerKind::first_info);
  if (const std::optional<std::string> error = refuse_hub_info(info, context_.cluster_name)) {
    redial_delay_ = delay_after_error(*error);
    refuse(*error);
    return;
  }
  info_ = std::move(info);
  link_.remote_id = info_.server_id;
  link_.remote_name = info_.server_name;
  const bool wants_tls = remote->tls.enabled || url->tls;
  if (tls_facts_ == nullptr && (wants_tls || info_.tls_required)) {
    if (!info_.tls_required) {
      close("TLS is wanted, the hub has none", true);
    } else if (!link_.parser.is_between_lines()) {
      // What came in clear must not be taken for what TLS protects.
      close("bytes in clear behind an INFO that asks for TLS", false);
    } else {
      begin_tls(TlsStart::dial);
    }
    return;
  }
  send_connect();
}

void LeafSession::send_connect() {
  const Options& options = *context_.options;
  const LeafRemote* remote = table_.remote_of(dial_);
  const RemoteUrl* url = table_.url_of(dial_);
  if (remote == nullptr || url == nullptr || !bind(remote->account)) {
    close("the account of this remote does not exist", true);
    return;
  }
  LeafConnect connect;
  connect.version = options.identity.version;
  connect.username = url->username;
  connect.password = url->password;
  // A user without password is a token; both are said, as nats-server does.
  connect.token = url->password.empty() ? url->username : std::string();
  connect.server_id = options.identity.server_id;
  connect.name = options.identity.server_name;
  connect.is_hub = remote->is_hub;
  connect.cluster = leaf_cluster_name(options, context_.cluster_name);
  connect.headers = options.headers;
  connect.deny_publish = remote->deny_imports;
  connect.compression = "off";
  connect.remote_account = link_.account->name();
  connect.protocol = peer_protocol;
  send_line(leaf_connect_line(connect));
  remote_cluster_ = origin_of(info_.cluster, info_.server_name, info_.server_id);
  if (!is_peer_word(remote_cluster_)) {
    close("the hub has a name that no line can carry", false);
    return;
  }
  link_.is_spoke = !remote->is_hub;
  link_.form.headers = info_.headers && options.headers;
  phase_ = Phase::awaiting_answer;
  if (info_.info_on_connect) {
    link_.wire.arm(TimerKind::handshake, answer_time);
  } else {
    on_answer(info_);
  }
}

void LeafSession::on_answer(const LeafInfo& info) {
  const LeafRemote* remote = table_.remote_of(dial_);
  if (remote == nullptr) {
    close("the configuration has no such remote any more", true);
    return;
  }
  remote_account_ = info.remote_account;
  const Permissions filter = spoke_filter(*remote, info);
  Permissions inbound;
  inbound.publish_deny = remote->deny_imports;
  if (info.import_filter.has_value()) {
    inbound.publish_allow = info.import_filter->allow;
    inbound.publish_deny.insert(inbound.publish_deny.end(), info.import_filter->deny.begin(),
                                info.import_filter->deny.end());
  }
  limit(filter, inbound);
  join();
}

}  // namespace rubus
