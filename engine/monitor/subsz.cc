#include "engine/monitor/subsz.h"

#include "engine/monitor/go_text.h"
#include "engine/monitor/snapshot.h"
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

// A subscription that is listed, with the connection it belongs to.
struct Listed {
  std::string account;
  SubscriptionRecord subscription;
  ClientNumber client;
};

// Adds those of one connection that are wanted.
void collect_from(std::vector<Listed>& found, std::string_view account, ClientNumber client,
                  std::vector<SubscriptionRecord> records, const Asked& asked) {
  if (account.empty() || (!asked.account.empty() && account != asked.account)) {
    return;
  }
  for (SubscriptionRecord& record : records) {
    if (asked.test.empty() || subject_matches(record.subject, asked.test)) {
      found.push_back({std::string(account), std::move(record), client});
    }
  }
}

std::vector<Listed> collect(const MonitorFacts& facts, const Asked& asked) {
  std::vector<Listed> found;
  for (const ClientSession* session : open_sessions(facts)) {
    if (session->account() != nullptr) {
      collect_from(found, session->account()->name(), session->number(),
                   record_subscriptions(session->first_subscription()), asked);
    }
  }
  for (const LeafRecord& leaf : facts.peers.leafs) {
    collect_from(found, leaf.connection.account, leaf.connection.number,
                 leaf.connection.subscription_records, asked);
  }
  for (const std::shared_ptr<const ShardSnapshot>& other : facts.others) {
    for (const ConnectionRecord& record : other->open) {
      collect_from(found, record.account, record.number, record.subscription_records, asked);
    }
  }
  return found;
}

}  // namespace

void write_statistics(JsonWriter& json, const AccountRecord& sum) {
  json.number("num_subscriptions", sum.subscriptions);
  json.number("num_cache", sum.cached);
  json.number("num_inserts", sum.inserts);
  json.number("num_removes", sum.removes);
  json.number("num_matches", sum.lookups);
  json.literal("cache_hit_rate", go_fraction_text(sum.hits, sum.lookups));
  json.number("max_fanout", sum.fanout_max);
  json.literal("avg_fanout", go_fraction_text(sum.fanout_sum, sum.cached));
}

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
  AccountRecord sum;
  for (const AccountRecord& account : all_accounts(facts)) {
    if (asked.account.empty() || account.name == asked.account) {
      sum.add(account);
    }
  }
  const std::vector<Listed> found = asked.lists ? collect(facts, asked) : std::vector<Listed>();
  std::string body;
  JsonWriter json(body, facts.style);
  json.begin_object({});
  write_server_and_time(json, facts);
  write_statistics(json, sum);
  json.number("total", std::uint64_t{found.size()});
  json.number("offset", asked.page.offset);
  json.number("limit", asked.page.limit);
  const Page page = asked.page.of(found.size());
  if (page.first < page.last) {
    json.begin_array("subscriptions_list");
    for (std::size_t at = page.first; at < page.last; ++at) {
      const SubscriptionRecord& record = found[at].subscription;
      write_subscription_detail(json, {found[at].account, record.subject, record.queue, record.sid,
                                       record.delivered, record.delivered_max, found[at].client});
    }
    json.end_array();
  }
  json.end_object();
  return document_reply(std::move(body));
}

}  // namespace rubus
