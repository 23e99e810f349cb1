// HostResolver: names of hosts to addresses, off the shard's thread.
//
// getaddrinfo() may take as long as the name servers of the machine do, so each look-up has a
// thread of its own that ends with it; more than look_ups_max wait for their turn. An address
// written in digits needs neither thread nor name server. Every address is returned, once, in the
// order of the system's resolver (which is what rotates a headless service's list).
//
// A look-up cannot be interrupted: the threads are detached, and what they find after the resolver
// is gone is dropped.
#pragma once

#include <functional>
#include <memory>

#include "engine/seam/input.h"
#include "engine/seam/output.h"

namespace rubus::io {

// The work itself; safe on any thread.
HostAddresses look_up(const std::string& host);

class HostResolver {
 public:
  static constexpr std::size_t look_ups_max = 4;

  // Called on any thread, one at a time, and inside resolve() for digits.
  using OnFound = std::function<void(HostResolved)>;

  explicit HostResolver(OnFound on_found);
  HostResolver(const HostResolver&) = delete;
  HostResolver& operator=(const HostResolver&) = delete;
  ~HostResolver();

  void resolve(ResolveHost wish);

 private:
  struct Shared;

  static void work(const std::shared_ptr<Shared>& shared);

  std::shared_ptr<Shared> shared_;
};

}  // namespace rubus::io
