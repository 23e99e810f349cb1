#include "engine/peer/peer_links.h"

#include <algorithm>

#include "engine/base/ensure.h"
#include "engine/peer/peer_link.h"
#include "engine/routing/service.h"

namespace rubus {

namespace {

InterestSide side_of_peer(const Subscription& subscription) {
  const PeerLink& peer = *subscription.peer;
  const bool is_leaf_cluster = subscription.origin != 0;
  switch (peer.kind()) {
    case ConnectionKind::route:
      return is_leaf_cluster ? InterestSide::leaf_routed : InterestSide::routes;
    case ConnectionKind::sibling:
      return is_leaf_cluster ? InterestSide::leaf_routed : InterestSide::siblings;
    case ConnectionKind::leaf:
      return peer.is_spoke ? InterestSide::leaf_hub : InterestSide::leaf_direct;
    case ConnectionKind::client:
      break;
  }
  ensure(false, "a client is no peer");
  return InterestSide::local;
}

}  // namespace

InterestSide side_of(const Subscription& subscription) {
  switch (subscription.kind) {
    case SubscriptionKind::client:
    case SubscriptionKind::shadow:
      return InterestSide::local;
    case SubscriptionKind::peer:
      return side_of_peer(subscription);
    case SubscriptionKind::service:
      return subscription.service->kind == ServiceKind::service_import ? InterestSide::imports
                                                                       : InterestSide::local;
  }
  ensure(false, "every subscription has a kind");
  return InterestSide::local;
}

void PeerLinks::join(PeerLink& link) {
  ensure(std::find(links_.begin(), links_.end(), &link) == links_.end(), "a link joins once");
  links_.push_back(&link);
}

void PeerLinks::leave(PeerLink& link) {
  const auto place = std::find(links_.begin(), links_.end(), &link);
  ensure(place != links_.end(), "only a link that joined can leave");
  links_.erase(place);
}

void PeerLinks::on_change(Account& account, const InterestChange& change) const {
  for (PeerLink* link : links_) {
    link->announce_change(account, change);
  }
}

OriginNumber PeerLinks::origin_number(std::string_view name) {
  if (name.empty()) {
    return 0;
  }
  const auto found = origin_numbers_.find(name);
  if (found != origin_numbers_.end()) {
    return found->second;
  }
  origin_names_.emplace_back(name);
  const OriginNumber number = static_cast<OriginNumber>(origin_names_.size());
  origin_numbers_.emplace(std::string(name), number);
  return number;
}

std::string_view PeerLinks::origin_name(OriginNumber number) const {
  ensure(number <= origin_names_.size(), "an origin number was given out before");
  return number == 0 ? std::string_view() : std::string_view(origin_names_[number - 1]);
}

}  // namespace rubus
