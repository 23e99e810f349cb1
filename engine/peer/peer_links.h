// PeerLinks: the links whose other end is known, and what each of them is told of wishes.
//
// A link joins when its handshake is over and is then told the whole interest; from then on each
// change of a count that it can see becomes one line. What a peer can see:
//   route           own clients and siblings (RS+), leaf clusters at this server (LS+); not of a
//                   hub that this server joined: the others join it themselves
//   sibling         of shard 0: everything but siblings; of the others: own clients
//   leaf, as hub    everything but what came from its own cluster
//   hub, as leaf    own clients, siblings, and leaf clusters at this server
// Links are told in the order in which they joined.
// Source: cluster_protocol.md sections C and D; architecture.md section 5.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/sorted.h"
#include "engine/routing/interest.h"

namespace rubus {

class Account;
class PeerLink;

InterestSide side_of(const Subscription& subscription);

class PeerLinks {
 public:
  void join(PeerLink& link);
  void leave(PeerLink& link);
  const std::vector<PeerLink*>& all() const { return links_; }

  // Some other shard of the process lags.
  bool has_full_sibling() const;

  // A count of `account` changed: tells who can see it.
  void on_change(Account& account, const InterestChange& change) const;

  // Shard 0 or all other shards hear how many clients of `account` this one has.
  void tell_connections(const Account& account, bool tells_all) const;

  // Names of leaf clusters as numbers, for as long as somebody uses them: each acquire_origin() has
  // its release_origin(), after which the number may come to mean another name.
  OriginNumber acquire_origin(std::string_view name);
  void release_origin(OriginNumber number);
  // 0: the name is empty, or nobody uses it.
  OriginNumber find_origin(std::string_view name) const;
  std::string_view origin_name(OriginNumber number) const;

 private:
  struct Origin {
    std::string name;
    std::uint64_t users = 0;
  };

  std::vector<PeerLink*> links_;
  SortedMap<std::string, OriginNumber> origin_numbers_;
  std::vector<Origin> origins_;  // by number - 1
  std::vector<OriginNumber> free_origins_;
};

}  // namespace rubus
