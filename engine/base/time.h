// Time as values. There is no now() here and nowhere else in the pure folders: the batch header
// carries it. Instant is monotonic and has no meaning outside its process; WallTime is UTC.
// All three count nanoseconds in a signed 64-bit integer (292 years).
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace rubus {

struct Duration {
  std::int64_t nanoseconds = 0;
  friend constexpr auto operator<=>(const Duration&, const Duration&) = default;
};

constexpr Duration nanoseconds(std::int64_t count) { return Duration{count}; }
constexpr Duration microseconds(std::int64_t count) { return Duration{count * 1'000}; }
constexpr Duration milliseconds(std::int64_t count) { return Duration{count * 1'000'000}; }
constexpr Duration seconds(std::int64_t count) { return Duration{count * 1'000'000'000}; }

struct Instant {
  std::int64_t nanoseconds = 0;
  friend constexpr auto operator<=>(const Instant&, const Instant&) = default;
  static constexpr Instant never() { return {std::numeric_limits<std::int64_t>::max()}; }
};

struct WallTime {
  std::int64_t nanoseconds = 0;  // since 1970-01-01T00:00:00Z
  friend constexpr auto operator<=>(const WallTime&, const WallTime&) = default;
};

// Why it stops short of never(): a configuration may ask for 292 years, and a deadline that far
// must still be one that can be disarmed.
constexpr Instant operator+(Instant at, Duration by) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(at.nanoseconds, by.nanoseconds, &sum)) {
    sum = by.nanoseconds < 0 ? std::numeric_limits<std::int64_t>::min()
                             : Instant::never().nanoseconds - 1;
  }
  return {sum};
}
constexpr Instant operator-(Instant at, Duration by) { return {at.nanoseconds - by.nanoseconds}; }
constexpr Duration operator-(Instant later, Instant earlier) {
  return {later.nanoseconds - earlier.nanoseconds};
}
constexpr WallTime operator+(WallTime at, Duration by) { return {at.nanoseconds + by.nanoseconds}; }
constexpr Duration operator-(WallTime later, WallTime earlier) {
  return {later.nanoseconds - earlier.nanoseconds};
}
constexpr Duration operator*(Duration length, std::int64_t times) {
  return {length.nanoseconds * times};
}
constexpr Duration operator/(Duration length, std::int64_t parts) {
  return {length.nanoseconds / parts};
}
constexpr Duration operator+(Duration a, Duration b) { return {a.nanoseconds + b.nanoseconds}; }

}  // namespace rubus
