#include "engine/engine.h"

#include <algorithm>

#include "engine/auth/account_imports.h"
#include "engine/auth/account_setup.h"
#include "engine/base/digest.h"
#include "engine/base/ensure.h"
#include "engine/base/visit.h"

namespace rubus {

Engine::Engine(const Options& options, std::uint64_t seed, WallTime started, BlockPool& pool)
    : context_(options, seed, started, pool), peer_table_(context_), leaf_table_(context_, seed) {
  context_.system = &system_;
  update_accounts();
}

Engine::~Engine() {
  // Nobody is told any more: the output of the last step is not ours.
  Output last;
  context_.output = &last;
  system_.stop();
  for_each_peer([](auto& session) { session.link().leave(); });
  for (std::unique_ptr<ClientSession>& session : sessions_) {
    if (session != nullptr) {
      session->drop_subscriptions();
    }
  }
}

// Accounts come with the configuration; those that left stay until a restart, without users.
void Engine::update_accounts() {
  const Options& options = *context_.options;
  const std::size_t known = context_.accounts.size();
  const auto add = [this](std::string_view name) {
    if (!name.empty()) {
      context_.make_account(name);
    }
  };
  add(global_account_name);
  add(options.system_account);
  for (const AccountOptions& account : options.accounts) {
    add(account.name);
  }
  begin_linking();
  for (Account* const changed : set_up_accounts(context_)) {
    renew_shadows(*changed);
  }
  if (context_.accounts.size() > known) {
    peer_table_.on_new_accounts();
  }
}

// What is subscribed in an account whose imports changed follows them.
void Engine::renew_shadows(Account& account) {
  const auto renew = [&account](Subscription* first) {
    for (Subscription* at = first; at != nullptr; at = at->owner_next) {
      account.imports()->renew_shadows(*at);
    }
  };
  for (const std::unique_ptr<ClientSession>& session : sessions_) {
    if (session != nullptr && session->account() == &account) {
      renew(session->first_subscription());
    }
  }
  for (PeerLink* const link : context_.links.all()) {
    if (link->kind() == ConnectionKind::leaf && link->account == &account) {
      renew(link->first_subscription());
    }
  }
}

// Interest is counted only where somebody may ask for it.
void Engine::begin_linking() {
  const Options& options = *context_.options;
  const bool is_linked = options.cluster.enabled || options.leaf.enabled ||
                         !options.leaf.remotes.empty() || options.shard.count > 1;
  if (!is_linked || context_.is_linked) {
    return;
  }
  context_.is_linked = true;
  for (const auto& [name, account] : context_.accounts) {
    if (!account->is_joined()) {
      account->join(context_.links);
      for (const std::unique_ptr<ClientSession>& session : sessions_) {
        if (session != nullptr && session->account() == account.get()) {
          session->count_interest();
        }
      }
      count_imports(context_, *account);
      system_.count_interest(*account);
    }
  }
}

ClientSession* Engine::find(ConnectionId connection) const {
  if (connection.slot >= sessions_.size() || sessions_[connection.slot] == nullptr ||
      sessions_[connection.slot]->id() != connection) {
    return nullptr;
  }
  return sessions_[connection.slot].get();
}

template <class Use>
bool Engine::with_peer(ConnectionId connection, const Use& use) const {
  if (connection.slot >= peers_.size()) {
    return false;
  }
  return std::visit(
      [connection, &use](const auto& seat) {
        if constexpr (std::is_same_v<std::decay_t<decltype(seat)>, std::monostate>) {
          return false;
        } else {
          if (seat->id() != connection) {
            return false;
          }
          use(*seat);
          return true;
        }
      },
      peers_[connection.slot]);
}

template <class Use>
void Engine::for_each_peer(const Use& use) const {
  for (const PeerSeat& each : peers_) {
    std::visit(
        [&use](const auto& seat) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(seat)>, std::monostate>) {
            use(*seat);
          }
        },
        each);
  }
}

