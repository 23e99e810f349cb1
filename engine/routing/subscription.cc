#include "engine/routing/subscription.h"

#include <cstring>
#include <limits>
#include <new>

#include "engine/base/ensure.h"

namespace rubus {

Subscription* Subscription::create(ClientSession* session, std::string_view subject,
                                   std::string_view queue, std::string_view sid) {
  constexpr std::size_t text_max = std::numeric_limits<std::uint32_t>::max();
  ensure(subject.size() <= text_max && queue.size() <= text_max && sid.size() <= text_max,
         "a control line bounds the texts of a subscription");
  const std::size_t text_size = subject.size() + queue.size() + sid.size();
  void* place = ::operator new(sizeof(Subscription) + text_size);
  Subscription* made = new (place) Subscription;
  made->session = session;
  made->subject_size = static_cast<std::uint32_t>(subject.size());
  made->queue_size = static_cast<std::uint32_t>(queue.size());
  made->sid_size = static_cast<std::uint32_t>(sid.size());
  char* text = reinterpret_cast<char*>(made + 1);
  for (const std::string_view part : {subject, queue, sid}) {
    if (!part.empty()) {
      std::memcpy(text, part.data(), part.size());
      text += part.size();
    }
  }
  return made;
}

void Subscription::destroy(Subscription* subscription) {
  subscription->~Subscription();
  ::operator delete(subscription);
}

}  // namespace rubus
