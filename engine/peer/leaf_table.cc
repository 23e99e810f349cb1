#include "engine/peer/leaf_table.h"

#include <algorithm>

#include "engine/base/ensure.h"
#include "engine/base/text_number.h"
#include "engine/client/address_text.h"
#include "engine/client/quoted.h"
#include "engine/peer/certificate_name.h"
#include "engine/peer/leaf_rules.h"
#include "engine/peer/leaf_session.h"

namespace rubus {

namespace {

constexpr std::size_t urls_max = 64;  // of one remote, learned ones included
constexpr std::uint32_t attempts_between_errors = 60;
constexpr Duration jitter_max = milliseconds(100);

bool is_same(const RemoteUrl& a, const RemoteUrl& b) {
  return a.host == b.host && a.port == b.port && a.username == b.username &&
         a.password == b.password && a.tls == b.tls;
}

bool is_same(const LeafRemote& a, const LeafRemote& b) {
  return std::equal(a.urls.begin(), a.urls.end(), b.urls.begin(), b.urls.end(),
                    [](const RemoteUrl& x, const RemoteUrl& y) { return is_same(x, y); }) &&
         a.account == b.account && a.deny_imports == b.deny_imports &&
         a.deny_exports == b.deny_exports && a.is_hub == b.is_hub &&
         a.no_randomize == b.no_randomize && a.ignores_discovered == b.ignores_discovered &&
         a.tls.enabled == b.tls.enabled && a.tls.handshake_first == b.tls.handshake_first;
}

std::string url_text(const RemoteUrl& url) {
  std::string text = url.host;
  text.push_back(':');
  append_number(text, std::uint64_t{url.port});
  return text;
}

Timer timer_of(std::uint32_t number, Instant deadline) {
  return {deadline, {no_connection_slot, number | LeafTable::mark}, TimerKind::redial};
}

// The users of leafnodes.authorization, or those of the server that may be leaf nodes.
Authorization leaf_authorization(const Options& options) {
  Authorization authorization = options.authorization;
  authorization.users.clear();
  if (options.leaf.users.empty()) {
    for (User user : options.authorization.users) {
      if (allows_type(user, ConnectionType::leafnode)) {
        user.connection_types = 0;
        authorization.users.push_back(std::move(user));
      }
    }
    if (options.authorization.is_required() && !authorization.is_required()) {
      // A login is needed and nobody has one: a user that nobody can be, lest all be let in.
      authorization.users.emplace_back().nkey = "-";
    }
    return authorization;
  }
  authorization.token.clear();
  authorization.username.clear();
  authorization.password.clear();
  authorization.no_auth_user.clear();
  for (const LeafUser& each : options.leaf.users) {
    User user;
    user.name = each.username;
    user.password = each.password;
    user.nkey = each.nkey;
    user.account = each.account;
    authorization.users.push_back(std::move(user));
  }
  return authorization;
}

}  // namespace

LeafTable::LeafTable(EngineContext& context, std::uint64_t seed)
    : context_(context), token_draws_(seed, "leaf loop tokens") {
  update_login();
}

void LeafTable::start() { update_remotes(); }

void LeafTable::stop() {
  is_stopped_ = true;
  for (auto& [number, remote] : remotes_) {
    if (remote.deadline != Instant::never()) {
      context_.timers.disarm(timer_of(number, remote.deadline));
      remote.deadline = Instant::never();
    }
  }
}

void LeafTable::on_options() {
  update_login();
  if (!is_stopped_) {
    update_remotes();
  }
}

void LeafTable::update_login() {
  auto login = std::make_shared<Options>(*context_.options);
  login->authorization = leaf_authorization(*context_.options);
  login->tls.map = false;  // that is about the certificates of clients
  login_options_ = std::move(login);
}

// ---- remotes ------------------------------------------------------------------------------------

void LeafTable::update_remotes() {
  if (context_.options->shard.index != 0) {
    return;
  }
  const std::vector<LeafRemote>& wanted = context_.options->leaf.remotes;
  std::vector<bool> is_known(wanted.size(), false);
  std::vector<std::uint32_t> gone;
  for (auto& [number, remote] : remotes_) {
    bool stays = false;
    for (std::uint32_t place = 0; place < wanted.size() && !stays; ++place) {
      if (!is_known[place] && is_same(wanted[place], remote.options)) {
        is_known[place] = true;
        remote.place = place;
        remote.options = wanted[place];
        stays = true;
      }
    }
    if (!stays) {
      gone.push_back(number);
    }
  }
  for (const std::uint32_t number : gone) {
    drop_remote(number);
  }
  for (std::uint32_t place = 0; place < wanted.size(); ++place) {
    if (!is_known[place]) {
      add_remote(place, wanted[place]);
    }
  }
}

void LeafTable::add_remote(std::uint32_t place, const LeafRemote& options) {
  if (options.urls.empty()) {
    return;
  }
  const std::uint32_t number = ++remotes_made_;
  Remote& remote = remotes_[number];
  remote.place = place;
  remote.options = options;
  remote.urls = options.urls;
  if (!options.no_randomize) {
    for (std::size_t left = remote.urls.size(); left > 1; --left) {
      std::swap(remote.urls[left - 1], remote.urls[static_cast<std::size_t>(draw(left))]);
    }
  }
  wait(number, remote, Duration{});
}

// The session, if there is one, finds out by itself that its remote is gone.
void LeafTable::drop_remote(std::uint32_t number) {
  const auto found = remotes_.find(number);
  if (found->second.deadline != Instant::never()) {
    context_.timers.disarm(timer_of(number, found->second.deadline));
  }
  remotes_.erase(found);
}

LeafTable::Remote* LeafTable::find(std::uint64_t ticket) {
  const auto found = remotes_.find(static_cast<std::uint32_t>(ticket & ~std::uint64_t{mark}));
  return found == remotes_.end() ? nullptr : &found->second;
}

const LeafTable::Remote* LeafTable::find(std::uint64_t ticket) const {
  const auto found = remotes_.find(static_cast<std::uint32_t>(ticket & ~std::uint64_t{mark}));
  return found == remotes_.end() ? nullptr : &found->second;
}

const LeafRemote* LeafTable::remote_of(DialTicket ticket) const {
  const Remote* remote = find(ticket.value);
  return remote == nullptr ? nullptr : &remote->options;
}

const RemoteUrl* LeafTable::url_of(DialTicket ticket) const {
  const Remote* remote = find(ticket.value);
  return remote == nullptr ? nullptr : &remote->urls[remote->url];
}

void LeafTable::wait(std::uint32_t number, Remote& remote, Duration delay) {
  ensure(remote.deadline == Instant::never(), "a remote waits for one thing at a time");
  remote.phase = Phase::waiting;
  remote.session = nullptr;
  if (is_stopped_) {
    return;
  }
  remote.deadline = context_.now + delay;
  context_.timers.arm(timer_of(number, remote.deadline));
}

Duration LeafTable::pause() const {
  return context_.options->leaf.reconnect_interval +
         nanoseconds(static_cast<std::int64_t>(
             context_.dial_jitter.below(static_cast<std::uint64_t>(jitter_max.nanoseconds))));
}

void LeafTable::on_timer(const Timer& timer) {
  const std::uint32_t number = timer.connection.generation & ~mark;
  Remote* remote = find(number);
  if (remote == nullptr) {
    return;
  }
  remote->deadline = Instant::never();
  resolve(number, *remote);
}

void LeafTable::resolve(std::uint32_t number, Remote& remote) {
  remote.phase = Phase::resolving;
  context_.output->resolves.push_back(
      {ResolveTicket{std::uint64_t{number} | mark}, remote.urls[remote.url].host});
}

void LeafTable::on_resolved(const HostResolved& resolved) {
  Remote* remote = find(resolved.ticket.value);
  if (remote == nullptr || remote->phase != Phase::resolving || is_stopped_) {
    return;
  }
  const std::uint32_t number = static_cast<std::uint32_t>(resolved.ticket.value) & ~mark;
  remote->addresses = resolved.found->addresses;
  remote->address = 0;
  if (remote->addresses.empty()) {
    fail(number, *remote, resolved.found->trouble);
    return;
  }
  // Not everybody to the first address of a name.
  std::rotate(
      remote->addresses.begin(),
      remote->addresses.begin() + static_cast<std::ptrdiff_t>(draw(remote->addresses.size())),
      remote->addresses.end());
  dial(number, *remote);
}

void LeafTable::dial(std::uint32_t number, Remote& remote) {
  const RemoteUrl& url = remote.urls[remote.url];
  DialPeer wish;
  wish.ticket = DialTicket{number | mark};
  wish.kind = ConnectionKind::leaf;
  wish.address = remote.addresses[remote.address];
  wish.address.port = url.port;
  wish.host = certificate_name(url.host, remote.options.urls);
  wish.leaf_remote = remote.place;
  remote.phase = Phase::dialing;
  context_.output->dials.push_back(std::move(wish));
}

void LeafTable::on_dial_failed(const DialFailed& failed) {
  Remote* remote = find(failed.ticket.value);
  if (remote == nullptr || remote->phase != Phase::dialing || is_stopped_) {
    return;
  }
  const std::uint32_t number = failed.ticket.value & ~mark;
  if (++remote->address < remote->addresses.size()) {
    dial(number, *remote);
    return;
  }
  fail(number, *remote, failed.trouble->text);
}

// This address is out of question for now: the next one at once, a pause behind the last.
void LeafTable::fail(std::uint32_t number, Remote& remote, std::string_view why) {
  const std::string host = url_text(remote.urls[remote.url]);
  ++remote.attempts;
  const bool is_news = remote.attempts % attempts_between_errors == 1;
  if (is_news || context_.options->trace.debug) {
    context_.log(is_news ? LogLevel::error : LogLevel::debug,
                 "Error trying to connect as leafnode to remote server " + quoted(host) +
                     " (attempt " + number_text(remote.attempts) + "): " + std::string(why));
  }
  remote.url = (remote.url + 1) % remote.urls.size();
  if (++remote.tried < remote.urls.size()) {
    resolve(number, remote);
    return;
  }
  remote.tried = 0;
  wait(number, remote, pause());
}

void LeafTable::learn_urls(DialTicket ticket, const std::vector<std::string>& urls) {
  Remote* remote = find(ticket.value);
  if (remote == nullptr || remote->options.ignores_discovered) {
    return;
  }
  for (const std::string& text : urls) {
    // The login is that of the address where it was learned.
    RemoteUrl url = remote->urls[remote->url];
    const auto is_known = [&url](const RemoteUrl& each) {
      return each.host == url.host && each.port == url.port;
    };
    if (split_host_and_port(text, url.host, url.port) && remote->urls.size() < urls_max &&
        std::none_of(remote->urls.begin(), remote->urls.end(), is_known)) {
      remote->urls.push_back(url);
    }
  }
}

// ---- sessions -----------------------------------------------------------------------------------

void LeafTable::on_opened(LeafSession& session) {
  sessions_.push_back(&session);
  Remote* remote = session.is_dialed() ? find(session.dial().value) : nullptr;
  if (remote != nullptr) {
    remote->phase = Phase::connected;
    remote->session = &session;
    remote->has_joined = false;
  }
}

void LeafTable::replace_older(const LeafSession& session) {
  for (LeafSession* other : sessions_) {
    if (other != &session && other->is_joined() && other->is_same_leaf(session)) {
      other->refuse(duplicate_leaf_error);
      return;
    }
  }
}

void LeafTable::on_joined(LeafSession& session) {
  Remote* remote = session.is_dialed() ? find(session.dial().value) : nullptr;
  if (remote != nullptr) {
    remote->has_joined = true;
    remote->attempts = 0;
    remote->tried = 0;
  }
}

void LeafTable::on_closed(LeafSession& session) {
  std::erase(sessions_, &session);
  Remote* remote = session.is_dialed() ? find(session.dial().value) : nullptr;
  if (remote == nullptr || remote->session != &session) {
    return;
  }
  if (!remote->has_joined) {
    remote->url = (remote->url + 1) % remote->urls.size();
  }
  const Duration delay = session.redial_delay().value_or(Duration{});
  wait(session.dial().value & ~mark, *remote, std::max(delay, pause()));
}

std::string LeafTable::loop_subject(const Account& account) {
  constexpr std::string_view digits =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  constexpr std::size_t token_size = 22;
  std::string& token = loop_tokens_[account.name()];
  while (token.size() < token_size) {
    token.push_back(digits[static_cast<std::size_t>(token_draws_.below(digits.size()))]);
  }
  return std::string(loop_subject_prefix) + token;
}

LeafInfo LeafTable::own_info() const {
  LeafInfo info = own_leaf_info(*context_.options, context_.cluster_name);
  for (const std::string& url : context_.leafnode_urls) {
    if (std::find(info.leafnode_urls.begin(), info.leafnode_urls.end(), url) ==
        info.leafnode_urls.end()) {
      info.leafnode_urls.push_back(url);
    }
  }
  return info;
}

void LeafTable::on_cluster_renamed() {
  const std::vector<LeafSession*> leaving = sessions_;
  for (LeafSession* const session : leaving) {
    session->close("Cluster Name Conflict", true);
  }
}

void LeafTable::tell_urls() {
  for (LeafSession* session : sessions_) {
    session->send_urls();
  }
}

}  // namespace rubus