void Engine::step(const InputBatch& batch, Output& output) {
  ensure(batch.now >= context_.now, "the monotonic clock does not run backwards");
  output.clear();
  ++context_.counters.steps;
  context_.counters.inputs += batch.inputs.size();
  context_.now = batch.now;
  context_.wall = batch.wall;
  context_.output = &output;
  if (!has_begun_) {
    begin();
  }
  for (const Input& input : batch.inputs) {
    std::visit([this](const auto& event) { on(event); }, input);
    settle();
  }
  fire_timers();
  leave_cluster_last();
  for (const ConnectionId connection : output.sendable) {
    if (ClientSession* session = find(connection); session != nullptr) {
      session->after_step();
    } else {
      with_peer(connection, [](auto& peer) { peer.link().wire.after_step(); });
    }
  }
  if (is_stopping_ && sessions_open_ == 0 && !is_finished_told_) {
    is_finished_told_ = true;
    output.finished = true;
    peer_table_.stop();
    leaf_table_.stop();
  }
  output.wake_at = context_.timers.next();
  context_.output = nullptr;
}

// The first shard holds the routes for all; the others tell it when their last client has gone.
bool Engine::have_siblings_no_clients() const {
  bool all = true;
  for_each_peer([&all](auto& peer) {
    if constexpr (std::is_same_v<std::decay_t<decltype(peer)>, SiblingSession>) {
      peer.send_clients_left();
      all = all && (peer.is_closing() || peer.have_its_clients_left());
    }
  });
  return all;
}

// In lame duck mode routes stay while clients do, so that these miss nothing.
void Engine::leave_cluster_last() {
  if (!is_stopping_ || clients_open_ > 0 || !have_siblings_no_clients()) {
    return;
  }
  close_peers();
}

void Engine::close_peers() {
  peer_table_.stop();
  leaf_table_.stop();
  for_each_peer([](auto& peer) {
    if (peer.link().kind() != ConnectionKind::sibling) {
      peer.close("Server Shutdown", true);
    }
  });
}

// The first step: from here on there is an output to ask for things.
void Engine::begin() {
  has_begun_ = true;
  log_left_imports(context_);
  system_.start();
  if (context_.options->shard.index == 0) {
    peer_table_.start();
    leaf_table_.start();
  }
}

void Engine::fire_timers() {
  Timer due;
  while (context_.timers.take_due(context_.now, due)) {
    if (due.kind == TimerKind::heartbeat) {
      system_.on_timer(due);
    } else if (due.kind == TimerKind::service) {
      forget_late_answers(context_);
    } else if (due.connection.slot == no_connection_slot && LeafTable::owns(due)) {
      leaf_table_.on_timer(due);
    } else if (due.connection.slot == no_connection_slot) {
      peer_table_.on_timer(due);
    } else if (ClientSession* session = find(due.connection); session != nullptr) {
      session->on_timer(due);
    } else {
      with_peer(due.connection, [&due](auto& peer) { peer.on_timer(due); });
    }
    settle();
  }
}

// What an input brought about but must not happen while somebody walks over sessions.
void Engine::settle() {
  do {
    system_.flush();
    drop_leaving();
    close_slow_links();
    tell_connect_urls();
  } while (system_.has_waiting() || !context_.leaving.empty() || !context_.slow_links.empty());
}

void Engine::close_slow_links() {
  while (!context_.slow_links.empty()) {
    const ConnectionId slow = context_.slow_links.back();
    context_.slow_links.pop_back();
    with_peer(slow, [](auto& peer) { peer.on_slow(); });
  }
}

void Engine::tell_connect_urls() {
  if (context_.is_cluster_renamed) {
    context_.is_cluster_renamed = false;
    leaf_table_.on_cluster_renamed();
  }
  if (context_.leafnode_urls_changed) {
    context_.leafnode_urls_changed = false;
    leaf_table_.tell_urls();
  }
  if (!context_.connect_urls_changed) {
    return;
  }
  context_.connect_urls_changed = false;
  context_.reached.mark(Reached::connect_urls_told);
  for (std::unique_ptr<ClientSession>& session : sessions_) {
    if (session != nullptr) {
      session->send_news_info();
    }
  }
  for_each_peer([](auto& peer) {
    if constexpr (std::is_same_v<std::decay_t<decltype(peer)>, SiblingSession>) {
      peer.send_cluster();
    }
  });
  drop_leaving();
}

