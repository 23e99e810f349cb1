#include "bench/tcp_pipe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "bench/connection.h"

namespace rubus::load {

namespace {

// Two sockets; either is -1 when the pair has ended.
struct Pair {
  int near = -1;
  int far = -1;
};

Failure listen_on(std::uint16_t port, int& listener) {
  listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener, 64) != 0) {
    return system_failure("cannot listen on port " + std::to_string(port));
  }
  return std::nullopt;
}

void accept_pair(int listener, std::uint16_t target_port, std::vector<Pair>& pairs) {
  const int near = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (near < 0) {
    return;
  }
  Connection target;
  if (target.dial(target_port)) {
    ::close(near);
    return;
  }
  const int on = 1;
  ::setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  pairs.push_back({near, ::dup(target.fd())});
}

// False when the stream has ended or the other side takes no more.
bool forward(int from, int to) {
  static std::array<char, 64 * 1024> buffer;
  const ssize_t count = ::recv(from, buffer.data(), buffer.size(), 0);
  ssize_t sent = 0;
  while (count > 0 && sent < count) {
    const ssize_t more =
        ::send(to, buffer.data() + sent, static_cast<std::size_t>(count - sent), MSG_NOSIGNAL);
    if (more <= 0) {
      return false;
    }
    sent += more;
  }
  return count > 0;
}

void forward_ready(const std::vector<pollfd>& entries, std::vector<Pair>& pairs) {
  std::vector<Pair> kept;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const bool near_is_ready = entries[1 + 2 * i].revents != 0;
    const bool far_is_ready = entries[2 + 2 * i].revents != 0;
    const Pair pair = pairs[i];
    if ((near_is_ready && !forward(pair.near, pair.far)) ||
        (far_is_ready && !forward(pair.far, pair.near))) {
      ::close(pair.near);
      ::close(pair.far);
      continue;
    }
    kept.push_back(pair);
  }
  pairs = std::move(kept);
}

}  // namespace

Failure serve_pipe(std::uint16_t port, std::uint16_t target_port) {
  int listener = -1;
  if (Failure failure = listen_on(port, listener)) {
    return failure;
  }
  std::vector<Pair> pairs;
  for (;;) {
    std::vector<pollfd> entries = {{listener, POLLIN, 0}};
    for (const Pair& pair : pairs) {
      entries.push_back({pair.near, POLLIN, 0});
      entries.push_back({pair.far, POLLIN, 0});
    }
    if (::poll(entries.data(), entries.size(), -1) < 0 && errno != EINTR) {
      return system_failure("poll");
    }
    forward_ready(entries, pairs);
    if (entries[0].revents != 0) {
      accept_pair(listener, target_port, pairs);
    }
  }
}

}  // namespace rubus::load
