#include "engine/engine.h"

#include <algorithm>

#include "engine/base/digest.h"
#include "engine/base/ensure.h"
#include "engine/base/visit.h"
#include "engine/monitor/monitor.h"
#include "engine/monitor/snapshot.h"

namespace rubus {

Engine::Engine(const Options& options, std::uint64_t seed, WallTime started, BlockPool& pool)
    : context_(options, seed, started, pool) {
  update_accounts();
}

Engine::~Engine() {
  for (std::unique_ptr<ClientSession>& session : sessions_) {
    if (session != nullptr) {
      session->drop_subscriptions();
    }
  }
}

// Accounts come with the configuration; those that left stay until a restart, without users.
void Engine::update_accounts() {
  const Options& options = *context_.options;
  const auto add = [this, &options](std::string_view name) {
    if (!name.empty() && context_.accounts.find(name) == context_.accounts.end()) {
      context_.accounts.emplace(std::string(name),
                                std::make_unique<Account>(std::string(name), options.match_cache,
                                                          name == options.system_account));
    }
  };
  add(global_account_name);
  add(options.system_account);
  for (const AccountOptions& account : options.accounts) {
    add(account.name);
  }
}

ClientSession* Engine::find(ConnectionId connection) const {
  if (connection.slot >= sessions_.size() || sessions_[connection.slot] == nullptr ||
      sessions_[connection.slot]->id() != connection) {
    return nullptr;
  }
  return sessions_[connection.slot].get();
}

void Engine::step(const InputBatch& batch, Output& output) {
  ensure(batch.now >= context_.now, "the monotonic clock does not run backwards");
  output.clear();
  context_.now = batch.now;
  context_.wall = batch.wall;
  context_.output = &output;
  for (const Input& input : batch.inputs) {
    std::visit([this](const auto& event) { on(event); }, input);
    drop_leaving();
  }
  fire_timers();
  for (const ConnectionId connection : output.sendable) {
    if (ClientSession* session = find(connection); session != nullptr) {
      session->after_step();
    }
  }
  if (is_stopping_ && sessions_open_ == 0 && !is_finished_told_) {
    is_finished_told_ = true;
    output.finished = true;
  }
  output.wake_at = context_.timers.next();
  context_.output = nullptr;
}

void Engine::fire_timers() {
  Timer due;
  while (context_.timers.take_due(context_.now, due)) {
    if (ClientSession* session = find(due.connection); session != nullptr) {
      session->on_timer(due);
      drop_leaving();
    }
  }
}

void Engine::drop_leaving() {
  // A session that leaves drops subscriptions only; nothing new can begin to leave meanwhile.
  for (ClientSession* session : context_.leaving) {
    session->drop_subscriptions();
  }
  context_.leaving.clear();
}

void Engine::on(const ConnectionOpened& opened) {
  const std::size_t slot = opened.connection.slot;
  if (slot >= sessions_.size()) {
    sessions_.resize(slot + 1);
  }
  ensure(sessions_[slot] == nullptr, "a slot is used by one connection at a time");
  sessions_[slot] =
      std::make_unique<ClientSession>(context_, opened, ClientNumber{++clients_made_});
  ++context_.counters.connections;
  ++context_.counters.connections_total;
  ++sessions_open_;
  sessions_[slot]->open();
  if (is_stopping_) {
    // Accepted in the very batch that said to stop: nobody else will tell it to leave.
    sessions_[slot]->close(CloseReason::server_shutdown, true);
  }
}

void Engine::on(const BytesReceived& received) {
  if (ClientSession* session = find(received.connection); session != nullptr) {
    session->on_bytes(received.bytes);
  }
}

void Engine::on(const BytesSent& sent) {
  if (ClientSession* session = find(sent.connection); session != nullptr) {
    session->on_sent(sent.count);
  }
}

void Engine::on(const ConnectionClosed& closed) {
  ClientSession* session = find(closed.connection);
  if (session == nullptr) {
    return;
  }
  session->on_gone(closed.cause);
  drop_leaving();
  sessions_[closed.connection.slot].reset();
  --sessions_open_;
}

void Engine::on(const TlsChanged& changed) {
  if (ClientSession* session = find(changed.connection); session != nullptr) {
    session->on_tls(changed);
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
  }
}

void Engine::on(const OptionsChanged& changed) {
  ensure(changed.options != nullptr, "a reload brings options");
  const std::shared_ptr<const Options> before = context_.options;
  context_.options = changed.options;
  update_accounts();
  for (std::unique_ptr<ClientSession>& session : sessions_) {
    if (session != nullptr) {
      session->on_options(*before);
      drop_leaving();
    }
  }
}

void Engine::on(const LameDuckRequested& /*requested*/) {
  if (context_.lame_duck) {
    return;
  }
  context_.lame_duck = true;
  is_stopping_ = true;
  context_.output->stop_listening = true;
  context_.log(LogLevel::info, "Entering lame duck mode, stop accepting new clients");
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
}

void Engine::on(const ShutdownRequested& /*requested*/) {
  is_stopping_ = true;
  context_.output->stop_listening = true;
  for (std::unique_ptr<ClientSession>& session : sessions_) {
    if (session != nullptr) {
      session->close(CloseReason::server_shutdown, true);
    }
  }
}

void Engine::on(const HostResolved& /*resolved*/) {}
void Engine::on(const DialFailed& /*failed*/) {}
void Engine::on(const ProcessSampled& /*sampled*/) {}

void Engine::on(const SnapshotAsked& asked) {
  context_.output->snapshots.push_back(
      {asked.ticket, take_snapshot({context_, sessions_}, *asked.question)});
}

void Engine::on(const SnapshotTaken& /*taken*/) {}

void Engine::on(const MonitorAsked& asked) {
  context_.output->replies.push_back(answer_monitor(context_, sessions_, asked));
}

std::size_t Engine::gather(ConnectionId connection, std::span<ByteView> views) const {
  const ClientSession* session = find(connection);
  return session == nullptr || !session->may_send() ? 0 : session->outbound().gather(views);
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
  context_.counters.visit(v);
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
}

}  // namespace rubus
