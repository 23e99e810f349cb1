#include "engine/routing/interest.h"

#include <algorithm>

#include "engine/base/ensure.h"

namespace rubus {

namespace {

// No clamping: PeerLink bounds the weight of one subscription, and memory their number.
void add_to(std::uint64_t& count, std::int64_t delta) {
  const std::int64_t sum = static_cast<std::int64_t>(count) + delta;
  ensure(sum >= 0, "no more interest is taken away than was added");
  count = static_cast<std::uint64_t>(sum);
}

OriginInterest& origin_in(Interest& interest, OriginNumber origin) {
  for (OriginInterest& each : interest.origins) {
    if (each.origin == origin) {
      return each;
    }
  }
  return interest.origins.emplace_back(OriginInterest{origin, 0, 0, 0});
}

void add_to_side(Interest& interest, InterestSide side, OriginNumber origin, std::int64_t delta) {
  switch (side) {
    case InterestSide::local:
      return add_to(interest.local, delta);
    case InterestSide::imports:
      return add_to(interest.imports, delta);
    case InterestSide::siblings:
      return add_to(interest.siblings, delta);
    case InterestSide::routes:
      return add_to(interest.routes, delta);
    case InterestSide::leaf_direct:
      add_to(origin_in(interest, origin).direct, delta);
      break;
    case InterestSide::leaf_routed:
      add_to(origin_in(interest, origin).routed, delta);
      break;
    case InterestSide::leaf_hub:
      add_to(origin_in(interest, origin).hub, delta);
      break;
  }
  interest.origins.erase(std::remove_if(interest.origins.begin(), interest.origins.end(),
                                        [](const OriginInterest& each) { return each.empty(); }),
                         interest.origins.end());
}

}  // namespace

OriginInterest Interest::of_origin(OriginNumber origin) const {
  for (const OriginInterest& each : origins) {
    if (each.origin == origin) {
      return each;
    }
  }
  return {origin, 0, 0, 0};
}

namespace {

std::uint64_t count_of(const Interest& interest, InterestSide side, OriginNumber origin) {
  switch (side) {
    case InterestSide::local:
      return interest.local;
    case InterestSide::imports:
      return interest.imports;
    case InterestSide::siblings:
      return interest.siblings;
    case InterestSide::routes:
      return interest.routes;
    case InterestSide::leaf_direct:
      return interest.of_origin(origin).direct;
    case InterestSide::leaf_routed:
      return interest.of_origin(origin).routed;
    case InterestSide::leaf_hub:
      return interest.of_origin(origin).hub;
  }
  ensure(false, "every interest has a side");
  return 0;
}

}  // namespace

bool is_news(const InterestChange& change) {
  const std::uint64_t before = count_of(*change.before, change.side, change.origin);
  const std::uint64_t after = count_of(*change.after, change.side, change.origin);
  return change.queue.empty() ? (before == 0) != (after == 0) : before != after;
}

const InterestChange& InterestTable::add(const Subscription& subscription, InterestSide side,
                                         std::int64_t delta) {
  auto place = entries_.find(View{subscription.subject(), subscription.queue()});
  if (place == entries_.end()) {
    ensure(delta >= 0, "only interest that is known is taken away");
    place =
        entries_
            .emplace(Key{std::string(subscription.subject()), std::string(subscription.queue())},
                     Interest{})
            .first;
  }
  before_ = place->second;
  add_to_side(place->second, side, subscription.origin, delta);
  change_ = {subscription.subject(), subscription.queue(), side, subscription.origin, &before_,
             &place->second};
  if (place->second.empty()) {
    entries_.erase(place);
    after_ = {};
    change_.after = &after_;
  }
  return change_;
}

}  // namespace rubus
