#include "io/process_signal.h"

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <vector>

namespace rubus::io {

namespace {

constexpr const char* familiar_name = "nats-server";

std::optional<pid_t> parse_pid(const std::string& text) {
  pid_t pid = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, pid);
  // kill() takes 0 and less for whole groups of processes.
  if (problem != std::errc() || stop != end || pid <= 0) {
    return std::nullopt;
  }
  return pid;
}

bool is_server_name(const std::string& name) { return name == "rubus" || name == familiar_name; }

std::vector<pid_t> find_servers() {
  std::vector<pid_t> found;
  DIR* const processes = ::opendir("/proc");
  if (processes == nullptr) {
    return found;
  }
  while (const dirent* entry = ::readdir(processes)) {
    const std::optional<pid_t> pid = parse_pid(entry->d_name);
    if (!pid || *pid == ::getpid()) {
      continue;
    }
    std::ifstream file(std::string("/proc/") + entry->d_name + "/comm");
    std::string name;
    if (std::getline(file, name) && is_server_name(name)) {
      found.push_back(*pid);
    }
  }
  ::closedir(processes);
  std::sort(found.begin(), found.end());
  return found;
}

std::string lower_first(std::string text) {
  if (!text.empty() && text.front() >= 'A' && text.front() <= 'Z') {
    text.front() = static_cast<char>(text.front() + ('a' - 'A'));
  }
  return text;
}

}  // namespace

std::optional<std::string> send_signal(const SignalRequest& request) {
  const bool is_pattern = !request.target.empty() && request.target.back() == '*';
  const std::string prefix = request.target.substr(0, request.target.size() - (is_pattern ? 1 : 0));
  std::vector<pid_t> pids;
  if (!prefix.empty()) {
    const std::optional<pid_t> pid = parse_pid(prefix);
    if (!pid) {
      return "invalid pid: " + prefix;
    }
    pids.push_back(*pid);
  }
  if (prefix.empty() || is_pattern) {
    pids = find_servers();
  }
  if (pids.size() > 1 && !is_pattern) {
    std::string text = std::string("multiple ") + familiar_name + " processes running:";
    for (const pid_t pid : pids) {
      text += "\n" + std::to_string(pid);
    }
    return text;
  }
  if (pids.empty()) {
    return std::string("no ") + familiar_name + " processes running";
  }
  const std::optional<int> number = signal_number(request.command);
  if (!number) {
    return "unknown signal \"" + request.command + "\"";
  }
  std::string problems;
  for (const pid_t pid : pids) {
    if (std::to_string(pid).starts_with(prefix) && ::kill(pid, *number) != 0) {
      problems += "\nsignal \"" + request.command + "\" " + std::to_string(pid) + ": " +
                  lower_first(std::strerror(errno));
    }
  }
  return problems.empty() ? std::nullopt : std::optional<std::string>(problems);
}

}  // namespace rubus::io
