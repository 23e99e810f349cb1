#include "engine/auth/account.h"

#include "engine/auth/account_imports.h"
#include "engine/auth/service_responses.h"
#include "engine/base/ensure.h"
#include "engine/peer/peer_link.h"
#include "engine/peer/peer_links.h"
#include "engine/routing/service.h"
#include "engine/routing/subject.h"

namespace rubus {

namespace {

bool is_leaf_wish(const Subscription& subscription) {
  return subscription.kind == SubscriptionKind::peer &&
         subscription.peer->kind() == ConnectionKind::leaf;
}

}  // namespace

Account::Account(std::string name, bool cached, bool is_system)
    : name_(std::move(name)), cache_(cached), is_system_(is_system) {}

Account::~Account() {
  for (Subscription* const each : mapped_) {
    Subscription::destroy(each);
  }
}

std::size_t Account::pending_responses() const {
  return responses_ == nullptr ? 0 : responses_->pending();
}

void Account::set_mappings(const std::vector<MappingOptions>& options, std::string_view cluster) {
  mappings.set(options, cluster);
  std::vector<Subscription*> before;
  before.swap(mapped_);
  // Known to every server with the same configuration, as service imports are.
  static constexpr Service as_import{ServiceKind::service_import, nullptr, 0};
  for (const SubjectMapping& each : mappings.all()) {
    mapped_.push_back(Subscription::create_for_service(&as_import, each.source()));
  }
  for (Subscription* const each : mapped_) {
    if (interest_ != nullptr) {
      count(*each, 1);
    }
  }
  for (Subscription* const each : before) {
    if (interest_ != nullptr) {
      count(*each, -1);
    }
    Subscription::destroy(each);
  }
}

AccountImports& Account::make_imports(EngineContext& context) {
  if (imports_ == nullptr) {
    imports_ = std::make_unique<AccountImports>(context, *this);
  }
  return *imports_;
}

ServiceResponses& Account::responses(EngineContext& context) {
  if (responses_ == nullptr) {
    responses_ = std::make_unique<ServiceResponses>(context, *this);
  }
  return *responses_;
}

// Wishes of clients and peers follow into the accounts that export what is wanted.
void Account::follow_imports(Subscription& subscription) {
  if (imports_->has_streams() &&
      (subscription.kind == SubscriptionKind::client || is_leaf_wish(subscription))) {
    imports_->add_shadows(subscription);
  }
}

std::uint64_t* Account::counter_of(const Subscription& subscription) {
  if (subscription.kind == SubscriptionKind::service) {
    return &services_;
  }
  const bool is_sibling = subscription.kind == SubscriptionKind::peer &&
                          subscription.peer->kind() == ConnectionKind::sibling;
  return is_sibling ? &sibling_wishes_ : nullptr;
}

void Account::insert(Subscription* subscription) {
  cache_.on_change(subscription->subject(), has_wildcard(subscription->subject()));
  index_.insert(subscription);
  ++inserts_;
  if (std::uint64_t* const counter = counter_of(*subscription); counter != nullptr) {
    ++*counter;
  }
  if (imports_ != nullptr) [[unlikely]] {
    follow_imports(*subscription);
  }
  if (interest_ != nullptr) {
    count(*subscription, 1);
  }
}

void Account::remove(Subscription* subscription) {
  cache_.on_change(subscription->subject(), has_wildcard(subscription->subject()));
  index_.remove(subscription);
  ++removes_;
  if (std::uint64_t* const counter = counter_of(*subscription); counter != nullptr) {
    ensure(*counter > 0, "what is removed was counted");
    --*counter;
  }
  if (subscription->shadows != nullptr) [[unlikely]] {
    AccountImports::drop_shadows(*subscription);
  }
  if (interest_ != nullptr) {
    count(*subscription, -1);
  }
}

namespace {

// The lower of two bounds; negative: none.
std::int64_t lower_bound_of(std::int64_t a, std::int64_t b) {
  return a < 0 || b < 0 ? std::max(a, b) : std::min(a, b);
}

}  // namespace

void Account::add_client() {
  ++connections;
  tell_connections();
}

void Account::remove_client() {
  ensure(connections > 0, "only a client that was counted leaves");
  --connections;
  tell_connections();
}

void Account::tell_connections() const {
  if (links_ != nullptr) {
    links_->tell_connections(*this, limits.connections_max >= 0);
  }
}

bool Account::set_connections_of(std::uint32_t shard, std::uint64_t count) {
  std::uint64_t& known = connections_elsewhere_[shard];
  const bool is_news = known != count;
  known = count;
  return is_news;
}

bool Account::is_full() const {
  std::uint64_t all = connections;
  for (const auto& [shard, count] : connections_elsewhere_) {
    all += count;
  }
  return limits.connections_max >= 0 && all >= static_cast<std::uint64_t>(limits.connections_max);
}

std::int64_t Account::payload_max(const Limits& server) const {
  return lower_bound_of(server.max_payload, limits.payload_max);
}

std::int64_t Account::subscriptions_max(const Limits& server) const {
  const std::int64_t own = server.max_subscriptions > 0 ? server.max_subscriptions : -1;
  return lower_bound_of(own, limits.subscriptions_max);
}

void Account::reweigh(Subscription* subscription, std::uint32_t weight) {
  ensure(subscription->kind == SubscriptionKind::peer, "only peers' subscriptions have weights");
  // One change, not two: nobody is told that the last member has gone.
  const std::int64_t delta = std::int64_t{weight} - subscription->weight;
  subscription->weight = weight;
  if (interest_ != nullptr) {
    links_->on_change(*this, interest_->add(*subscription, side_of(*subscription), delta));
  }
}

void Account::join(PeerLinks& links) {
  ensure(links_ == nullptr, "an account is joined once");
  links_ = &links;
  interest_ = std::make_unique<InterestTable>();
  for (const Subscription* const each : mapped_) {
    count(*each, 1);
  }
}

void Account::count(const Subscription& subscription, std::int64_t delta) {
  const std::int64_t weight = subscription.is_queue() ? subscription.weight : 1;
  links_->on_change(*this, interest_->add(subscription, side_of(subscription), delta * weight));
}

}  // namespace rubus
