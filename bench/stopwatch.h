// Clocks of the load generator, in nanoseconds of the Linux clocks themselves.
//
// Wall time is CLOCK_MONOTONIC. CPU time of a process (own or another's) is its CPU clock, which
// the kernel accounts per scheduling slice in nanoseconds; /proc/PID/stat counts in 10 ms ticks,
// too coarse for a run of two seconds.
#pragma once

#include <poll.h>
#include <time.h>

#include <cstdint>

namespace rubus::load {

constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;

inline std::int64_t read_clock(clockid_t clock) {
  timespec value{};
  if (::clock_gettime(clock, &value) != 0) {
    return 0;
  }
  return std::int64_t{value.tv_sec} * nanoseconds_per_second + std::int64_t{value.tv_nsec};
}

inline std::int64_t monotonic_now() { return read_clock(CLOCK_MONOTONIC); }

inline std::int64_t own_cpu_time() { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

inline std::int64_t from_seconds(double seconds) {
  return static_cast<std::int64_t>(seconds * static_cast<double>(nanoseconds_per_second));
}

inline double to_seconds(std::int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / static_cast<double>(nanoseconds_per_second);
}

// Lets the processor go for about this long.
inline void wait_for(std::int64_t nanoseconds) {
  timespec span{};
  span.tv_sec = static_cast<time_t>(nanoseconds / nanoseconds_per_second);
  span.tv_nsec = static_cast<long>(nanoseconds % nanoseconds_per_second);
  ::ppoll(nullptr, 0, &span, nullptr);
}

}  // namespace rubus::load
