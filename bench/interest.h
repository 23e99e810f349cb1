// Waits until what one connection subscribed to is known where another one publishes.
//
// In a cluster that takes a moment, and before the mesh stands it takes longer. A probe subject,
// subscribed to after everything else on the same connection, arrives only when the rest is known
// as well. Both connections must still be blocking.
#pragma once

#include "bench/connection.h"
#include "bench/failure.h"

namespace rubus::load {

[[nodiscard]] Failure wait_for_interest(Connection& subscriber, Connection& publisher);

}  // namespace rubus::load
