#include "bench/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "bench/connection.h"
#include "bench/stopwatch.h"

namespace rubus::load {

namespace {

constexpr std::int64_t start_limit = 20 * nanoseconds_per_second;
constexpr std::int64_t stop_limit = 5 * nanoseconds_per_second;
// Between two attempts to connect: an error of this size in the start-up time.
constexpr std::int64_t attempt_interval = 50'000;

std::vector<char*> argument_pointers(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) {
    pointers.push_back(const_cast<char*>(word.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

// In the child, after fork: only async-signal-safe calls.
[[noreturn]] void become_server(char* const* arguments, int output_fd, int processor) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  cpu_set_t processors;
  CPU_ZERO(&processors);
  for (int each = 0; each < CPU_SETSIZE; ++each) {
    if (processor < 0 || each == processor) {
      CPU_SET(static_cast<std::size_t>(each), &processors);
    }
  }
  ::sched_setaffinity(0, sizeof processors, &processors);
  ::dup2(output_fd, STDOUT_FILENO);
  ::dup2(output_fd, STDERR_FILENO);
  ::execvp(arguments[0], arguments);
  constexpr std::string_view complaint = "cannot execute this command\n";
  [[maybe_unused]] const ssize_t told = ::write(STDERR_FILENO, complaint.data(), complaint.size());
  ::_exit(127);
}

// "VmRSS:    1234 kB" in /proc/PID/status.
std::int64_t kibibytes_in(pid_t pid, const char* file, std::string_view name) {
  std::ifstream stream("/proc/" + std::to_string(pid) + "/" + file);
  for (std::string line; std::getline(stream, line);) {
    if (line.compare(0, name.size(), name) == 0) {
      return std::strtoll(line.c_str() + name.size(), nullptr, 10);
    }
  }
  return 0;
}

}  // namespace

ChildProcess::~ChildProcess() { stop(); }

Failure ChildProcess::start(const std::vector<std::string>& words, std::uint16_t port,
                            std::optional<int> processor) {
  if (words.empty()) {
    return "the server command is empty or its quotes do not match";
  }
  output_fd_ = ::memfd_create("server-output", MFD_CLOEXEC);
  const std::vector<char*> arguments = argument_pointers(words);
  const std::int64_t started = monotonic_now();
  pid_ = ::fork();
  if (pid_ < 0) {
    return system_failure("cannot fork");
  }
  if (pid_ == 0) {
    become_server(arguments.data(), output_fd_, processor.value_or(-1));
  }
  if (Failure failure = wait_until_ready(port, started)) {
    return words[0] + ": " + *failure + last_words();
  }
  if (::clock_getcpuclockid(pid_, &cpu_clock_) != 0) {
    return words[0] + ": the kernel gives no CPU clock for it";
  }
  return std::nullopt;
}

Failure ChildProcess::wait_until_ready(std::uint16_t port, std::int64_t started) {
  while (monotonic_now() - started < start_limit) {
    Connection connection;
    if (!connection.dial(port)) {
      pollfd entry{connection.fd(), POLLIN, 0};
      char byte = 0;
      if (::poll(&entry, 1, 5000) == 1 && ::recv(connection.fd(), &byte, 1, 0) == 1) {
        first_byte_after_ = monotonic_now() - started;
        return std::nullopt;
      }
    }
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return "ended before it listened on port " + std::to_string(port);
    }
    wait_for(attempt_interval);
  }
  return "did not listen on port " + std::to_string(port) + " within 20 s";
}

void ChildProcess::stop() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    const std::int64_t asked = monotonic_now();
    int status = 0;
    while (::waitpid(pid_, &status, WNOHANG) == 0) {
      if (monotonic_now() - asked > stop_limit) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, &status, 0);
        break;
      }
      wait_for(1'000'000);
    }
    pid_ = -1;
  }
  if (output_fd_ >= 0) {
    ::close(output_fd_);
    output_fd_ = -1;
  }
}

void ChildProcess::kill() {
  if (pid_ > 0) {
    int status = 0;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
  }
}

std::int64_t ChildProcess::cpu_time() const { return read_clock(cpu_clock_); }

Memory ChildProcess::memory() const {
  // smaps_rollup walks the page tables and is exact; VmRSS may lag by some pages per processor.
  std::int64_t rss = kibibytes_in(pid_, "smaps_rollup", "Rss:");
  if (rss == 0) {
    rss = kibibytes_in(pid_, "status", "VmRSS:");
  }
  return {rss * 1024, kibibytes_in(pid_, "status", "VmHWM:") * 1024};
}

std::string ChildProcess::last_words() const {
  std::string text(2000, '\0');
  const off_t size = ::lseek(output_fd_, 0, SEEK_END);
  const off_t from = size > 2000 ? size - 2000 : 0;
  const ssize_t count = ::pread(output_fd_, text.data(), text.size(), from);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text.empty() ? text : "\nits output:\n" + text;
}

std::vector<std::string> command_words(std::string_view command, std::uint16_t port,
                                       std::string_view config) {
  std::string text(command);
  for (const auto& [name, value] :
       {std::pair<std::string_view, std::string>{"{port}", std::to_string(port)},
        {"{config}", std::string(config)}}) {
    for (std::size_t at = text.find(name); at != std::string::npos;
         at = text.find(name, at + value.size())) {
      text.replace(at, name.size(), value);
    }
  }
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (const char each : text) {
    if (quote != '\0') {
      if (each == quote) {
        quote = '\0';
      } else {
        word += each;
      }
    } else if (each == '\'' || each == '"') {
      quote = each;
      in_word = true;
    } else if (each != ' ') {
      word += each;
      in_word = true;
    } else if (in_word) {
      words.push_back(std::exchange(word, std::string()));
      in_word = false;
    }
  }
  if (in_word) {
    words.push_back(word);
  }
  return quote == '\0' ? words : std::vector<std::string>();
}

std::string first_line_of(const std::vector<std::string>& words) {
  const int output_fd = ::memfd_create("first-line", MFD_CLOEXEC);
  const std::vector<char*> arguments = argument_pointers(words);
  const pid_t pid = ::fork();
  if (pid == 0) {
    become_server(arguments.data(), output_fd, -1);
  }
  const std::int64_t started = monotonic_now();
  int status = 0;
  while (pid > 0 && ::waitpid(pid, &status, WNOHANG) == 0) {
    if (monotonic_now() - started > 2 * nanoseconds_per_second) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &status, 0);
      break;
    }
    wait_for(1'000'000);
  }
  std::string line(300, '\0');
  const ssize_t count = ::pread(output_fd, line.data(), line.size(), 0);
  ::close(output_fd);
  line.resize(count > 0 && status == 0 ? static_cast<std::size_t>(count) : 0);
  return line.substr(0, line.find('\n'));
}

}  // namespace rubus::load
