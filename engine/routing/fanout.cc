#include "engine/routing/fanout.h"

#include "engine/client/client_session.h"

namespace rubus {

namespace {

// Above this share of max_pending a receiver slows its publishers down (or, with
// no_fast_producer_stall, misses messages).
constexpr std::int64_t stall_quarters = 3;

bool offer(EngineContext& context, ClientSession& from, Subscription& subscription,
           const PublishCommand& publish) {
  ClientSession& to = *subscription.session;
  const std::int64_t queued = static_cast<std::int64_t>(to.outbound().size());
  if (queued > context.options->limits.max_pending / 4 * stall_quarters) [[unlikely]] {
    if (!context.options->fast_producer_stall) {
      return false;
    }
    if (&to != &from) {
      from.request_stall();
    }
  }
  return to.deliver(subscription, publish, &from);
}

bool offer_queue(EngineContext& context, ClientSession& from, const QueueMatch& queue,
                 const PublishCommand& publish) {
  const std::size_t size = queue.members.size();
  const std::size_t first =
      size == 1 ? 0 : static_cast<std::size_t>(context.queue_choice.below(size));
  for (std::size_t step = 0; step < size; ++step) {
    const std::size_t at = first + step < size ? first + step : first + step - size;
    if (offer(context, from, *queue.members[at], publish)) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool fan_out(EngineContext& context, ClientSession& from, const PublishCommand& publish,
             const MatchResult& wanted) {
  bool taken = false;
  for (Subscription* subscription : wanted.plain) {
    taken = offer(context, from, *subscription, publish) || taken;
  }
  for (const QueueMatch& queue : wanted.queues) {
    taken = offer_queue(context, from, queue, publish) || taken;
  }
  if (!context.expired.empty()) [[unlikely]] {
    for (Subscription* subscription : context.expired) {
      subscription->session->remove_subscription(subscription);
    }
    context.expired.clear();
  }
  return taken;
}

}  // namespace rubus
