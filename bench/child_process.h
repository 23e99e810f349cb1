// A server under measurement: started from a command line, watched through /proc, stopped.
//
// The command is split at spaces (quotes group words) and executed directly, never by a shell, so
// that the process measured is the server itself. Its output goes to memory and is shown only when
// it fails to start. The child dies with this process whatever happens.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/failure.h"

namespace rubus::load {

struct Memory {
  std::int64_t rss_bytes = 0;   // resident now
  std::int64_t peak_bytes = 0;  // highest since the start
};

class ChildProcess {
 public:
  ChildProcess() = default;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  // Runs the command, on one processor only if `processor` is given, and waits until the port
  // answers with a first byte. `first_byte_after()` is then the time from just before fork.
  [[nodiscard]] Failure start(const std::vector<std::string>& words, std::uint16_t port,
                              std::optional<int> processor);
  // SIGTERM, then SIGKILL after five seconds.
  void stop();
  // SIGKILL now; returns when the kernel has taken the process and its sockets away.
  void kill();

  std::int64_t first_byte_after() const { return first_byte_after_; }
  std::int64_t cpu_time() const;
  Memory memory() const;

 private:
  [[nodiscard]] Failure wait_until_ready(std::uint16_t port, std::int64_t started);
  std::string last_words() const;

  pid_t pid_ = -1;
  int output_fd_ = -1;
  clockid_t cpu_clock_ = 0;
  std::int64_t first_byte_after_ = 0;
};

// Replaces {port} and {config}, splits into words. Empty when quotes do not match.
std::vector<std::string> command_words(std::string_view command, std::uint16_t port,
                                       std::string_view config);

// First line the command prints, "" when it fails; used with -v for the report.
std::string first_line_of(const std::vector<std::string>& words);

}  // namespace rubus::load
