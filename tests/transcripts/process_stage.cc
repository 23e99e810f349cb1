#include "tests/transcripts/process_stage.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace rubus::transcript {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds event_limit{20'000};

// A connected non-blocking socket, or -1 with errno.
int connect_to(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  return fd;
}

std::optional<int> signal_number(std::string_view name) {
  if (name == "TERM")
    return SIGTERM;
  if (name == "INT")
    return SIGINT;
  if (name == "HUP")
    return SIGHUP;
  if (name == "USR2")
    return SIGUSR2;
  return std::nullopt;
}

}  // namespace

ProcessStage::~ProcessStage() {
  for (const auto& [number, connection] : connections_)
    close(connection.socket);
}

Stage ProcessStage::stage() {
  Stage stage;
  stage.open = [this](int number) { return open(number); };
  stage.send = [this](int number, std::string_view bytes) { return send(number, bytes); };
  stage.wait = [this](milliseconds& patience) { return wait(patience); };
  stage.take = [this](int number) {
    return std::exchange(connections_.at(number).received, std::string());
  };
  stage.ended = [this](int number) { return connections_.at(number).ended; };
  stage.act = [this](const Action& action) { return act(action); };
  return stage;
}

Problem ProcessStage::open(int number) {
  const int fd = connect_to(server_.client_port());
  if (fd < 0)
    return std::string("cannot connect: ") + std::strerror(errno);
  connections_.emplace(number, Connection{fd, {}, {}, false, true, nullptr});
  return std::nullopt;
}

Problem ProcessStage::send(int number, std::string_view bytes) {
  Connection& connection = connections_.at(number);
  if (connection.tls) {
    connection.tls->write(bytes);
    connection.unsent += connection.tls->wire();
  } else {
    connection.unsent += bytes;
  }
  write_out(connection);
  return std::nullopt;
}

void ProcessStage::write_out(Connection& connection) {
  while (!connection.unsent.empty()) {
    const ssize_t count =
        ::send(connection.socket, connection.unsent.data(), connection.unsent.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0 && errno == EAGAIN)
      return;
    if (count < 0) {
      // The server hung up. What it said before that is still to be read.
      connection.unsent.clear();
      return;
    }
    connection.unsent.erase(0, static_cast<std::size_t>(count));
  }
}

// True if bytes or the end arrived.
bool ProcessStage::read_in(Connection& connection) {
  std::array<char, 65536> buffer{};
  bool arrived = false;
  while (!connection.ended) {
    const ssize_t count = recv(connection.socket, buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0 && errno == EAGAIN)
      break;
    arrived = true;
    if (count <= 0) {
      connection.ended = true;
      break;
    }
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
    if (connection.tls) {
      connection.received += connection.tls->on_wire(bytes);
      connection.unsent += connection.tls->wire();
      write_out(connection);
    } else {
      connection.received += bytes;
    }
  }
  return arrived;
}

bool ProcessStage::wait(milliseconds& patience) {
  const steady_clock::time_point limit = steady_clock::now() + patience;
  bool arrived = false;
  while (!arrived) {
    patience = std::max(milliseconds(0),
                        std::chrono::duration_cast<milliseconds>(limit - steady_clock::now()));
    std::vector<pollfd> waiting;
    std::vector<Connection*> order;
    for (auto& [number, connection] : connections_) {
      int events = 0;
      if (connection.reading && !connection.ended)
        events |= POLLIN;
      if (!connection.unsent.empty())
        events |= POLLOUT;
      if (events == 0)
        continue;
      waiting.push_back({connection.socket, static_cast<short>(events), 0});
      order.push_back(&connection);
    }
    if (server_.log_fd() >= 0)
      waiting.push_back({server_.log_fd(), POLLIN, 0});
    const int count = poll(waiting.data(), waiting.size(), static_cast<int>(patience.count()));
    if (count == 0)
      break;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if ((waiting[i].revents & POLLOUT) != 0)
        write_out(*order[i]);
      if ((waiting[i].revents & ~POLLOUT) != 0 && read_in(*order[i]))
        arrived = true;
    }
    const std::size_t before = server_.log().size();
    const int log_before = server_.log_fd();
    server_.read_log();
    if (server_.log().size() != before || server_.log_fd() != log_before)
      arrived = true;
  }
  patience = std::max(milliseconds(0),
                      std::chrono::duration_cast<milliseconds>(limit - steady_clock::now()));
  return arrived;
}

