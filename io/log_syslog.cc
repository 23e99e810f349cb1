#include "io/log_syslog.h"

#include <netdb.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "engine/base/ensure.h"
#include "engine/base/text_number.h"
#include "io/clock_source.h"

namespace rubus::io {

namespace {

constexpr const char* tag = "nats-server";  // what existing syslog rules filter by
constexpr Duration reconnect_pause = seconds(5);

int severity_of(LogLevel level) {
  switch (level) {
    case LogLevel::info:
      return LOG_INFO;
    case LogLevel::debug:
      return LOG_DEBUG;
    case LogLevel::warning:
      return LOG_WARNING;
    case LogLevel::error:
      return LOG_ERR;
    case LogLevel::fatal:
      return LOG_CRIT;
    case LogLevel::trace:
      return LOG_NOTICE;
  }
  ensure(false, "a log level is one of the six");
  return LOG_INFO;
}

}  // namespace

std::unique_ptr<SyslogTarget> SyslogTarget::open(const std::string& remote, std::string& problem) {
  auto target = std::make_unique<SyslogTarget>();
  if (remote.empty()) {
    ::openlog(tag, LOG_PID | LOG_NDELAY, LOG_DAEMON);
    return target;
  }
  std::string_view rest = remote;
  const auto is_scheme = [&rest](std::string_view scheme) {
    if (!rest.starts_with(scheme)) {
      return false;
    }
    rest.remove_prefix(scheme.size());
    return true;
  };
  if (is_scheme("tcp://")) {
    target->socket_type_ = SOCK_STREAM;
  } else if (is_scheme("udp://")) {
    target->socket_type_ = SOCK_DGRAM;
  } else {
    problem = "error connecting to remote syslog: \"" + remote + "\" is neither udp:// nor tcp://";
    return nullptr;
  }
  const std::size_t colon = rest.rfind(':');
  const std::string host(rest.substr(0, colon));
  const std::string port(colon == std::string_view::npos ? "514" : rest.substr(colon + 1));
  addrinfo hints{};
  hints.ai_socktype = target->socket_type_;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); code != 0) {
    problem = "error connecting to remote syslog: " + remote + ": " + ::gai_strerror(code);
    return nullptr;
  }
  std::memcpy(&target->remote_, found->ai_addr, found->ai_addrlen);
  target->remote_size_ = found->ai_addrlen;
  ::freeaddrinfo(found);
  if (!target->connect_remote()) {
    problem = "error connecting to remote syslog: " + remote + ": " + std::strerror(errno);
    return nullptr;
  }
  return target;
}

SyslogTarget::~SyslogTarget() {
  if (socket_ >= 0) {
    ::close(socket_);
  } else if (socket_type_ == 0) {
    ::closelog();
  }
}

bool SyslogTarget::connect_remote() {
  socket_ = ::socket(remote_.ss_family, socket_type_ | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ < 0) {
    return false;
  }
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&remote_), remote_size_) == 0 ||
      errno == EINPROGRESS) {
    return true;
  }
  ::close(socket_);
  socket_ = -1;
  return false;
}

void SyslogTarget::write(LogLevel level, std::string_view text) {
  if (socket_type_ == 0) {
    ::syslog(LOG_DAEMON | severity_of(level), "%.*s", static_cast<int>(text.size()), text.data());
    return;
  }
  send_remote(LOG_DAEMON | severity_of(level), text);
}

void SyslogTarget::send_remote(int priority, std::string_view text) {
  if (socket_ < 0) {
    const Instant now = now_monotonic();
    if (now < next_attempt_ || !connect_remote()) {
      return;
    }
  }
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  char stamp[64];
  const std::size_t stamp_size = std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S%z", &parts);
  char host[256] = "localhost";
  ::gethostname(host, sizeof host - 1);
  std::string line = "<";
  append_number(line, std::int64_t{priority});
  line += '>';
  line.append(stamp, stamp_size);
  line += ' ';
  line += host;
  line += ' ';
  line += tag;
  line += '[';
  append_number(line, std::int64_t{::getpid()});
  line += "]: ";
  line += text;
  line += '\n';
  const ssize_t sent = ::send(socket_, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  const bool in_progress = sent < 0 && (errno == EAGAIN || errno == ENOTCONN || errno == EINTR);
  const bool is_cut = sent >= 0 && static_cast<std::size_t>(sent) < line.size();
  if ((sent < 0 && !in_progress && socket_type_ == SOCK_STREAM) || is_cut) {
    ::close(socket_);
    socket_ = -1;
    next_attempt_ = now_monotonic() + reconnect_pause;
  }
}

}  // namespace rubus::io
