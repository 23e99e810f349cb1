// What a step of the load generator says when the world did not play along.
//
// No value means success; otherwise one sentence for the person at the terminal. Failures are
// values that travel up to campaign.cc, which prints them next to the mode they spoiled.
#pragma once

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

namespace rubus::load {

using Failure = std::optional<std::string>;

// Call at once after the failed system call: reads errno.
[[nodiscard]] inline Failure system_failure(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

}  // namespace rubus::load
