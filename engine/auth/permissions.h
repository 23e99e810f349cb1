// PermissionSet: what one connection may publish and subscribe, built from its user's Permissions.
//
// Rules (client_protocol.md §11): an absent or empty allow list allows all; deny overrules allow;
// a subscription must lie wholly inside an allowed pattern; a wildcard subscription wider than a
// deny is accepted, and the denied messages are filtered at delivery. Entries of the subscribe
// lists may name a queue ("subject queue", the queue may have wildcards). With allow_responses and
// no publish allow list, only responses may be published.
// Publish verdicts are cached per connection, bounded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/lookup.h"
#include "engine/base/sorted.h"
#include "engine/base/time.h"
#include "engine/seam/options.h"

namespace rubus {

class PermissionSet {
 public:
  explicit PermissionSet(const Permissions& permissions);

  // By the lists alone.
  bool may_publish(std::string_view subject);
  // By a remembered reply; counts the use. To be asked when may_publish() said no.
  bool may_respond(std::string_view subject, Instant now);
  bool may_subscribe(std::string_view subject, std::string_view queue) const;
  // An accepted wildcard subscription that some deny pattern cuts into.
  bool needs_filter(std::string_view subject, std::string_view queue) const;
  bool is_delivery_denied(std::string_view subject, std::string_view queue) const;
  // A message with `reply` was delivered: with allow_responses the reply becomes publishable.
  void remember_reply(std::string_view reply, Instant now);

  template <class V>
  void visit(V& v) const {
    v("replies", replies_.size());
  }

 private:
  static constexpr std::size_t cached_verdicts_max = 256;
  static constexpr std::size_t replies_max = 4096;

  struct SubscribePattern {
    std::string subject;
    std::string queue;  // empty: plain and queue subscriptions

    // The entry speaks of members of `asked` (empty: of plain subscriptions).
    bool concerns(std::string_view asked) const;
  };
  struct Reply {
    Instant remembered;
    std::int64_t used = 0;
  };

  static std::vector<SubscribePattern> patterns_of(const std::vector<std::string>& entries);
  bool is_expired(const Reply& reply, Instant now) const;
  void prune_replies(Instant now);

  bool publish_restricted_ = false;
  // Nothing but subjects that begin with '$' is denied: the rest needs no look-up.
  bool denies_reserved_only_ = false;
  std::vector<std::string> publish_allow_;
  std::vector<std::string> publish_deny_;
  std::vector<SubscribePattern> subscribe_allow_;
  std::vector<SubscribePattern> subscribe_deny_;
  std::optional<ResponsePermission> responses_;
  LookupMap<std::string, bool> verdicts_;
  SortedMap<std::string, Reply> replies_;
};

}  // namespace rubus
