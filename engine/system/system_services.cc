#include "engine/system/system_services.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/base/text_number.h"
#include "engine/engine.h"
#include "engine/monitor/accountz.h"
#include "engine/monitor/monitor.h"
#include "engine/monitor/snapshot.h"
#include "engine/routing/rewritten_publish.h"
#include "engine/routing/subject.h"
#include "engine/system/server_json.h"
#include "engine/system/user_info.h"

namespace rubus {

namespace {

// Another server that said nothing for so long is gone (it would speak every ten seconds).
constexpr Duration server_silence_max = seconds(35);
constexpr Duration heartbeat_max = seconds(10);
// Any user of the system account can invent servers.
constexpr std::size_t servers_max = 1024;
// Which timer it is: number of the timer that asks for a further step at once.
constexpr std::uint32_t queue_timer = 1;
// Numbers of accounts are told anew with every so many heartbeats.
constexpr std::uint32_t account_refresh = 3;
std::string_view token_of(std::string_view subject, std::size_t wanted) {
  TokenCursor cursor(subject);
  std::string_view token;
  for (std::size_t at = 0; cursor.next(token); ++at) {
    if (at == wanted) {
      return token;
    }
  }
  return {};
}

std::string with_id(std::string_view subject, std::string_view id) {
  std::string text(subject);
  if (const std::size_t at = text.find("<id>"); at != std::string::npos) {
    text.replace(at, 4, id);
  }
  return text;
}

}  // namespace

void SystemServices::start() {
  account_name_ = context_.options->system_account;
  Account* account = account_name_.empty() ? nullptr : system_account();
  if (account == nullptr) {
    return;
  }
  const bool is_first = context_.options->shard.index == 0;
  std::uint32_t number = 0;
  for (const SystemSubject& subject : system_subjects()) {
    if (is_first || subject.in_every_shard) {
      services_.push_back(
          std::make_unique<Service>(Service{ServiceKind::system_request, account, number}));
      subscriptions_.push_back(Subscription::create_for_service(
          services_.back().get(), with_id(subject.subject, context_.options->identity.server_id)));
      account->insert(subscriptions_.back());
    }
    ++number;
  }
  if (is_first) {
    context_.output->sample_process = true;
    arm(heartbeat_);
  }
}

void SystemServices::stop() {
  for (Subscription* subscription : subscriptions_) {
    system_account()->remove(subscription);
    Subscription::destroy(subscription);
  }
  subscriptions_.clear();
  services_.clear();
}

void SystemServices::arm(Duration delay) {
  next_heartbeat_ = context_.now + delay;
  context_.timers.arm({next_heartbeat_, {no_connection_slot, 0}, TimerKind::heartbeat});
}

void SystemServices::on_timer(const Timer& timer) {
  if (timer.connection.generation == queue_timer) {
    return;  // the step is there to go on in
  }
  for (auto at = servers_.begin(); at != servers_.end();) {
    at = context_.now - at->second > server_silence_max ? servers_.erase(at) : std::next(at);
  }
  context_.output->sample_process = true;
  news_.statsz = news_.statsz || is_wanted(statsz_subject());
  if (heartbeat_ == heartbeat_max && ++quiet_heartbeats_ == account_refresh) {
    quiet_heartbeats_ = 0;
    news_.all_accounts =
        std::any_of(context_.accounts.begin(), context_.accounts.end(),
                    [this](const auto& each) { return are_numbers_wanted(each.first); });
  }
  if (dropped_ != dropped_told_) {
    context_.log(LogLevel::warning, "System requests dropped, too many at once: " +
                                        number_text(dropped_ - dropped_told_));
    dropped_told_ = dropped_;
  }
  heartbeat_ = std::min(heartbeat_ * 2, heartbeat_max);
  arm(heartbeat_);
}

bool SystemServices::is_wanted(std::string_view subject) const {
  if (subscriptions_.empty()) {
    return false;
  }
  MatchResult wanted;
  system_account()->index().match(subject, wanted);
  return !wanted.plain.empty() || !wanted.queues.empty() || !wanted.peers.empty();
}

void SystemServices::publish(std::string subject, std::string payload) {
  if (!subject.empty()) {
    waiting_.push_back({std::move(subject), {}, std::move(payload)});
  }
}

void SystemServices::count_interest(Account& account) const {
  for (const Subscription* each : subscriptions_) {
    if (each->service->account == &account) {
      account.count_interest(*each);
    }
  }
}

void SystemServices::flush() {
  // What is published may bring new requests and events, and these new answers.
  for (;;) {
    for (const std::uint64_t number : std::exchange(kicked_, {})) {
      if (LeafSession* const leaf = engine_.find_leaf(number); leaf != nullptr) {
        leaf->kick();
      }
    }
    if (may_tell()) {
      // Numbers before what changed them.
      std::vector<Waiting> behind = std::exchange(waiting_, {});
      begin_telling();
      std::move(behind.begin(), behind.end(), std::back_inserter(waiting_));
    }
    if (waiting_.empty() && may_answer()) {
      begin_answering();
    }
    if (!has_waiting()) {
      break;
    }
    publish_waiting();
  }
  if (!asked_.empty() && !answering_.has_value()) {
    // The rest in the next step, which is to come at once.
    context_.timers.arm(
        {context_.now + nanoseconds(1), {no_connection_slot, queue_timer}, TimerKind::heartbeat});
  }
}

void SystemServices::publish_waiting() {
  const std::vector<Waiting> waiting = std::exchange(waiting_, {});
  for (const Waiting& each : waiting) {
    const std::size_t size = each.payload.size();
    Block* const block = context_.pool.take(size + 2);
    std::copy(each.payload.begin(), each.payload.end(), block->bytes());
    std::copy_n("\r\n", 2, block->bytes() + size);
    const Slice bytes = Slice::adopt(block, 0, size + 2);
    // nats-server leaves the place of the reply subject empty, but not its blank; it is gone
    // once the answer has come through an import.
    const bool is_imported = std::string_view(each.subject).starts_with("_R_.");
    const std::string tail = (is_imported ? "" : " ") + number_text(size) + "\r\n";
    PublishCommand command;
    command.subject = each.subject;
    command.total_size = static_cast<std::uint32_t>(size);
    command.line_tail = tail;
    command.body = bytes.view();
    command.source = &bytes;
    RewrittenPublish message(command);
    republish(context_, *system_account(), MessageSource::of_engine(), message);
  }
}

std::string SystemServices::envelope(std::string_view key, std::string_view value) {
  std::string text;
  JsonWriter json(text, JsonStyle::compact);
  json.begin_object({});
  write_server(json, "server", context_, ++sequence_);
  if (!key.empty()) {
    json.literal(key, value);
  }
  json.end_object();
  return text;
}

std::string SystemServices::refusal(int code, std::string_view description, bool with_data) {
  std::string text;
  JsonWriter json(text, JsonStyle::compact);
  json.begin_object({});
  write_server(json, "server", context_, ++sequence_);
  if (with_data) {
    json.literal("data", "null");
  }
  json.begin_object("error");
  json.number("code", std::int64_t{code});
  json.text("description", description);
  json.end_object();
  json.end_object();
  return text;
}

bool SystemServices::on_request(const Service& service, const MessageSource& source,
                                const PublishCommand& publish) {
  Request request;
  request.zone = system_subjects()[service.number].zone;
  request.subject = publish.subject;
  request.reply = publish.reply;
  std::string_view payload = publish.body.substr(publish.header_size);
  payload.remove_suffix(2);
  switch (request.zone) {
    case SystemZone::remote_statsz:
    case SystemZone::remote_shutdown:
      on_remote(request);
      return false;
    case SystemZone::user_info:
      on_user_info(request, source, publish);
      return true;
    case SystemZone::count_subscribers:
      ask_count(std::move(request), payload, publish);
      return true;
    case SystemZone::idz:
    case SystemZone::statsz:
    case SystemZone::varz:
    case SystemZone::subsz:
    case SystemZone::connz:
    case SystemZone::routez:
    case SystemZone::gatewayz:
    case SystemZone::leafz:
    case SystemZone::accountz:
    case SystemZone::accstatz:
    case SystemZone::jsz:
    case SystemZone::healthz:
    case SystemZone::ipqueuesz:
    case SystemZone::raftz:
    case SystemZone::account_info:
    case SystemZone::account_conns:
    case SystemZone::account_jsz:
    case SystemZone::reload:
    case SystemZone::kick:
    case SystemZone::lame_duck:
    case SystemZone::account_subscribers:
      break;
  }
  return take(std::move(request), payload);
}

bool SystemServices::take(Request request, std::string_view json) {
  request.options = read_options(context_, request.zone, json);
  const bool is_command = request.zone == SystemZone::kick || request.zone == SystemZone::lame_duck;
  if (is_command) {
    // Nonsense is not answered, as nothing would be done.
    if (!json.empty() && request.options.fault.empty()) {
      on_connection_command(request);
    }
    return true;
  }
  if (!request.options.is_meant && request.zone != SystemZone::idz) {
    return true;  // another server is meant: silence
  }
  if (request.zone == SystemZone::reload) {
    ask_reload(std::move(request));
    return true;
  }
  if (request.reply.empty()) {
    // Whoever asks for nobody's ear asks all servers to speak up.
    const bool is_speech = request.zone == SystemZone::statsz && is_wanted(statsz_subject());
    news_.statsz = news_.statsz || is_speech;
    return true;
  }
  if (request.zone == SystemZone::account_subscribers) {
    // Another server asks; it does not wait for who has nothing to say.
    request.account = request.options.account;
    if (request.options.fault.empty() && context_.find_account(request.account) != nullptr) {
      ask_later(std::move(request));
    }
    return true;
  }
  if (!request.options.fault.empty()) {
    answer(request, refusal(400, request.options.fault, false));
    return true;
  }
  const bool names_account = token_of(request.subject, 2) == "ACCOUNT";
  if (names_account) {
    request.account = token_of(request.subject, 3);
  }
  std::string& query = request.options.query;
  if (request.zone == SystemZone::accstatz) {
    if (request.account != "PING") {
      if (context_.accounts.find(request.account) == context_.accounts.end()) {
        return true;
      }
      // Of equal names the first counts.
      std::string forced;
      add_parameter(forced, "accounts", request.account);
      query = forced + "&" + query;
    }
  } else if (names_account) {
    std::string forced;
    add_parameter(forced, "acc", request.account);
    query = forced + (request.zone == SystemZone::subsz ? "&subs=1&" : "&") + query;
  }
  if (request.options.has_subject_filter && query.find("acc=") == std::string::npos) {
    answer(request, refusal(500, "filter by subject only valid with account filtering", true));
    return true;
  }
  ask_later(std::move(request));
  return true;
}

ClientSession* SystemServices::find_client(std::uint64_t number) const {
  for (const std::unique_ptr<ClientSession>& session : engine_.clients()) {
    if (session != nullptr && !session->is_closing() && session->number().value == number) {
      return session.get();
    }
  }
  return nullptr;
}

void SystemServices::on_connection_command(const Request& request) {
  const ShardPlace& place = context_.options->shard;
  const std::uint64_t cid = request.options.cid;
  const bool is_ours = (cid == 0 ? 0 : (cid - 1) % place.count) == place.index;
  if (!is_ours) {
    return;
  }
  const bool is_kick = request.zone == SystemZone::kick;
  ClientSession* const session = find_client(cid);
  LeafSession* const leaf = is_kick ? engine_.find_leaf(cid) : nullptr;
  if (session == nullptr && leaf == nullptr) {
    answer(request,
           refusal(500, is_kick ? "no such client or leafnode id" : "no such client id", false));
    return;
  }
  answer(request, envelope({}, {}));
  if (leaf != nullptr) {
    kicked_.push_back(cid);  // later: its subscriptions may just be walked over
  } else if (is_kick) {
    session->close(CloseReason::kicked, true);
  } else {
    session->send_lame_duck_info();
  }
}

void SystemServices::on_user_info(const Request& request, const MessageSource& source,
                                  const PublishCommand& publish) {
  const RequesterSaid said = requester_of(publish);
  const ClientSession* session = nullptr;
  if (said.id != 0) {
    const bool is_here = said.server == context_.options->identity.server_name;
    session = is_here ? find_client(said.id) : nullptr;
  } else if (token_of(request.subject, 4).empty()) {
    session = source.client;  // asked within the system account itself
  }
  if (session != nullptr) {
    answer(request, envelope("data", user_info_text(*session)));
  }
}

void SystemServices::on_remote(const Request& request) {
  const std::string_view id = token_of(request.subject, 2);
  if (id == context_.options->identity.server_id) {
    return;
  }
  const auto found = servers_.find(id);
  if (request.zone == SystemZone::remote_shutdown) {
    if (found != servers_.end()) {
      servers_.erase(found);
    }
  } else if (found != servers_.end()) {
    found->second = context_.now;
  } else if (servers_.size() < servers_max) {
    servers_.emplace(std::string(id), context_.now);
  }
}

}  // namespace rubus
