// Requests that wait for facts of the process, one after the other, and their documents.
#include <algorithm>
#include <utility>

#include "engine/base/text_number.h"
#include "engine/monitor/accountz.h"
#include "engine/monitor/monitor.h"
#include "engine/monitor/snapshot.h"
#include "engine/peer/peer_link.h"
#include "engine/routing/subject.h"
#include "engine/system/system_services.h"
#include "engine/system/user_info.h"

namespace rubus {

namespace {

// What the desk is asked for, by the number it hands back.
constexpr std::uint64_t facts_for_news = 1;
constexpr std::uint64_t facts_for_answer = 2;
// In one step no document is begun behind so many, or so many bytes of them. Why so few: whoever
// listens here is not to notice how many ask.
constexpr std::size_t documents_max = 16;
constexpr std::size_t document_bytes_max = std::size_t{64} << 10U;

// The document of /healthz with the status it would have had over HTTP.
std::string with_status_code(std::string body, std::uint16_t status) {
  constexpr std::size_t value_at = std::string_view(R"({"status":")").size();
  const std::size_t end = body.find('"', value_at) + 1;
  body.insert(end, ",\"status_code\":" + number_text(status));
  return body;
}

}  // namespace

bool SystemServices::has_turn() const {
  return turn_step_ != context_.counters.steps ||
         (turn_documents_ < documents_max && turn_bytes_ < document_bytes_max);
}

void SystemServices::count_turn(std::size_t bytes) {
  if (turn_step_ != context_.counters.steps) {
    turn_step_ = context_.counters.steps;
    turn_documents_ = 0;
    turn_bytes_ = 0;
  }
  ++turn_documents_;
  turn_bytes_ += bytes;
}

void SystemServices::ask_later(Request request) {
  const std::size_t size = request.size();
  if (asked_.size() >= asked_max || asked_bytes_ + size > asked_bytes_max) {
    ++dropped_;
    return;
  }
  asked_bytes_ += size;
  asked_.push_back(std::move(request));
}

// What comes while the configuration is being read may mean a later one: it is read once more.
void SystemServices::ask_reload(Request request) {
  if (reloading_.size() + reload_next_.size() >= reloads_max) {
    ++dropped_;
  } else if (reloading_.empty()) {
    context_.output->reload_wanted = true;
    reloading_.push_back(std::move(request));
  } else {
    reload_next_.push_back(std::move(request));
  }
}

void SystemServices::on_reloaded(const ReloadDone& done) {
  for (const Request& request : std::exchange(reloading_, std::exchange(reload_next_, {}))) {
    answer(request,
           done.trouble == nullptr ? envelope({}, {}) : refusal(500, done.trouble->text, false));
  }
  context_.output->reload_wanted = context_.output->reload_wanted || !reloading_.empty();
}

// "subject [queue]": in the account of who asks.
void SystemServices::ask_count(Request request, std::string_view payload,
                               const PublishCommand& publish) {
  const std::size_t blank = std::min(payload.find(' '), payload.size());
  request.options.subject = payload.substr(0, blank);
  request.options.queue = payload.substr(std::min(blank + 1, payload.size()));
  request.account = requester_of(publish).account;
  if (request.account.empty()) {
    request.account = account_name_;
  }
  if (!request.reply.empty()) {
    ask_later(std::move(request));
  }
}

// How many subscriptions of clients and leaf nodes would get a message. Behind another server one
// wish counts as one subscription, and only for who asks here; a server that asks us asks all.
void SystemServices::answer_count(const Request& request, const MonitorFacts& facts) {
  const std::string& queue = request.options.queue;
  const bool counts_routes = request.zone == SystemZone::count_subscribers;
  const auto weight = [counts_routes](const Subscription* remote) {
    const ConnectionKind kind = remote->peer->kind();
    const bool counts =
        kind == ConnectionKind::leaf || (kind == ConnectionKind::route && counts_routes);
    return counts ? std::uint64_t{remote->weight} : 0;
  };
  MatchResult wanted;
  if (const Account* account = context_.find_account(request.account); account != nullptr) {
    account->index().match(request.options.subject, wanted);
  }
  std::uint64_t count = queue.empty() ? wanted.plain.size() : 0;
  for (const Subscription* remote : wanted.peers) {
    count += queue.empty() ? weight(remote) : 0;
  }
  for (const QueueMatch& group : wanted.queues) {
    if (queue.empty() || group.name == queue) {
      count += group.members.size();
      for (const Subscription* remote : group.remotes) {
        count += weight(remote);
      }
    }
  }
  for (const std::shared_ptr<const ShardSnapshot>& other : facts.others) {
    for (const ConnectionRecord& record : other->open) {
      const auto is_counted = [&request, &queue](const SubscriptionRecord& each) {
        return subject_matches(each.subject, request.options.subject) &&
               (queue.empty() || each.queue == queue);
      };
      const std::vector<SubscriptionRecord>& all = record.subscription_records;
      count += record.account == request.account
                   ? static_cast<std::uint64_t>(std::count_if(all.begin(), all.end(), is_counted))
                   : 0;
    }
  }
  answer(request, number_text(count));
}

void SystemServices::begin_telling() {
  telling_ = std::exchange(news_, {});
  desk_.gather(*this, facts_for_news, std::make_shared<const MonitorQuestion>());
}

// What needs no facts.
bool SystemServices::answer_at_once(const Request& request) {
  if (request.zone == SystemZone::idz) {
    std::string text;
    JsonWriter json(text, JsonStyle::compact);
    const ServerIdentity& identity = context_.options->identity;
    json.begin_object({});
    json.text("name", identity.server_name);
    json.text("host", identity.host);
    json.text("id", identity.server_id);
    json.end_object();
    answer(request, std::move(text));
  } else if (request.zone == SystemZone::raftz || request.zone == SystemZone::ipqueuesz) {
    answer(request, envelope("data", "{}"));
  } else if (request.zone == SystemZone::account_jsz) {
    answer(request, refusal(500, "jetstream not enabled", true));
  } else {
    return false;
  }
  return true;
}

void SystemServices::begin_answering() {
  asked_bytes_ -= asked_.front().size();
  Request next = std::move(asked_.front());
  asked_.pop_front();
  if (answer_at_once(next)) {
    count_turn(waiting_.back().payload.size());
    return;
  }
  answering_ = std::move(next);
  auto question = std::make_shared<MonitorQuestion>();
  question->path = path_of(answering_->zone);
  const bool is_count = answering_->zone == SystemZone::count_subscribers ||
                        answering_->zone == SystemZone::account_subscribers;
  question->query = is_count ? "subs=1" : answering_->options.query;
  desk_.gather(*this, facts_for_answer, std::move(question));
}

void SystemServices::on_facts(std::uint64_t number, const MonitorFacts& facts) {
  if (number == facts_for_news) {
    const News news = std::move(*std::exchange(telling_, std::nullopt));
    tell(news, facts);
    return;
  }
  const Request request = std::move(*std::exchange(answering_, std::nullopt));
  answer_asked(request, facts);
  // Nothing else waited when the request was begun; behind it there is its answer, if any.
  count_turn(waiting_.empty() ? 0 : waiting_.back().payload.size());
}

void SystemServices::answer_asked(const Request& request, const MonitorFacts& facts) {
  if (request.zone == SystemZone::statsz) {
    answer(request, envelope("statsz", statsz(facts)));
  } else if (request.zone == SystemZone::account_info ||
             request.zone == SystemZone::account_conns) {
    answer_account(request, facts);
  } else if (request.zone == SystemZone::count_subscribers ||
             request.zone == SystemZone::account_subscribers) {
    answer_count(request, facts);
  } else {
    answer_document(request, facts);
  }
}

void SystemServices::answer_document(const Request& request, const MonitorFacts& facts) {
  MonitorQuestion question;
  question.path = path_of(request.zone);
  question.query = request.options.query;
  const MonitorReply reply = answer_monitor(facts, question);
  if (request.zone == SystemZone::accstatz && reply.body.find(":[]") != std::string::npos) {
    return;  // nothing to tell: servers where the account is not in use stay silent
  }
  if (request.zone == SystemZone::healthz && reply.is_json) {
    answer(request, envelope("data", with_status_code(reply.body, reply.status)));
  } else if (reply.status != 200) {
    answer(request, refusal(500, reply.body, true));
  } else {
    answer(request, envelope("data", reply.body));
  }
}

void SystemServices::answer_account(const Request& request, const MonitorFacts& facts) {
  const std::vector<AccountRecord> accounts = all_accounts(facts);
  const auto found = std::find_if(
      accounts.begin(), accounts.end(),
      [&request](const AccountRecord& account) { return account.name == request.account; });
  if (request.zone == SystemZone::account_conns) {
    if (found == accounts.end() || found->connections + found->leafnodes == 0) {
      return;
    }
    answer(request, account_event(*found));
  } else if (found == accounts.end()) {
    answer(request, refusal(500, "Account " + request.account + " does not exist", true));
  } else {
    answer(request, envelope("data", account_detail_text(facts, *found)));
  }
}

}  // namespace rubus
