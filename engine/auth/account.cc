#include "engine/auth/account.h"

#include "engine/base/ensure.h"
#include "engine/peer/peer_links.h"
#include "engine/routing/service.h"
#include "engine/routing/subject.h"

namespace rubus {

void Account::insert(Subscription* subscription) {
  cache_.on_change(subscription->subject(), has_wildcard(subscription->subject()));
  index_.insert(subscription);
  ++inserts_;
  if (interest_ != nullptr) {
    count(*subscription, 1);
  }
}

void Account::remove(Subscription* subscription) {
  cache_.on_change(subscription->subject(), has_wildcard(subscription->subject()));
  index_.remove(subscription);
  ++removes_;
  if (interest_ != nullptr) {
    count(*subscription, -1);
  }
}

void Account::reweigh(Subscription* subscription, std::uint32_t weight) {
  ensure(subscription->kind == SubscriptionKind::peer, "only peers' subscriptions have weights");
  if (interest_ != nullptr) {
    count(*subscription, -1);
  }
  subscription->weight = weight;
  if (interest_ != nullptr) {
    count(*subscription, 1);
  }
}

void Account::join(PeerLinks& links) {
  ensure(links_ == nullptr, "an account is joined once");
  links_ = &links;
  interest_ = std::make_unique<InterestTable>();
}

void Account::count(const Subscription& subscription, std::int64_t delta) {
  const std::int64_t weight = subscription.is_queue() ? subscription.weight : 1;
  links_->on_change(*this, interest_->add(subscription, side_of(subscription), delta * weight));
}

}  // namespace rubus