void Engine::drop_leaving() {
  // A session that leaves drops subscriptions only; nothing new can begin to leave meanwhile.
  for (ClientSession* session : context_.leaving) {
    session->drop_subscriptions();
  }
  context_.leaving.clear();
}

// Shard i of n numbers its connections i+1, i+1+n, …: unique in the process.
ClientNumber Engine::next_number() {
  const ShardPlace& place = context_.options->shard;
  return ClientNumber{clients_made_++ * place.count + place.index + 1};
}

void Engine::on(const ConnectionOpened& opened) {
  const std::size_t slot = opened.connection.slot;
  if (slot >= sessions_.size()) {
    sessions_.resize(slot + 1);
  }
  ensure(sessions_[slot] == nullptr, "a slot is used by one connection at a time");
  if (opened.kind == ConnectionKind::client) {
    open_client(opened);
  } else {
    open_peer(opened);
  }
}

void Engine::open_client(const ConnectionOpened& opened) {
  std::unique_ptr<ClientSession>& session = sessions_[opened.connection.slot];
  session = std::make_unique<ClientSession>(context_, opened, next_number());
  ++context_.counters.connections;
  ++context_.counters.connections_total;
  ++sessions_open_;
  ++clients_open_;
  session->open();
  if (is_stopping_) {
    // Accepted in the very batch that said to stop: nobody else will tell it to leave.
    session->close(CloseReason::server_shutdown, true);
  }
}

void Engine::open_peer(const ConnectionOpened& opened) {
  const std::size_t slot = opened.connection.slot;
  if (slot >= peers_.size()) {
    peers_.resize(slot + 1);
  }
  PeerSeat& seat = peers_[slot];
  ensure(seat.index() == 0, "a slot is used by one connection at a time");
  if (opened.kind == ConnectionKind::sibling) {
    seat = std::make_unique<SiblingSession>(context_, opened, next_number());
  } else if (opened.kind == ConnectionKind::leaf) {
    seat = std::make_unique<LeafSession>(context_, leaf_table_, opened, next_number());
    ++sessions_open_;
  } else {
    ensure(opened.kind == ConnectionKind::route, "a connection has a kind");
    auto route = std::make_unique<RouteSession>(context_, peer_table_, opened, next_number());
    peer_table_.on_opened(*route);
    seat = std::move(route);
    ++sessions_open_;
  }
  with_peer(opened.connection, [](auto& peer) { peer.open(); });
  const bool stays = opened.kind == ConnectionKind::sibling ||
                     (opened.kind == ConnectionKind::route && context_.lame_duck &&
                      (clients_open_ > 0 || !have_siblings_no_clients()));
  if (is_stopping_ && !stays) {
    with_peer(opened.connection, [](auto& peer) { peer.close("Server Shutdown", true); });
  }
}

void Engine::on(const BytesReceived& received) {
  if (ClientSession* session = find(received.connection); session != nullptr) [[likely]] {
    session->on_bytes(received.bytes);
  } else {
    with_peer(received.connection, [&received](auto& peer) { peer.on_bytes(received.bytes); });
  }
}

void Engine::on(const BytesSent& sent) {
  if (ClientSession* session = find(sent.connection); session != nullptr) [[likely]] {
    session->on_sent(sent.count);
  } else {
    with_peer(sent.connection, [&sent](auto& peer) { peer.on_sent(sent.count); });
  }
}

void Engine::on(const ConnectionClosed& closed) {
  if (ClientSession* session = find(closed.connection); session != nullptr) {
    session->on_gone(closed.cause);
    drop_leaving();
    sessions_[closed.connection.slot].reset();
    --sessions_open_;
    --clients_open_;
    return;
  }
  if (with_peer(closed.connection, [&closed](auto& peer) { peer.on_gone(closed.cause); })) {
    PeerSeat& seat = peers_[closed.connection.slot];
    if (!std::holds_alternative<std::unique_ptr<SiblingSession>>(seat)) {
      --sessions_open_;
    }
    seat = std::monostate{};
  }
}

