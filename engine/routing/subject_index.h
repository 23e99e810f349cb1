// SubjectIndex: the subscriptions of one account, found by the subject of a message.
//
// Subscriptions without wildcards live in a hash table keyed by subject, those with wildcards in a
// trie of tokens; a match is one look-up and one walk. Borrows Subscriptions, owns only nodes.
// Invariants: a subscription is in at most one place; match() returns each matching subscription
// exactly once; queue members are grouped by queue name over all matching subjects.
// The order within a result follows insertion history, never addresses.
// Source: client_protocol.md §2 and §5; equality with the brute-force matcher is property-tested.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/lookup.h"
#include "engine/base/sorted.h"
#include "engine/routing/subscription.h"

namespace rubus {

struct QueueMatch {
  std::string_view name;                // text of the first member
  std::vector<Subscription*> members;   // clients of this shard
  std::vector<Subscription*> remotes;   // peers with members behind them
  std::vector<Subscription*> imported;  // leaf nodes of accounts that import the stream
};

struct MatchResult {
  std::vector<Subscription*> plain;  // clients
  std::vector<QueueMatch> queues;
  std::vector<Subscription*> peers;     // plain interest behind a peer; a peer may come up twice
  std::vector<Subscription*> services;  // the engine itself
  LookupMap<std::string_view, std::size_t> by_name;  // only while a match collects many groups

  bool empty() const {
    return plain.empty() && queues.empty() && peers.empty() && services.empty();
  }
  std::size_t fanout() const {
    return plain.size() + queues.size() + peers.size() + services.size();
  }
  void clear() {
    plain.clear();
    queues.clear();
    peers.clear();
    services.clear();
    by_name.clear();
  }
  void add(Subscription* subscription);

 private:
  QueueMatch& queue_of(const Subscription& subscription);
};

class SubjectIndex {
 public:
  SubjectIndex();
  ~SubjectIndex();
  SubjectIndex(const SubjectIndex&) = delete;
  SubjectIndex& operator=(const SubjectIndex&) = delete;

  // The subject must be valid.
  void insert(Subscription* subscription);
  void remove(Subscription* subscription);

  // Adds to `result` all subscriptions that want a message on `subject`; wildcards in it count
  // as text, an empty token matches nothing.
  void match(std::string_view subject, MatchResult& result) const;

  std::size_t size() const { return size_; }
  // Changes whenever a wildcard subscription comes or goes; literal ones change only results for
  // their own subject.
  std::uint64_t wildcard_generation() const { return wildcard_generation_; }

  template <class V>
  void visit(V& v) const {
    v("subscriptions", size_);
    v("wildcard_generation", wildcard_generation_);
  }

 private:
  struct Node;

  struct SubjectHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return hash_of(text); }
    std::size_t operator()(const Subscription* sub) const { return hash_of(sub->subject()); }
  };
  struct SubjectEqual {
    using is_transparent = void;
    static std::string_view text_of(std::string_view text) { return text; }
    static std::string_view text_of(const Subscription* sub) { return sub->subject(); }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return text_of(a) == text_of(b);
    }
  };

  void insert_literal(Subscription* subscription);
  void remove_literal(Subscription* subscription);
  void insert_wildcard(Subscription* subscription);
  void remove_wildcard(Subscription* subscription);

  LookupSet<Subscription*, SubjectHash, SubjectEqual> literals_;  // head of each subject's chain
  std::unique_ptr<Node> root_;
  // Used within match() alone, kept so that it allocates nothing.
  mutable std::vector<const Node*> current_;
  mutable std::vector<const Node*> following_;
  std::size_t size_ = 0;
  std::uint64_t wildcard_generation_ = 0;
};

}  // namespace rubus