bool ProcessStage::wait_until(const std::function<bool()>& condition) {
  milliseconds left = event_limit;
  while (!condition()) {
    // In slices, because the end of a process is no event of any descriptor once its log is shut.
    milliseconds slice = std::min(left, milliseconds(20));
    const milliseconds asked = slice;
    const bool arrived = wait(slice);
    left -= asked - slice;
    if (!arrived && left <= milliseconds(0))
      return condition();
  }
  return true;
}

Problem ProcessStage::act(const Action& action) {
  switch (action.kind) {
    case ActionKind::reload:
      return reload(action.argument);
    case ActionKind::signal: {
      const std::optional<int> number = signal_number(action.argument);
      if (!number)
        return "unknown signal " + action.argument;
      server_.send_signal(*number);
      return std::nullopt;
    }
    case ActionKind::exits:
      return must_exit(action.argument);
    case ActionKind::tls:
      return shake_hands(action.connection, false);
    case ActionKind::tls_refused:
      return shake_hands(action.connection, true);
    case ActionKind::refused:
      return must_be_refused();
    case ActionKind::stop_reading:
      connections_.at(action.connection).reading = false;
      return std::nullopt;
    case ActionKind::read_to_end:
      connections_.at(action.connection).reading = true;
      return std::nullopt;
    case ActionKind::monitor:
      return ask_monitor(action.argument);
    case ActionKind::bytewise:
    case ActionKind::pass:
    case ActionKind::quiet:
    case ActionKind::send_repeated:
      return "this is the player's own business";
  }
  return "an action without a meaning";
}

Problem ProcessStage::reload(const std::string& configuration) {
  constexpr std::string_view done = "Reloaded server configuration";
  const std::size_t before = server_.log_count(done);
  server_.write_configuration(configuration);
  server_.send_signal(SIGHUP);
  if (wait_until([&] { return server_.log_count(done) > before; }))
    return std::nullopt;
  return "the configuration was not reloaded; log:\n" + server_.log();
}

Problem ProcessStage::must_exit(const std::string& code) {
  if (!wait_until([&] { return server_.exit_code().has_value(); }))
    return "the server stays";
  const std::string was = std::to_string(*server_.exit_code());
  if (was == code)
    return std::nullopt;
  return "exit code " + was + " instead of " + code + "; log:\n" + server_.log();
}

Problem ProcessStage::shake_hands(int number, bool must_fail) {
  Connection& connection = connections_.at(number);
  connection.tls = std::make_unique<TlsClient>();
  connection.tls->shake();
  connection.unsent += connection.tls->wire();
  write_out(connection);
  const bool over = wait_until([&] {
    return connection.tls->is_established() || connection.tls->has_failed() || connection.ended;
  });
  if (!over)
    return "the TLS handshake does not end";
  if (connection.tls->is_established() != must_fail)
    return std::nullopt;
  return must_fail ? "the TLS handshake succeeded" : "the TLS handshake failed";
}

Problem ProcessStage::must_be_refused() {
  const bool refused = wait_until([this] {
    const int fd = connect_to(server_.client_port());
    if (fd >= 0)
      close(fd);
    return fd < 0 && errno == ECONNREFUSED;
  });
  if (refused)
    return std::nullopt;
  return "the server still accepts connections";
}

// Asks until the answer contains the words: what a connection ended of is written down a moment
// after the client sees its end.
Problem ProcessStage::ask_monitor(const std::string& argument) {
  const std::size_t blank = argument.find(' ');
  if (blank == std::string::npos)
    return "monitor needs a path and a text";
  const std::string request = "GET " + argument.substr(0, blank) + " HTTP/1.0\r\n\r\n";
  const std::string wanted = argument.substr(blank + 1);
  std::string answer;
  const bool found = wait_until([&] {
    const int fd = connect_to(server_.monitor_port());
    if (fd < 0)
      return false;
    Connection http{fd, {}, request, false, true, nullptr};
    write_out(http);
    for (int turns = 0; !http.ended && turns < 1000; ++turns) {
      pollfd waiting{fd, POLLIN, 0};
      poll(&waiting, 1, 100);
      static_cast<void>(read_in(http));
    }
    close(fd);
    answer = http.received;
    return answer.find(wanted) != std::string::npos;
  });
  if (found)
    return std::nullopt;
  return "the monitor's answer lacks " + wanted + ":\n" + answer;
}

}  // namespace rubus::transcript
