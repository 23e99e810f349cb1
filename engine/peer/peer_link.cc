// What a peer says: its interest and its messages.
#include "engine/peer/peer_link.h"

#include <algorithm>

#include "engine/base/ensure.h"
#include "engine/base/text_number.h"
#include "engine/client/address_text.h"
#include "engine/client/quoted.h"
#include "engine/routing/fanout.h"
#include "engine/routing/republish.h"
#include "engine/routing/subject.h"

namespace rubus {

namespace {

// More members than anybody has; a greater weight would outweigh all others for nothing.
constexpr std::uint32_t weight_max = 1'000'000;

// What a joined server may say at once. It has measured its clients itself: a line of many queues
// or a payload that was legal there must not cost the link. Memory grows with what comes, not
// before.
constexpr std::int64_t joined_line_max = std::int64_t{4} << 20U;
constexpr std::int64_t joined_payload_min = std::int64_t{64} << 20U;

PeerFlavour flavour_of(ConnectionKind kind) {
  return kind == ConnectionKind::leaf ? PeerFlavour::leaf : PeerFlavour::route;
}

// Where the messages of such a link are counted; those between shards are nobody's.
Traffic& totals_of(Counters& counters, ConnectionKind kind, Traffic& uncounted) {
  switch (kind) {
    case ConnectionKind::route:
      return counters.route_traffic;
    case ConnectionKind::leaf:
      return counters.leaf_traffic;
    case ConnectionKind::sibling:
    case ConnectionKind::client:
      break;
  }
  return uncounted;
}

}  // namespace

PeerLink::PeerLink(EngineContext& context, const ConnectionOpened& opened, ClientNumber number)
    : wire(context, opened.connection),
      parser(context.pool, flavour_of(opened.kind)),
      last_activity(context.wall),
      context_(context),
      kind_(opened.kind),
      number_(number),
      remote_(opened.remote),
      start_(context.wall),
      totals_(totals_of(context.counters, opened.kind, uncounted_)) {
  form.flavour = flavour_of(opened.kind);
  form.has_account_token = opened.kind != ConnectionKind::leaf;
  parser.limits.max_control_line = 16 * context.options->limits.max_control_line;
  parser.limits.max_payload = context.options->limits.max_payload;
  if (kind_ == ConnectionKind::sibling) {
    // What a sibling took from its clients has been measured there.
    parser.limits.max_control_line = std::int64_t{1} << 30U;
    parser.limits.max_payload = -1;
  }
}

PeerLink::~PeerLink() { ensure(!is_joined_, "a link leaves before it ends"); }

void PeerLink::join() {
  ensure(!is_joined_, "a link joins once");
  is_joined_ = true;
  context_.links.join(*this);
  if (kind_ == ConnectionKind::route) {
    parser.limits.max_control_line = joined_line_max;
    if (parser.limits.max_payload >= 0) {
      parser.limits.max_payload = std::max(parser.limits.max_payload, joined_payload_min);
    }
  }
  if (kind_ == ConnectionKind::leaf) {
    ensure(account != nullptr, "a leaf node is bound to an account");
    announce_all(*account);
    return;
  }
  for (const auto& [name, each] : context_.accounts) {
    announce_all(*each);
  }
}

void PeerLink::leave() {
  if (!is_joined_) {
    return;
  }
  // First: what goes now is not told to the peer it came from, nor to itself.
  is_joined_ = false;
  context_.links.leave(*this);
  while (first_ != nullptr) {
    remove(first_);
  }
  last_route_ = {};
  context_.links.release_origin(origin);
  origin = 0;
}

Account* PeerLink::account_named(std::string_view name) {
  if (kind_ == ConnectionKind::leaf) {
    return account;
  }
  const auto found = context_.accounts.find(name);
  if (found != context_.accounts.end()) {
    return found->second.get();
  }
  if (kind_ == ConnectionKind::sibling) {
    // Another shard heard of the reload that brings it a moment earlier.
    return context_.make_account(name);
  }
  has_ignored_ = true;
  if (unknown_account_ != name) {
    unknown_account_.assign(name);
    context_.reached.mark(Reached::account_unknown);
    log(LogLevel::debug, "the peer speaks of an account that is not known here: " + quoted(name));
  }
  return nullptr;
}

PeerLink::Key PeerLink::key_said(const PeerInterest& said) const {
  const OriginNumber from =
      kind_ == ConnectionKind::leaf ? origin : context_.links.find_origin(said.origin);
  const std::string_view name =
      kind_ == ConnectionKind::leaf ? std::string_view(account->name()) : said.account;
  return {name, said.subject, said.queue, from};
}

// Without it the key would be that of the peer's own wish.
bool PeerLink::is_origin_known(const PeerInterest& said) const {
  return kind_ == ConnectionKind::leaf || said.origin.empty() ||
         context_.links.find_origin(said.origin) != 0;
}

bool PeerLink::on_interest(const PeerInterest& said) {
  Account* const wanted = account_named(said.account);
  if (!is_joined_ || wanted == nullptr) {
    return true;
  }
  if (!is_valid_subject(said.subject)) {
    // An -ERR would make a nats-server close a route that is otherwise sound.
    log(LogLevel::error, "the peer asks for an invalid subject " + quoted(said.subject));
    return true;
  }
  // Of a leaf node's wildcard each message is held against the rights by itself.
  const bool is_judged_whole = kind_ != ConnectionKind::leaf || !has_wildcard(said.subject);
  if (filter != nullptr && is_judged_whole && !filter->may_publish(said.subject)) {
    return true;
  }
  const Key key = key_said(said);
  const std::uint32_t weight = said.queue.empty() ? 1 : std::min(said.weight, weight_max);
  Subscription* const* const known = is_origin_known(said) ? subscriptions_.find(key) : nullptr;
  if (known != nullptr) {
    if ((*known)->weight != weight) {
      wanted->reweigh(*known, weight);
    }
    return true;
  }
  if (interest_max >= 0 && static_cast<std::int64_t>(subscriptions_.size()) >= interest_max) {
    return false;
  }
  Subscription* const made =
      Subscription::create_for_peer(this, said.subject, said.queue, wanted->name());
  made->origin =
      kind_ == ConnectionKind::leaf ? origin : context_.links.acquire_origin(said.origin);
  made->weight = weight;
  made->owner_previous = last_;
  (last_ == nullptr ? first_ : last_->owner_next) = made;
  last_ = made;
  subscriptions_.insert(made);
  wanted->insert(made);
  return true;
}

void PeerLink::on_no_interest(const PeerInterest& said) {
  if (!is_joined_ || account_named(said.account) == nullptr || !is_origin_known(said)) {
    return;
  }
  if (Subscription* const* known = subscriptions_.find(key_said(said)); known != nullptr) {
    remove(*known);
  }
}

void PeerLink::remove(Subscription* subscription) {
  const auto found = context_.accounts.find(subscription->sid());
  ensure(found != context_.accounts.end(), "a peer's subscription lives in an account");
  subscriptions_.erase(key_of(subscription));
  (subscription->owner_previous == nullptr ? first_ : subscription->owner_previous->owner_next) =
      subscription->owner_next;
  (subscription->owner_next == nullptr ? last_ : subscription->owner_next->owner_previous) =
      subscription->owner_previous;
  found->second->remove(subscription);
  if (kind_ != ConnectionKind::leaf) {
    context_.links.release_origin(subscription->origin);
  }
  Subscription::destroy(subscription);
}

void PeerLink::on_message(const PeerMessage& message) {
  const PublishCommand& publish = message.message;
  ++wire.traffic.in_messages;
  wire.traffic.in_bytes += publish.total_size;
  ++totals_.in_messages;
  totals_.in_bytes += publish.total_size;
  if (!is_joined_) {
    return;
  }
  if (!message.same_account || last_route_.account == nullptr) {
    last_route_ = {account_named(message.account), nullptr, 0};
    if (last_route_.account == nullptr) {
      return;
    }
  }
  Account& to = *last_route_.account;
  MessageSource source;
  source.peer = this;
  source.kind = kind_;
  source.origin =
      kind_ == ConnectionKind::leaf ? origin : context_.links.find_origin(message.origin);
  if (message.has_queues) {
    source.queues = message.queues;
  }
  if (kind_ == ConnectionKind::leaf && !to.mappings.empty()) [[unlikely]] {
    // What comes from the cluster was mapped where it came in.
    RewrittenPublish mapped(publish);
    republish(context_, to, source, mapped);
    return;
  }
  if (kind_ == ConnectionKind::route) {
    ++to.route_traffic.in_messages;
    to.route_traffic.in_bytes += publish.total_size;
  }
  MatchCache& cache = to.cache();
  if (publish.same_subject && last_route_.entry != nullptr && last_route_.epoch == cache.epoch())
      [[likely]] {
    cache.count_hit();
  } else {
    last_route_.entry = cache.find(to.index(), publish.subject);
    last_route_.epoch = cache.epoch();
  }
  fan_out(context_, to, source, publish, last_route_.entry->result);
}

ConnectionRecord PeerLink::record(bool with_subscriptions) const {
  ConnectionRecord shown;
  shown.number = number_;
  shown.remote = remote_;
  shown.start = start_;
  shown.last_activity = last_activity;
  shown.round_trip = wire.keepalive.round_trip();
  shown.pending_bytes = wire.outbound().size();
  shown.traffic = wire.traffic;
  shown.subscriptions = subscriptions_.size();
  shown.name = remote_name;
  if (!with_subscriptions) {
    return shown;
  }
  for (const Subscription* at = first_; at != nullptr; at = at->owner_next) {
    SubscriptionRecord& wish = shown.subscription_records.emplace_back();
    wish.subject = at->subject();
    wish.queue = at->queue();
    wish.sid.append(at->sid()).append(" ").append(wish.subject);
    if (at->is_queue()) {
      wish.sid.append(" ").append(wish.queue);
    }
    wish.delivered = at->delivered;
  }
  return shown;
}

std::string PeerLink::label() const {
  std::string text = host_and_port_text(remote_);
  switch (kind_) {
    case ConnectionKind::route:
      text.append(" - rid:");
      break;
    case ConnectionKind::leaf:
      text.append(" - lid:");
      break;
    case ConnectionKind::sibling:
    case ConnectionKind::client:
      text.append(" - shard:");
      break;
  }
  append_number(text, number_.value);
  return text;
}

void PeerLink::log(LogLevel level, std::string_view text) const {
  if (level == LogLevel::debug && !context_.options->trace.debug) {
    return;
  }
  context_.log(level, label().append(" - ").append(text));
}

}  // namespace rubus
