#include "engine/peer/peer_links.h"

#include <algorithm>

#include "engine/base/ensure.h"
#include "engine/peer/peer_link.h"
#include "engine/peer/sibling_session.h"
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

bool PeerLinks::has_full_sibling() const {
  return std::any_of(links_.begin(), links_.end(),
                     [](const PeerLink* link) { return link->is_full_sibling(); });
}

void PeerLinks::on_change(Account& account, const InterestChange& change) const {
  if (!is_news(change)) {
    return;
  }
  for (PeerLink* link : links_) {
    link->announce_change(account, change);
  }
}

void PeerLinks::tell_connections(const Account& account, bool tells_all) const {
  for (PeerLink* const link : links_) {
    if (link->kind() == ConnectionKind::sibling && (tells_all || link->leads_to_first_shard)) {
      link->send(sibling_connections_line(account));
    }
  }
}

OriginNumber PeerLinks::acquire_origin(std::string_view name) {
  if (name.empty()) {
    return 0;
  }
  OriginNumber number = find_origin(name);
  if (number == 0) {
    if (free_origins_.empty()) {
      origins_.emplace_back();
      free_origins_.push_back(static_cast<OriginNumber>(origins_.size()));
    }
    number = free_origins_.back();
    free_origins_.pop_back();
    origins_[number - 1].name = name;
    origin_numbers_.emplace(std::string(name), number);
  }
  ++origins_[number - 1].users;
  return number;
}

void PeerLinks::release_origin(OriginNumber number) {
  if (number == 0) {
    return;
  }
  ensure(number <= origins_.size(), "an origin number was given out before");
  Origin& origin = origins_[number - 1];
  ensure(origin.users > 0, "an origin is released as often as it was acquired");
  if (--origin.users == 0) {
    origin_numbers_.erase(origin.name);
    origin.name.clear();
    free_origins_.push_back(number);
  }
}

OriginNumber PeerLinks::find_origin(std::string_view name) const {
  const auto found = origin_numbers_.find(name);
  return found == origin_numbers_.end() ? 0 : found->second;
}

std::string_view PeerLinks::origin_name(OriginNumber number) const {
  ensure(number <= origins_.size(), "an origin number was given out before");
  return number == 0 ? std::string_view() : std::string_view(origins_[number - 1].name);
}

}  // namespace rubus
