#include "engine/auth/account.h"

#include "engine/routing/subject.h"

namespace rubus {

void Account::insert(Subscription* subscription) {
  cache_.on_change(subscription->subject(), has_wildcard(subscription->subject()));
  index_.insert(subscription);
  ++inserts_;
}

void Account::remove(Subscription* subscription) {
  cache_.on_change(subscription->subject(), has_wildcard(subscription->subject()));
  index_.remove(subscription);
  ++removes_;
}

}  // namespace rubus
