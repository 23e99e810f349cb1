#include "engine/monitor/snapshot.h"

#include "engine/monitor/query.h"

namespace rubus {

namespace {

AccountRecord record_of(const Account& account, bool is_first_shard) {
  const MatchCache& cache = account.cache();
  AccountRecord record;
  record.name = account.name();
  record.connections = account.connections;
  record.leafnodes = account.leafnodes;
  record.slow_consumers = account.slow_consumers;
  record.clients = account.left_traffic;
  record.routes = account.route_traffic;
  record.leafs = account.left_leaf_traffic;
  record.subscriptions = account.subscriptions(is_first_shard);
  record.inserts = account.inserts();
  record.removes = account.removes();
  record.cached = cache.size();
  record.lookups = cache.lookups();
  record.hits = cache.hits();
  record.fanout_max = cache.fanout_max();
  record.fanout_sum = cache.fanout_sum();
  return record;
}

AccountRecord* find_record(std::vector<AccountRecord>& records, std::string_view name) {
  const auto found = std::lower_bound(
      records.begin(), records.end(), name,
      [](const AccountRecord& record, std::string_view wanted) { return record.name < wanted; });
  return found == records.end() || found->name != name ? nullptr : &*found;
}

std::vector<AccountRecord> own_accounts(const MonitorFacts& facts) {
  const bool is_first_shard = facts.context.options->shard.index == 0;
  std::vector<AccountRecord> records;
  records.reserve(facts.context.accounts.size());
  for (const auto& [name, account] : facts.context.accounts) {
    records.push_back(record_of(*account, is_first_shard));
  }
  // Neighbours often have the same account.
  const Account* last = nullptr;
  AccountRecord* record = nullptr;
  for (const std::unique_ptr<ClientSession>& session : facts.sessions) {
    if (session == nullptr || session->is_closing() || session->account() == nullptr) {
      continue;
    }
    if (session->account() != last) {
      last = session->account();
      record = find_record(records, last->name());
    }
    if (record != nullptr) {
      record->clients.add(session->wire().traffic);
    }
  }
  for (const LeafRecord& leaf : facts.peers.leafs) {
    if (AccountRecord* bound = find_record(records, leaf.connection.account)) {
      bound->leafs.add(leaf.connection.traffic);
    }
  }
  return records;
}

// Which parts of a snapshot a document is made of.
struct Wanted {
  bool open = false;
  bool closed = false;
  bool lists = false;
};

bool is_set(std::string_view value) { return !value.empty() && value != "0" && value != "false"; }

Wanted wanted_by(const MonitorQuestion& question) {
  const Query query(question.query);
  Wanted wanted;
  wanted.lists = is_set(query.text("subs")) || !query.text("filter_subject").empty();
  if (question.path == "/connz") {
    const std::string_view state = query.text("state");
    wanted.open = true;
    wanted.closed = !state.empty() && state != "open";
  } else if (question.path == "/subsz" || question.path == "/subscriptionsz") {
    wanted.open = wanted.lists;
  } else if (question.path == "/metrics") {
    wanted.open = true;
  }
  return wanted;
}

}  // namespace

bool shows_subscriptions(const MonitorQuestion& question) { return wanted_by(question).lists; }

std::shared_ptr<const ShardSnapshot> take_snapshot(const MonitorFacts& facts,
                                                   const MonitorQuestion& question) {
  const Wanted wanted = wanted_by(question);
  auto snapshot = std::make_shared<ShardSnapshot>();
  snapshot->shard = facts.context.options->shard.index;
  snapshot->counters = facts.context.counters;
  snapshot->accounts = own_accounts(facts);
  if (wanted.open) {
    for (const ClientSession* session : open_sessions(facts)) {
      snapshot->open.push_back(session->record());
      if (wanted.lists) {
        snapshot->open.back().subscription_records =
            record_subscriptions(session->first_subscription());
      }
    }
  }
  if (wanted.closed) {
    for (const ConnectionRecord& record : facts.context.closed_clients.records()) {
      snapshot->closed.push_back(record);
      if (!wanted.lists) {
        snapshot->closed.back().subscription_records = {};
      }
    }
  }
  return snapshot;
}

Counters all_counters(const MonitorFacts& facts) {
  Counters sum = facts.context.counters;
  for (const std::shared_ptr<const ShardSnapshot>& other : facts.others) {
    sum.add(other->counters);
  }
  return sum;
}

std::vector<AccountRecord> all_accounts(const MonitorFacts& facts) {
  std::vector<AccountRecord> records = own_accounts(facts);
  for (const std::shared_ptr<const ShardSnapshot>& other : facts.others) {
    for (const AccountRecord& theirs : other->accounts) {
      if (AccountRecord* ours = find_record(records, theirs.name)) {
        ours->add(theirs);
      }
    }
  }
  return records;
}

std::uint64_t all_subscriptions(const MonitorFacts& facts) {
  std::uint64_t sum = 0;
  for (const AccountRecord& account : all_accounts(facts)) {
    sum += account.subscriptions;
  }
  return sum;
}

}  // namespace rubus
