#include "tests/io/held_look_up.h"

#include <dlfcn.h>
#include <netdb.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string_view>

namespace {

std::mutex mutex;
std::condition_variable changed;
bool is_held = false;      // guarded by mutex
std::size_t held_now = 0;  // look-ups that wait; guarded by mutex

}  // namespace

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  using LookUp = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto of_the_system = reinterpret_cast<LookUp>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  const bool is_digits_only = hints != nullptr && (hints->ai_flags & AI_NUMERICHOST) != 0;
  if (node == nullptr || is_digits_only || std::string_view(node) != rubus::io::HeldLookUp::name) {
    return of_the_system(node, service, hints, result);
  }
  std::unique_lock<std::mutex> lock(mutex);
  ++held_now;
  changed.notify_all();
  changed.wait(lock, [] { return !is_held; });
  --held_now;
  changed.notify_all();
  return EAI_NONAME;
}

namespace rubus::io {

HeldLookUp::HeldLookUp() {
  const std::lock_guard<std::mutex> lock(mutex);
  is_held = true;
}

HeldLookUp::~HeldLookUp() {
  std::unique_lock<std::mutex> lock(mutex);
  is_held = false;
  changed.notify_all();
  changed.wait(lock, [] { return held_now == 0; });
}

bool HeldLookUp::wait_until_asked() {
  std::unique_lock<std::mutex> lock(mutex);
  return changed.wait_for(lock, std::chrono::seconds(10), [] { return held_now > 0; });
}

}  // namespace rubus::io
