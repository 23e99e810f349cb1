#include "bench/interest.h"

#include <string>

#include "bench/stopwatch.h"

namespace rubus::load {

namespace {

constexpr std::int64_t interest_limit = 20 * nanoseconds_per_second;
constexpr std::int64_t probe_interval = 500'000;

}  // namespace

Failure wait_for_interest(Connection& subscriber, Connection& publisher) {
  static std::uint64_t number = 0;
  const std::string subject = "load.probe." + std::to_string(++number);
  if (Failure failure = subscriber.send_and_sync("SUB " + subject + " probe\r\n")) {
    return failure;
  }
  const std::uint64_t seen = subscriber.messages_seen();
  const std::int64_t started = monotonic_now();
  while (subscriber.messages_seen() == seen) {
    if (monotonic_now() - started > interest_limit) {
      return "interest did not reach the publisher's server within 20 s";
    }
    if (Failure failure = publisher.send_and_sync("PUB " + subject + " 0\r\n\r\n")) {
      return failure;
    }
    wait_for(probe_interval);
    if (Failure failure = subscriber.send_and_sync("")) {
      return failure;
    }
  }
  return subscriber.send_and_sync("UNSUB probe\r\n");
}

}  // namespace rubus::load
