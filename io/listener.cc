#include "io/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "engine/base/text_number.h"
#include "io/config_text.h"
#include "io/socket_address.h"

namespace rubus::io {

namespace {

namespace asio = boost::asio;

constexpr int accepts_per_event_max = 64;  // then let the other sockets have a turn
constexpr int backlog = 4096;              // the kernel caps it at net.core.somaxconn
constexpr std::int64_t rest_milliseconds_min = 10;
constexpr std::int64_t rest_milliseconds_max = 1000;

// 0 or the errno of the failed call; `call` names it.
int bind_and_listen(int descriptor, const sockaddr* address, socklen_t size, const char*& call) {
  const int on = 1;
  const int off = 0;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  set_stream_options(descriptor);
  if (address->sa_family == AF_INET6) {
    ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  call = "bind";
  if (::bind(descriptor, address, size) != 0) {
    return errno;
  }
  call = "listen";
  return ::listen(descriptor, backlog) == 0 ? 0 : errno;
}

}  // namespace

Listener::Listener(asio::io_context& context) : acceptor_(context), rest_timer_(context) {}

std::optional<std::string> Listener::open(const ListenAddress& address) {
  const std::int32_t asked = std::max(address.port, 0);
  const std::string shown = address.host.find(':') == std::string::npos
                                ? address.host + ":" + std::to_string(asked)
                                : "[" + address.host + "]:" + std::to_string(asked);
  const std::string refused = "listen tcp " + shown + ": ";
  if (asked > 65'535) {
    return "listen tcp: address " + std::to_string(asked) + ": invalid port";
  }
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  const std::string port = std::to_string(asked);
  const bool any = is_unspecified(address.host);
  // Both families for the unspecified host; IPv4 alone where the kernel has no IPv6.
  const char* const hosts[] = {any ? "::" : address.host.c_str(), any ? "0.0.0.0" : nullptr};
  std::string problem;
  for (const char* host : hosts) {
    if (host == nullptr) {
      break;
    }
    addrinfo* found = nullptr;
    if (const int code = ::getaddrinfo(host, port.c_str(), &hints, &found); code != 0) {
      problem = "listen tcp: lookup " + address.host + ": " + lower_case(::gai_strerror(code));
      continue;
    }
    const int descriptor =
        ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const char* call = "socket";
    const int code = descriptor < 0
                         ? errno
                         : bind_and_listen(descriptor, found->ai_addr, found->ai_addrlen, call);
    const bool is_v6 = found->ai_family == AF_INET6;
    ::freeaddrinfo(found);
    if (code == 0) {
      acceptor_.assign(is_v6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), descriptor);
      port_ = acceptor_.local_endpoint().port();
      return std::nullopt;
    }
    if (descriptor >= 0) {
      ::close(descriptor);
    }
    problem = refused + call + ": " + lower_case(std::strerror(code));
    if (code == EADDRINUSE || code == EACCES) {
      break;
    }
  }
  return problem;
}

void Listener::start(const char* what, OnAccept on_accept, OnTrouble on_trouble) {
  what_ = what;
  on_accept_ = std::move(on_accept);
  on_trouble_ = std::move(on_trouble);
  wait();
}

void Listener::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  rest_timer_.cancel();
}

void Listener::wait() {
  acceptor_.async_wait(asio::ip::tcp::acceptor::wait_read,
                       [this](const boost::system::error_code& problem) {
                         if (!problem && is_open()) {
                           accept_ready();
                         }
                       });
}

void Listener::accept_ready() {
  for (int i = 0; i < accepts_per_event_max; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const int descriptor = ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&from),
                                     &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      rest_milliseconds_ = 0;
      on_accept_(descriptor, address_of(reinterpret_cast<const sockaddr*>(&from)));
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      rest(errno);
      return;
    }
    // Anything else concerns one half-made connection (accept(2)): go on with the next.
  }
  wait();
}

void Listener::rest(int problem) {
  rest_milliseconds_ =
      std::clamp(rest_milliseconds_ * 2, rest_milliseconds_min, rest_milliseconds_max);
  on_trouble_(std::string("Temporary ") + what_ +
              " Accept Error (accept tcp: " + lower_case(std::strerror(problem)) + "), sleeping " +
              std::to_string(rest_milliseconds_) + "ms");
  rest_timer_.expires_after(std::chrono::milliseconds(rest_milliseconds_));
  rest_timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled && is_open()) {
      accept_ready();
    }
  });
}

}  // namespace rubus::io