void Engine::on(const TlsChanged& changed) {
  if (ClientSession* session = find(changed.connection); session != nullptr) {
    session->on_tls(changed);
  } else {
    with_peer(changed.connection, [&changed](auto& peer) { peer.on_tls(changed); });
  }
}

void Engine::on(const JobDone& done) {
  const auto found = context_.jobs.find(done.ticket);
  if (found == context_.jobs.end()) {
    return;
  }
  const ConnectionId connection = found->second;
  context_.jobs.erase(found);
  if (ClientSession* session = find(connection); session != nullptr) {
    session->on_job_done(done.accepted);
  } else {
    with_peer(connection, [&done](auto& peer) { peer.on_job_done(done.accepted); });
  }
}

void Engine::on(const OptionsChanged& changed) {
  ensure(changed.options != nullptr, "a reload brings options");
  const std::shared_ptr<const Options> before = context_.options;
  context_.options = changed.options;
  update_accounts();
  log_left_imports(context_);
  for (std::unique_ptr<ClientSession>& session : sessions_) {
    if (session != nullptr) {
      session->on_options(*before);
      drop_leaving();
    }
  }
  leaf_table_.on_options();
  for_each_peer([](auto& peer) { peer.on_options(); });
  peer_table_.on_options(*before);
}

void Engine::on(const ReloadDone& done) { system_.on_reloaded(done); }

void Engine::on(const LameDuckRequested& /*requested*/) {
  if (context_.lame_duck) {
    return;
  }
  context_.lame_duck = true;
  is_stopping_ = true;
  context_.output->stop_listening = true;
  context_.log(LogLevel::info, "Entering lame duck mode, stop accepting new clients");
  system_.on_lame_duck();
  const Options& options = *context_.options;
  const std::uint64_t open = context_.counters.connections;
  // Clients leave one by one over what is left of the duration, at most a second apart.
  const Duration rest{std::max<std::int64_t>(
      0, options.lame_duck_duration.nanoseconds - options.lame_duck_grace_period.nanoseconds)};
  const Duration gap{std::min(seconds(1).nanoseconds,
                              open == 0 ? 0 : rest.nanoseconds / static_cast<std::int64_t>(open))};
  std::int64_t place = 0;
  for (std::unique_ptr<ClientSession>& session : sessions_) {
    if (session != nullptr && !session->is_closing()) {
      session->send_lame_duck_info();
      session->leave_after(options.lame_duck_grace_period + gap * place);
      ++place;
    }
  }
  peer_table_.announce_lame_duck();
  for_each_peer([&options](auto& peer) {
    if (peer.link().kind() != ConnectionKind::sibling && !peer.is_closing()) {
      peer.link().wire.arm(TimerKind::lame_duck, options.lame_duck_duration);
    }
  });
}

void Engine::on(const ShutdownRequested& /*requested*/) {
  is_stopping_ = true;
  context_.output->stop_listening = true;
  system_.on_shutdown();
  system_.flush();
  for (std::unique_ptr<ClientSession>& session : sessions_) {
    if (session != nullptr) {
      session->close(CloseReason::server_shutdown, true);
    }
  }
  close_peers();
}

void Engine::on(const HostResolved& resolved) {
  if (LeafTable::owns(resolved.ticket)) {
    leaf_table_.on_resolved(resolved);
  } else if (peer_table_.owns(resolved.ticket)) {
    peer_table_.on_resolved(resolved.ticket, *resolved.found);
  }
}

void Engine::on(const DialFailed& failed) {
  if (LeafTable::owns(failed.ticket)) {
    leaf_table_.on_dial_failed(failed);
  } else if (peer_table_.owns(failed.ticket)) {
    peer_table_.on_dial_failed(failed.ticket, failed.trouble->text);
  }
}

void Engine::on(const ProcessSampled& sampled) { desk_.on(sampled); }
void Engine::on(const SnapshotAsked& asked) { desk_.on(asked); }
void Engine::on(const SnapshotTaken& taken) { desk_.on(taken); }
void Engine::on(const MonitorAsked& asked) { desk_.on(asked); }

