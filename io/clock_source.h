// clock_source: the only place where production asks what time it is.
//
// The engine never asks; every batch carries both clocks, stamped once. Instant counts from boot
// (CLOCK_MONOTONIC) and never goes back; WallTime is UTC and may.
#pragma once

#include <ctime>

#include "engine/base/time.h"

namespace rubus::io {

inline Instant now_monotonic() {
  timespec at{};
  ::clock_gettime(CLOCK_MONOTONIC, &at);
  return Instant{static_cast<std::int64_t>(at.tv_sec) * 1'000'000'000 + at.tv_nsec};
}

inline WallTime now_wall() {
  timespec at{};
  ::clock_gettime(CLOCK_REALTIME, &at);
  return WallTime{static_cast<std::int64_t>(at.tv_sec) * 1'000'000'000 + at.tv_nsec};
}

}  // namespace rubus::io
