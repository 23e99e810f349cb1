#include "engine/monitor/subsz.h"

#include "engine/monitor/go_text.h"
#include "engine/monitor/subscription_detail.h"
#include "engine/routing/subject.h"

namespace rubus {

namespace {

struct Asked {
  bool lists = false;
  PageAsked page;
  std::string_view test;
  std::string_view account;
};

struct Statistics {
  std::uint64_t subscriptions = 0;
  std::uint64_t cached = 0;
  std::uint64_t inserts = 0;
  std::uint64_t removes = 0;
  std::uint64_t lookups = 0;
  std::uint64_t hits = 0;
  std::uint64_t fanout_max = 0;
  std::uint64_t fanout_sum = 0;
};

Statistics add_up(const EngineContext& context, std::string_view account_name) {
  Statistics sum;
  for (const auto& [name, account] : context.accounts) {
    if (!account_name.empty() && name != account_name) {
      continue;
    }
    const MatchCache& cache = account->cache();
    sum.subscriptions += account->index().size();
    sum.cached += cache.size();
    sum.inserts += account->inserts();
    sum.removes += account->removes();
    sum.lookups += cache.lookups();
    sum.hits += cache.hits();
    sum.fanout_max = std::max(sum.fanout_max, cache.fanout_max());
    sum.fanout_sum += cache.fanout_sum();
  }
  return sum;
}

std::vector<SubscriptionDetail> collect(const MonitorFacts& facts, const Asked& asked) {
  std::vector<SubscriptionDetail> found;
  for (const ClientSession* session : open_sessions(facts)) {
    const Account* account = session->account();
    if (account == nullptr || (!asked.account.empty() && account->name() != asked.account)) {
      continue;
    }
    for (const Subscription* at = session->first_subscription(); at != nullptr;
         at = at->owner_next) {
      if (asked.test.empty() || subject_matches(at->subject(), asked.test)) {
        found.push_back({account->name(), at->subject(), at->queue(), at->sid(), at->delivered,
                         at->delivered_max, session->number()});
      }
    }
  }
  return found;
}

void write_statistics(JsonWriter& json, const Statistics& sum) {
  json.number("num_subscriptions", sum.subscriptions);
  json.number("num_cache", sum.cached);
  json.number("num_inserts", sum.inserts);
  json.number("num_removes", sum.removes);
  json.number("num_matches", sum.lookups);
  json.literal("cache_hit_rate", go_fraction_text(sum.hits, sum.lookups));
  json.number("max_fanout", sum.fanout_max);
  json.literal("avg_fanout", go_fraction_text(sum.fanout_sum, sum.cached));
}

}  // namespace

MonitorReply answer_subsz(const MonitorFacts& facts, Query& query) {
  Asked asked;
  asked.lists = query.truth("subs");
  asked.page = PageAsked::read(query);
  asked.test = query.text("test");
  asked.account = query.text("acc");
  if (!asked.test.empty() && !is_valid_literal(asked.test)) {
    query.refuse("invalid test subject, must be valid publish subject: " + std::string(asked.test));
  }
  if (query.has_fault()) {
    return refusal_reply(query.fault());
  }
  const std::vector<SubscriptionDetail> found =
      asked.lists ? collect(facts, asked) : std::vector<SubscriptionDetail>();
  std::string body;
  JsonWriter json(body);
  json.begin_object({});
  json.text("server_id", facts.context.options->identity.server_id);
  json.text("now", go_time_text(facts.context.wall));
  write_statistics(json, add_up(facts.context, asked.account));
  json.number("total", std::uint64_t{found.size()});
  json.number("offset", asked.page.offset);
  json.number("limit", asked.page.limit);
  const Page page = asked.page.of(found.size());
  if (page.first < page.last) {
    json.begin_array("subscriptions_list");
    for (std::size_t at = page.first; at < page.last; ++at) {
      write_subscription_detail(json, found[at]);
    }
    json.end_array();
  }
  json.end_object();
  return document_reply(std::move(body));
}

}  // namespace rubus
