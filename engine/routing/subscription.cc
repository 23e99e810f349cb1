#include "engine/routing/subscription.h"

#include <limits>

#include "engine/base/ensure.h"

namespace rubus {

Subscription* Subscription::make(std::string_view subject, std::string_view queue,
                                 std::string_view sid) {
  constexpr std::size_t text_max = std::numeric_limits<std::uint32_t>::max();
  ensure(subject.size() <= text_max && queue.size() <= text_max && sid.size() <= text_max,
         "a control line bounds the texts of a subscription");
  Subscription* const made = make_with_text<Subscription>({subject, queue, sid});
  made->subject_size = static_cast<std::uint32_t>(subject.size());
  made->queue_size = static_cast<std::uint32_t>(queue.size());
  made->sid_size = static_cast<std::uint32_t>(sid.size());
  return made;
}

Subscription* Subscription::create(ClientSession* session, std::string_view subject,
                                   std::string_view queue, std::string_view sid) {
  Subscription* const made = make(subject, queue, sid);
  made->session = session;
  return made;
}

Subscription* Subscription::create_for_peer(PeerLink* peer, std::string_view subject,
                                            std::string_view queue, std::string_view account) {
  Subscription* const made = make(subject, queue, account);
  made->kind = SubscriptionKind::peer;
  made->peer = peer;
  return made;
}

Subscription* Subscription::create_shadow(const Shadow* shadow, ClientSession* session,
                                          std::string_view subject, std::string_view queue) {
  Subscription* const made = make(subject, queue, {});
  made->kind = SubscriptionKind::shadow;
  made->session = session;
  made->shadow = shadow;
  return made;
}

Subscription* Subscription::create_for_service(const Service* service, std::string_view subject) {
  Subscription* const made = make(subject, {}, {});
  made->kind = SubscriptionKind::service;
  made->service = service;
  return made;
}

void Subscription::destroy(Subscription* subscription) { destroy_with_text(subscription); }

}  // namespace rubus
