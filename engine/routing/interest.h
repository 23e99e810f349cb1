// InterestTable: who wants what in one account, counted by where the wish comes from.
//
// Peers are told of wishes once per subject and queue, however many there are; so each change of
// a subscription becomes a change of a count here, and PeerLinks decides from the counts what each
// peer hears. Kept only where there can be peers (cluster, leaf nodes, shards).
// Weights: a plain subscription counts 1, a queue subscription of a peer its weight.
// Source: cluster_protocol.md sections C and D.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/sorted.h"
#include "engine/routing/subscription.h"

namespace rubus {

enum class InterestSide : std::uint8_t {
  local,        // clients of this shard, and services but for imports
  imports,      // service imports: every server with the same configuration has them
  siblings,     // other shards of this process
  routes,       // other servers of the cluster
  leaf_direct,  // a leaf cluster at this server
  leaf_routed,  // a leaf cluster at another server or shard
  leaf_hub,     // a hub that this server joined as a leaf node
};

struct OriginInterest {
  OriginNumber origin = 0;
  std::uint64_t direct = 0;
  std::uint64_t routed = 0;
  std::uint64_t hub = 0;

  bool empty() const { return direct == 0 && routed == 0 && hub == 0; }
};

struct Interest {
  std::uint64_t local = 0;
  std::uint64_t imports = 0;
  std::uint64_t siblings = 0;
  std::uint64_t routes = 0;
  std::vector<OriginInterest> origins;  // leaf clusters; few

  bool empty() const {
    return local == 0 && imports == 0 && siblings == 0 && routes == 0 && origins.empty();
  }
  OriginInterest of_origin(OriginNumber origin) const;
};

struct InterestChange {
  std::string_view subject;
  std::string_view queue;
  InterestSide side = InterestSide::local;
  OriginNumber origin = 0;
  const Interest* before = nullptr;
  const Interest* after = nullptr;
};

// Whether any peer can notice: a plain wish is told of with the first and the last only.
bool is_news(const InterestChange& change);

class InterestTable {
 public:
  // Adds `delta` (negative: takes away) to one count. The change is valid until the next call.
  const InterestChange& add(const Subscription& subscription, InterestSide side,
                            std::int64_t delta);

  // In the order of subject and queue.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const auto& [key, interest] : entries_) {
      visit(key.subject, key.queue, interest);
    }
  }
  std::size_t size() const { return entries_.size(); }

  template <class V>
  void visit(V& v) const {
    v("interest", entries_.size());
    for (const auto& [key, interest] : entries_) {
      v("subject", std::string_view(key.subject));
      v("queue", std::string_view(key.queue));
      v("local", interest.local);
      v("siblings", interest.siblings);
      v("routes", interest.routes);
    }
  }

 private:
  struct View {
    std::string_view subject;
    std::string_view queue;
  };
  struct Key {
    std::string subject;
    std::string queue;
  };
  struct Before {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      const int order = std::string_view(a.subject).compare(b.subject);
      return order != 0 ? order < 0 : std::string_view(a.queue) < std::string_view(b.queue);
    }
  };

  SortedMap<Key, Interest, Before> entries_;
  Interest before_;
  Interest after_;  // of an entry that is gone
  InterestChange change_;
};

}  // namespace rubus
