#include "io/host_resolver.h"

#include <netdb.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "io/config_text.h"
#include "io/socket_address.h"

namespace rubus::io {

namespace {

std::string trouble_text(const std::string& host, int code, int system_code) {
  const std::string lookup = "lookup " + host + ": ";
  if (code == EAI_NONAME || code == EAI_NODATA) {
    return lookup + "no such host";
  }
  return lookup + lower_case(code == EAI_SYSTEM ? std::strerror(system_code) : gai_strerror(code));
}

HostAddresses ask_system(const std::string& host, int flags, int& code) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  HostAddresses found;
  code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (code != 0) {
    found.trouble = trouble_text(host, code, errno);
    return found;
  }
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    Address address = address_of(entry->ai_addr);
    address.port = 0;
    const bool is_known = std::any_of(
        found.addresses.begin(), found.addresses.end(), [&address](const Address& known) {
          return known.bytes == address.bytes && known.is_v6 == address.is_v6;
        });
    if (!is_known) {
      found.addresses.push_back(address);
    }
  }
  ::freeaddrinfo(list);
  if (found.addresses.empty()) {
    found.trouble = trouble_text(host, EAI_NONAME, 0);
  }
  return found;
}

std::optional<HostAddresses> digits_only(const std::string& host) {
  int code = 0;
  HostAddresses found = ask_system(host, AI_NUMERICHOST, code);
  return code == 0 ? std::optional<HostAddresses>(std::move(found)) : std::nullopt;
}

HostResolved answer(ResolveTicket ticket, HostAddresses found) {
  return {ticket, std::make_shared<const HostAddresses>(std::move(found))};
}

}  // namespace

HostAddresses look_up(const std::string& host) {
  if (host.empty()) {
    return {{}, trouble_text(host, EAI_NONAME, 0)};
  }
  int code = 0;
  return ask_system(host, 0, code);
}

struct HostResolver::Shared {
  std::mutex mutex;
  OnFound on_found;                 // guarded by mutex; empty: the resolver is gone
  std::deque<ResolveHost> waiting;  // guarded by mutex
  std::size_t threads = 0;          // guarded by mutex
};

HostResolver::HostResolver(OnFound on_found) : shared_(std::make_shared<Shared>()) {
  shared_->on_found = std::move(on_found);
}

HostResolver::~HostResolver() {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  shared_->on_found = nullptr;
  shared_->waiting.clear();
}

void HostResolver::resolve(ResolveHost wish) {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  if (std::optional<HostAddresses> found = digits_only(wish.host)) {
    shared_->on_found(answer(wish.ticket, std::move(*found)));
    return;
  }
  shared_->waiting.push_back(std::move(wish));
  if (shared_->threads >= look_ups_max) {
    return;
  }
  try {
    std::thread([shared = shared_] { work(shared); }).detach();
    ++shared_->threads;
  } catch (const std::system_error&) {  // the process may have no more threads
    if (shared_->threads == 0) {
      const ResolveHost last = std::move(shared_->waiting.back());
      shared_->waiting.pop_back();
      shared_->on_found(answer(last.ticket, {{}, "lookup " + last.host + ": no thread for it"}));
    }
  }
}

void HostResolver::work(const std::shared_ptr<Shared>& shared) {
  std::unique_lock<std::mutex> lock(shared->mutex);
  while (!shared->waiting.empty()) {
    const ResolveHost wish = std::move(shared->waiting.front());
    shared->waiting.pop_front();
    lock.unlock();
    HostAddresses found = look_up(wish.host);
    lock.lock();
    if (shared->on_found) {
      shared->on_found(answer(wish.ticket, std::move(found)));
    }
  }
  --shared->threads;
}

}  // namespace rubus::io
