// Account: one isolated subject space with its index, its cache and its counts.
//
// A message never leaves its account but by an import. Where there can be peers, each change of
// its subscriptions is counted in its InterestTable and told to the peers at once.
// Owned by the engine; sessions borrow it for as long as they live (accounts are only removed when
// no session is bound to them).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/auth/subject_mapping.h"
#include "engine/routing/interest.h"
#include "engine/routing/match_cache.h"
#include "engine/routing/subject_index.h"
#include "engine/seam/shard_snapshot.h"

namespace rubus {

class AccountImports;
class PeerLinks;
class ServiceResponses;
struct EngineContext;

constexpr std::string_view global_account_name = "$G";

class Account {
 public:
  Account(std::string name, bool cached, bool is_system);
  ~Account();
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;

  const std::string& name() const { return name_; }
  bool is_system() const { return is_system_; }

  void insert(Subscription* subscription);
  void remove(Subscription* subscription);
  // Of a peer's queue subscription.
  void reweigh(Subscription* subscription, std::uint32_t weight);

  // From now on interest is counted; `links` outlives the account. What is subscribed already is
  // to be counted by count_interest().
  void join(PeerLinks& links);
  bool is_joined() const { return links_ != nullptr; }
  void count_interest(const Subscription& subscription) { count(subscription, 1); }
  const InterestTable* interest() const { return interest_.get(); }

  // What it takes from other accounts; null: nothing so far.
  AccountImports* imports() const { return imports_.get(); }
  AccountImports& make_imports(EngineContext& context);
  // Answers that its services owe other accounts; made with the first.
  ServiceResponses& responses(EngineContext& context);
  ServiceResponses* known_responses() const { return responses_.get(); }

  const SubjectIndex& index() const { return index_; }
  MatchCache& cache() { return cache_; }
  const MatchCache& cache() const { return cache_; }

  std::uint64_t inserts() const { return inserts_; }
  std::uint64_t removes() const { return removes_; }
  // Of what is published in it. Leaf nodes are told to send what is mapped.
  SubjectMappings mappings;
  void set_mappings(const std::vector<MappingOptions>& options, std::string_view cluster);
  AccountLimits limits;
  // What one connection may do, by the limits of the account and of the server; negative: no bound.
  std::int64_t payload_max(const Limits& server) const;
  std::int64_t subscriptions_max(const Limits& server) const;
  std::uint64_t connections = 0;  // clients of this shard
  std::uint64_t leafnodes = 0;
  // A client comes or goes. Shard 0 is told, which speaks for all; where clients are limited, the
  // other shards are, too.
  void add_client();
  void remove_client();
  void tell_connections() const;
  // What another shard of the process told; false: nothing new.
  bool set_connections_of(std::uint32_t shard, std::uint64_t count);
  // No further client may log in, as far as this shard knows.
  bool is_full() const;
  Traffic left_traffic;       // of clients that have left; what is connected counts itself
  Traffic left_leaf_traffic;  // of leaf nodes that have left
  Traffic route_traffic;      // that crossed links to other servers
  std::uint64_t slow_consumers = 0;
  // What stands in the index but for what other shards want; services of the engine itself are the
  // same in every shard, so only shard 0 counts them.
  std::uint64_t subscriptions(bool with_services) const {
    return index_.size() - sibling_wishes_ - (with_services ? 0 : services_);
  }

  template <class V>
  void visit(V& v) const {
    v("name", std::string_view(name_));
    v("inserts", inserts_);
    v("removes", removes_);
    v("connections", connections);
    for (const auto& [shard, count] : connections_elsewhere_) {
      v("shard", shard);
      v("connections", count);
    }
    v("leafnodes", leafnodes);
    v("pending_responses", pending_responses());
    index_.visit(v);
    if (interest_ != nullptr) {
      interest_->visit(v);
    }
  }

 private:
  void count(const Subscription& subscription, std::int64_t delta);
  // Which of the two below counts it; null: neither.
  std::uint64_t* counter_of(const Subscription& subscription);
  void follow_imports(Subscription& subscription);
  std::size_t pending_responses() const;

  std::string name_;
  SubjectIndex index_;
  MatchCache cache_;
  PeerLinks* links_ = nullptr;
  std::unique_ptr<InterestTable> interest_;  // null: there can be no peers
  bool is_system_;
  std::unique_ptr<AccountImports> imports_;
  std::unique_ptr<ServiceResponses> responses_;
  SortedMap<std::uint32_t, std::uint64_t> connections_elsewhere_;  // by shard
  std::vector<Subscription*> mapped_;  // sources of mappings, counted as interest, not indexed
  std::uint64_t inserts_ = 0;
  std::uint64_t removes_ = 0;
  std::uint64_t sibling_wishes_ = 0;  // of those in the index
  std::uint64_t services_ = 0;
};

}  // namespace rubus