PeerRecords Engine::peers(bool with_subscriptions) const {
  PeerRecords found;
  for (const auto& [id, route] : peer_table_.members()) {
    found.routes.push_back(route->record(with_subscriptions));
  }
  found.remotes = found.routes.size();
  for (const PeerSeat& seat : peers_) {
    if (const auto* leaf = std::get_if<std::unique_ptr<LeafSession>>(&seat);
        leaf != nullptr && (*leaf)->is_joined()) {
      found.leafs.push_back((*leaf)->record(with_subscriptions));
    }
  }
  found.connect_urls = context_.connect_urls;
  return found;
}

LeafSession* Engine::find_leaf(std::uint64_t number) const {
  for (const PeerSeat& seat : peers_) {
    if (const auto* leaf = std::get_if<std::unique_ptr<LeafSession>>(&seat);
        leaf != nullptr && (*leaf)->is_joined() && (*leaf)->number().value == number) {
      return leaf->get();
    }
  }
  return nullptr;
}

std::size_t Engine::gather(ConnectionId connection, std::span<ByteView> views) const {
  if (const ClientSession* session = find(connection); session != nullptr) [[likely]] {
    return session->may_send() ? session->outbound().gather(views) : 0;
  }
  std::size_t count = 0;
  with_peer(connection, [&count, views](const auto& peer) {
    count = peer.may_send() ? peer.link().wire.outbound().gather(views) : 0;
  });
  return count;
}

template <class V>
void Engine::visit_context(V& v) const {
  v("now", context_.now);
  v("clients_made", clients_made_);
  v("is_stopping", is_stopping_);
  v("lame_duck", context_.lame_duck);
  v("queue_choice", context_.queue_choice.state());
  v("ping_jitter", context_.ping_jitter.state());
  v("jobs", context_.jobs.size());
  v("jobs_made", context_.jobs_made);
  v("closed", context_.closed_clients.total());
  v("dial_jitter", context_.dial_jitter.state());
  v("mapping_choice", context_.mapping_choice.state());
  v("service_replies", context_.service_replies.state());
  v("resolves_made", context_.resolves_made);
  v("dials_made", context_.dials_made);
  peer_table_.visit(v);
  leaf_table_.visit(v);
  context_.counters.visit(v);
  desk_.visit(v);
  system_.visit(v);
  context_.timers.visit(v);
}

std::uint64_t Engine::digest() const {
  Digest digest;
  DigestVisitor visitor(digest);
  visit_context(visitor);
  for (const auto& [name, account] : context_.accounts) {
    account->visit(visitor);
  }
  for (const std::unique_ptr<ClientSession>& session : sessions_) {
    if (session != nullptr) {
      session->visit(visitor);
    }
  }
  for_each_peer([&visitor](const auto& peer) { peer.visit(visitor); });
  return digest.value();
}

namespace {

template <class Visit>
void describe_part(std::string& text, std::string_view name, const Visit& visit) {
  Digest digest;
  DigestVisitor digests(digest);
  visit(digests);
  text.append(name).append(" ");
  append_number(text, digest.value());
  text.append(" ");
  TextVisitor texts(text);
  visit(texts);
  text.append("\n");
}

}  // namespace

void Engine::describe(std::string& text) const {
  describe_part(text, "engine", [this](auto& v) { visit_context(v); });
  for (const auto& [name, account] : context_.accounts) {
    describe_part(text, "account[" + name + "]",
                  [&account = account](auto& v) { account->visit(v); });
  }
  for (const std::unique_ptr<ClientSession>& session : sessions_) {
    if (session != nullptr) {
      describe_part(text, "client[" + number_text(session->number().value) + "]",
                    [&session](auto& v) { session->visit(v); });
    }
  }
  for_each_peer([&text](const auto& peer) {
    describe_part(text, "peer[" + number_text(peer.link().number().value) + "]",
                  [&peer](auto& v) { peer.visit(v); });
  });
}

}  // namespace rubus
