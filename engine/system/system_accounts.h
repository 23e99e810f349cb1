// with_system_services(): the configured accounts, with what each of them has without being asked:
// imports from the system account, and what that account exports for them.
//
// An import of the configuration under the same name here goes first. Pure.
// Source: monitoring.md, "$SYS requests"; /accountz of a running nats-server.
#pragma once

#include <vector>

#include "engine/seam/options.h"

namespace rubus {

// Sorted by name; the global and the system account are among them.
std::vector<AccountOptions> with_system_services(const Options& options);

}  // namespace rubus
