// SyslogTarget: log lines to the local syslog daemon, or by UDP or TCP to a remote one.
//
// The daemon stamps local lines; remote lines carry the RFC 3164 style header that nats-server's
// users already parse: <priority>time host nats-server[pid]: text. A remote that cannot be reached
// loses lines: sending never blocks, and a broken TCP connection is tried again every 5 s at most.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/time.h"
#include "engine/seam/output.h"

namespace rubus::io {

class SyslogTarget {
 public:
  // `remote`: empty for the local daemon, else "udp://host:port" or "tcp://host:port".
  static std::unique_ptr<SyslogTarget> open(const std::string& remote, std::string& problem);

  SyslogTarget() = default;
  SyslogTarget(const SyslogTarget&) = delete;
  SyslogTarget& operator=(const SyslogTarget&) = delete;
  ~SyslogTarget();

  void write(LogLevel level, std::string_view text);

 private:
  bool connect_remote();
  void send_remote(int priority, std::string_view text);

  int socket_ = -1;
  int socket_type_ = 0;  // 0: local
  sockaddr_storage remote_{};
  socklen_t remote_size_ = 0;
  Instant next_attempt_{};
};

}  // namespace rubus::io
