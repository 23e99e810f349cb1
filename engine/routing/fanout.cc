#include "engine/routing/fanout.h"

#include <algorithm>

#include "engine/auth/account_imports.h"
#include "engine/client/client_session.h"
#include "engine/peer/peer_link.h"
#include "engine/routing/rewritten_publish.h"
#include "engine/routing/service_call.h"

namespace rubus {

namespace {

// Above this share of max_pending a receiver slows its publishers down (or, with
// no_fast_producer_stall, misses messages).
constexpr std::int64_t stall_quarters = 3;

// One message on its way.
struct Delivery {
  EngineContext& context;
  Account& account;
  const MessageSource& source;
  const PublishCommand& publish;
};

bool is_filling(const EngineContext& context, const Wire& wire) {
  return static_cast<std::int64_t>(wire.outbound().size()) >
         context.options->limits.max_pending / 4 * stall_quarters;
}

// False: this receiver misses the message. One that falls behind slows its publishers down.
bool has_room(const Delivery& delivery, const ClientSession& to) {
  ClientSession* const from = delivery.source.client;
  if (is_filling(delivery.context, to.wire())) [[unlikely]] {
    if (!delivery.context.options->fast_producer_stall) {
      return false;
    }
    if (from != nullptr && &to != from) {
      from->request_stall(false);
    }
  }
  return true;
}

bool offer_shadow(const Delivery& delivery, const Subscription& subscription) {
  return (subscription.session == nullptr || has_room(delivery, *subscription.session)) &&
         AccountImports::deliver(*subscription.shadow, delivery.source, delivery.publish);
}

bool offer(const Delivery& delivery, Subscription& subscription) {
  if (subscription.kind == SubscriptionKind::shadow) [[unlikely]] {
    return offer_shadow(delivery, subscription);
  }
  ClientSession& to = *subscription.session;
  return has_room(delivery, to) &&
         to.deliver(subscription, delivery.publish, delivery.source.client);
}

// The link gets the message when all who want it are known.
void choose_link(const Delivery& delivery, PeerLink& link) {
  if (link.fan_stamp != delivery.context.fan_stamp) {
    link.fan_stamp = delivery.context.fan_stamp;
    if (delivery.source.kind == ConnectionKind::sibling) {
      delivery.context.reached.mark(Reached::relayed_from_sibling);
    } else if (delivery.source.peer != nullptr && link.kind() == ConnectionKind::sibling) {
      delivery.context.reached.mark(Reached::relayed_to_sibling);
    }
    delivery.context.fan_links.push_back(&link);
  }
}

// One of them, beginning with the one at `first`.
bool offer_one(const Delivery& delivery, const std::vector<Subscription*>& members,
               std::size_t first) {
  const std::size_t size = members.size();
  for (std::size_t step = 0; step < size; ++step) {
    const std::size_t at = first + step < size ? first + step : first + step - size;
    if (offer(delivery, *members[at])) {
      return true;
    }
  }
  return false;
}

// A peer may list very many groups: then each is looked for by halves.
constexpr std::size_t unsorted_queues_max = 16;

void sort_queues(EngineContext& context, const MessageSource& source) {
  if (source.queues.size() > unsorted_queues_max) [[unlikely]] {
    context.fan_queues.assign(source.queues.begin(), source.queues.end());
    std::sort(context.fan_queues.begin(), context.fan_queues.end());
  }
}

bool is_listed(const EngineContext& context, const MessageSource& source, std::string_view queue) {
  if (source.all_queues) {
    return true;
  }
  if (source.queues.size() > unsorted_queues_max) [[unlikely]] {
    return std::binary_search(context.fan_queues.begin(), context.fan_queues.end(), queue);
  }
  return std::find(source.queues.begin(), source.queues.end(), queue) != source.queues.end();
}

// First the members of equal right, then those that serve only if nobody else can.
enum class Choice : std::uint8_t { none, equal, last };

Choice choice_of(const Delivery& delivery, const Subscription& remote) {
  const MessageSource& source = delivery.source;
  if (!remote.peer->may_take(source, remote, delivery.publish.subject)) {
    return Choice::none;
  }
  if (remote.peer->is_last_choice(remote)) {
    return Choice::last;
  }
  // What came over a link has already been chosen for this server.
  const bool is_near = remote.peer->kind() == ConnectionKind::sibling ||
                       source.kind == ConnectionKind::client ||
                       source.kind == ConnectionKind::sibling;
  return is_near ? Choice::equal : Choice::last;
}

std::uint64_t weight_of(const Delivery& delivery, const QueueMatch& queue, Choice wanted) {
  std::uint64_t sum = 0;
  for (const Subscription* remote : queue.remotes) {
    sum += choice_of(delivery, *remote) == wanted ? remote->weight : 0;
  }
  return sum;
}

// The remote member at `place` when those of `wanted` stand in line by weight.
bool offer_remote(const Delivery& delivery, const QueueMatch& queue, Choice wanted,
                  std::uint64_t place) {
  for (Subscription* remote : queue.remotes) {
    if (choice_of(delivery, *remote) != wanted) {
      continue;
    }
    if (place < remote->weight) {
      choose_link(delivery, *remote->peer);
      remote->peer->add_queue(queue.name);
      delivery.context.reached.mark(Reached::queue_served_remotely);
      return true;
    }
    place -= remote->weight;
  }
  return false;
}

// Leaf nodes, here or behind other servers: only if nobody else can serve.
bool offer_last(const Delivery& delivery, const QueueMatch& queue) {
  RandomStream& choice = delivery.context.queue_choice;
  const std::uint64_t remote = weight_of(delivery, queue, Choice::last);
  const std::size_t imported = queue.imported.size();
  if (remote + imported == 0) {
    return false;
  }
  const std::uint64_t place = choice.below(remote + imported);
  if (place < remote) {
    return offer_remote(delivery, queue, Choice::last, place);
  }
  return offer_one(delivery, queue.imported, static_cast<std::size_t>(place - remote)) ||
         (remote > 0 && offer_remote(delivery, queue, Choice::last, choice.below(remote)));
}

bool offer_queue(const Delivery& delivery, const QueueMatch& queue) {
  RandomStream& choice = delivery.context.queue_choice;
  if (delivery.source.peer != nullptr &&
      !is_listed(delivery.context, delivery.source, queue.name)) {
    return false;
  }
  const std::size_t members = queue.members.size();
  if (queue.remotes.empty() && queue.imported.empty()) [[likely]] {
    const std::size_t first = members == 1 ? 0 : static_cast<std::size_t>(choice.below(members));
    return offer_one(delivery, queue.members, first);
  }
  const std::uint64_t remote = weight_of(delivery, queue, Choice::equal);
  if (members + remote > 0) {
    const std::uint64_t place = choice.below(members + remote);
    if (place < members && offer_one(delivery, queue.members, static_cast<std::size_t>(place))) {
      return true;
    }
    if (remote > 0) {
      const std::uint64_t at = place < members ? choice.below(remote) : place - members;
      return offer_remote(delivery, queue, Choice::equal, at);
    }
  }
  return offer_last(delivery, queue);
}

// A sibling is never given up, so what fills it has to wait, be it a client or another server.
void slow_down(const Delivery& delivery, const PeerLink& link) {
  if (delivery.source.client != nullptr) {
    delivery.source.client->request_stall(link.is_sibling());
  } else if (delivery.source.peer != nullptr && link.is_sibling()) {
    delivery.source.peer->stall_requested = true;
  }
}

bool send_over_links(const Delivery& delivery) {
  EngineContext& context = delivery.context;
  const bool is_any = !context.fan_links.empty();
  for (PeerLink* link : context.fan_links) {
    if (link->is_sibling() ? link->is_full_sibling() : is_filling(context, link->wire))
        [[unlikely]] {
      slow_down(delivery, *link);
    }
    link->forward(delivery.account, delivery.publish, delivery.source);
  }
  context.fan_links.clear();
  return is_any;
}

// What imports brought for leaf nodes.
void send_imported(const Delivery& delivery) {
  EngineContext& context = delivery.context;
  RewrittenPublish message(delivery.publish);
  for (const ImportedMessage& each : context.fan_imports) {
    if (is_filling(context, each.link->wire)) [[unlikely]] {
      slow_down(delivery, *each.link);
    }
    for (const std::string_view queue : each.queues) {
      each.link->add_queue(queue);
    }
    message.set_subject(each.subject);
    each.link->forward(*each.importer, message.command(), delivery.source);
  }
  context.fan_imports.clear();
}

// By copy: what a service does may change subscriptions, and with them the result being walked.
bool call_services(const Delivery& delivery, const std::vector<Subscription*>& services) {
  std::vector<const Service*> called;
  for (const Subscription* service : services) {
    called.push_back(service->service);
  }
  bool taken = false;
  for (const Service* service : called) {
    taken = call_service(delivery.context, *service, delivery.source, delivery.publish) || taken;
  }
  return taken;
}

}  // namespace

bool fan_out(EngineContext& context, Account& account, const MessageSource& source,
             const PublishCommand& publish, const MatchResult& wanted) {
  const Delivery delivery{context, account, source, publish};
  bool taken = false;
  for (Subscription* subscription : wanted.plain) {
    taken = offer(delivery, *subscription) || taken;
  }
  if (!wanted.peers.empty() || !wanted.queues.empty()) {
    ++context.fan_stamp;
    for (Subscription* remote : wanted.peers) {
      if (remote->peer->may_take(source, *remote, publish.subject)) {
        choose_link(delivery, *remote->peer);
      }
    }
    std::size_t served = 0;
    sort_queues(context, source);
    for (const QueueMatch& queue : wanted.queues) {
      served += offer_queue(delivery, queue) ? 1 : 0;
    }
    taken = taken || served > 0;
    if (!source.queues.empty()) {
      context.reached.mark(served == source.queues.size() ? Reached::queue_from_route
                                                          : Reached::queue_member_missing);
    }
    taken = send_over_links(delivery) || taken;
  }
  if (!context.fan_imports.empty()) [[unlikely]] {
    send_imported(delivery);
  }
  if (!context.expired.empty()) [[unlikely]] {
    for (Subscription* subscription : context.expired) {
      subscription->session->remove_subscription(subscription);
    }
    context.expired.clear();
  }
  if (!wanted.services.empty()) [[unlikely]] {
    taken = call_services(delivery, wanted.services) || taken;
  }
  return taken;
}

}  // namespace rubus
