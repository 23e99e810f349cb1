#include "bench/connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <span>

#include "bench/frame_buffer.h"

namespace rubus::load {

namespace {

// Longest wait for one answer of a handshake.
constexpr int answer_ms_max = 10'000;

constexpr std::string_view connect_line =
    "CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"c++\",\"name\":\"rubus-load\","
    "\"version\":\"1\",\"protocol\":1,\"echo\":true,\"headers\":true,\"no_responders\":true}\r\n";

sockaddr_in loopback_address(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool wait_until(int fd, short events) {
  pollfd entry{fd, events, 0};
  return ::poll(&entry, 1, answer_ms_max) > 0;
}

}  // namespace

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(info_, other.info_);
  std::swap(messages_seen_, other.messages_seen_);
  return *this;
}

Connection::~Connection() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

Failure Connection::dial(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return system_failure("cannot make a socket");
  }
  const sockaddr_in address = loopback_address(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    Failure failure = system_failure("cannot connect to 127.0.0.1:" + std::to_string(port));
    ::close(fd);
    return failure;
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (fd_ >= 0) {
    ::close(fd_);
  }
  fd_ = fd;
  return std::nullopt;
}

Failure Connection::open(std::uint16_t port) {
  if (Failure failure = dial(port)) {
    return failure;
  }
  if (Failure failure = send_all(std::string(connect_line) + "PING\r\n")) {
    return failure;
  }
  return wait_for_pong();
}

Failure Connection::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) {
      continue;
    }
    if (errno != EAGAIN || !wait_until(fd_, POLLOUT)) {
      return system_failure("cannot send to the server");
    }
  }
  return std::nullopt;
}

Failure Connection::send_and_sync(std::string_view bytes) {
  if (Failure failure = send_all(bytes)) {
    return failure;
  }
  if (Failure failure = send_all("PING\r\n")) {
    return failure;
  }
  return wait_for_pong();
}

Failure Connection::wait_for_pong() {
  FrameBuffer frames(16 * 1024);
  for (;;) {
    if (!wait_until(fd_, POLLIN)) {
      return "the server did not answer PING within 10 s";
    }
    const std::span<char> space = frames.space();
    const ssize_t count = ::recv(fd_, space.data(), space.size(), 0);
    if (count == 0) {
      return "the server closed the connection during the handshake";
    }
    if (count < 0) {
      return system_failure("cannot receive from the server");
    }
    frames.received(static_cast<std::size_t>(count));
    for (WholeFrame frame = frames.next(); frame.kind != FrameKind::incomplete;
         frame = frames.next()) {
      if (frame.kind == FrameKind::pong) {
        return std::nullopt;
      }
      messages_seen_ += frame.kind == FrameKind::message ? 1 : 0;
      if (frame.kind == FrameKind::info) {
        info_ = std::string(frame.line.substr(5));
      }
      if (frame.kind == FrameKind::error || frame.kind == FrameKind::unknown) {
        return "the server answered the handshake with: " + std::string(frame.line);
      }
      if (frame.kind == FrameKind::ping) {
        if (Failure failure = send_all("PONG\r\n")) {
          return failure;
        }
      }
    }
  }
}

Failure Connection::go_nonblocking() {
  const int flags = ::fcntl(fd_, F_GETFL);
  if (flags < 0 || ::fcntl(fd_, F_SETFL, flags | O_NONBLOCK) != 0) {
    return system_failure("cannot make the socket non-blocking");
  }
  return std::nullopt;
}

std::string text_field(std::string_view json, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":\"";
  const std::size_t begin = json.find(key);
  if (begin == std::string_view::npos) {
    return "";
  }
  const std::string_view value = json.substr(begin + key.size());
  return std::string(value.substr(0, value.find('"')));
}

std::uint16_t find_free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return 0;
  }
  sockaddr_in address = loopback_address(0);
  socklen_t length = sizeof address;
  const bool found = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), length) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  ::close(fd);
  return found ? ntohs(address.sin_port) : std::uint16_t{0};
}

}  // namespace rubus::load
