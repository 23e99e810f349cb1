#include "bench/loopback_limit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <list>
#include <vector>

#include "bench/frame_buffer.h"
#include "bench/frame_counter.h"

namespace rubus::load {

namespace {

constexpr std::size_t read_bytes = 512 * 1024;

constexpr std::string_view info_line =
    "INFO {\"server_id\":\"LOOPBACK\",\"server_name\":\"loopback\",\"version\":\"0.0.0\","
    "\"proto\":1,\"headers\":true,\"max_payload\":1048576}\r\n";

struct Peer {
  explicit Peer(int descriptor) : fd(descriptor), counter(read_bytes), frames(read_bytes) {}
  int fd;
  FrameCounter counter;  // sink
  FrameBuffer frames;    // relay
  std::uint64_t pongs_sent = 0;
  bool is_subscriber = false;
  bool is_queue_member = false;
  bool is_gone = false;
};

class LoopbackServer {
 public:
  LoopbackServer(LoopbackRole role, int listener) : role_(role), listener_(listener) {}

  void turn();

 private:
  void accept_peer();
  void receive(Peer& peer);
  void count(Peer& peer, std::size_t bytes);
  void relay(Peer& peer);
  void forward(std::string_view frames);
  static void send_all(Peer& peer, std::string_view bytes);

  LoopbackRole role_;
  int listener_;
  std::list<Peer> peers_;
  std::vector<pollfd> entries_;
  std::size_t next_member_ = 0;
};

void LoopbackServer::turn() {
  peers_.remove_if([](const Peer& peer) {
    if (peer.is_gone) {
      ::close(peer.fd);
    }
    return peer.is_gone;
  });
  entries_.clear();
  entries_.push_back({listener_, POLLIN, 0});
  for (const Peer& peer : peers_) {
    entries_.push_back({peer.fd, POLLIN, 0});
  }
  if (::poll(entries_.data(), entries_.size(), -1) < 0) {
    return;
  }
  std::size_t at = 1;
  for (Peer& peer : peers_) {
    if (entries_[at++].revents != 0) {
      receive(peer);
    }
  }
  if (entries_[0].revents != 0) {
    accept_peer();
  }
}

void LoopbackServer::accept_peer() {
  const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) {
    return;
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  peers_.emplace_back(fd);
  send_all(peers_.back(), info_line);
}

void LoopbackServer::receive(Peer& peer) {
  const std::span<char> space =
      role_ == LoopbackRole::sink ? peer.counter.space() : peer.frames.space();
  const ssize_t count_of_bytes = ::recv(peer.fd, space.data(), space.size(), MSG_DONTWAIT);
  if (count_of_bytes <= 0) {
    peer.is_gone = count_of_bytes == 0 || (errno != EAGAIN && errno != EINTR);
    return;
  }
  const std::size_t bytes = static_cast<std::size_t>(count_of_bytes);
  if (role_ == LoopbackRole::sink) {
    count(peer, bytes);
  } else {
    peer.frames.received(bytes);
    relay(peer);
  }
}

void LoopbackServer::count(Peer& peer, std::size_t bytes) {
  peer.is_gone = !peer.counter.received(bytes);
  for (; peer.pongs_sent < peer.counter.pings(); ++peer.pongs_sent) {
    send_all(peer, "PONG\r\n");
  }
}

// Neighbouring message frames leave in one piece.
void LoopbackServer::relay(Peer& peer) {
  std::string_view run;
  for (WholeFrame frame = peer.frames.next(); frame.kind != FrameKind::incomplete;
       frame = peer.frames.next()) {
    if (frame.kind == FrameKind::message) {
      run =
          run.empty() ? frame.bytes : std::string_view(run.data(), run.size() + frame.bytes.size());
      continue;
    }
    forward(run);
    run = std::string_view();
    if (frame.kind == FrameKind::ping) {
      send_all(peer, "PONG\r\n");
    } else if (frame.kind == FrameKind::subscribe) {
      peer.is_subscriber = true;
      peer.is_queue_member = std::count(frame.line.begin(), frame.line.end(), ' ') == 3;
    } else if (frame.kind == FrameKind::unknown) {
      peer.is_gone = true;
      return;
    }
  }
  forward(run);
}

void LoopbackServer::forward(std::string_view frames) {
  if (frames.empty()) {
    return;
  }
  std::vector<Peer*> members;
  for (Peer& peer : peers_) {
    if (peer.is_queue_member) {
      members.push_back(&peer);
    } else if (peer.is_subscriber) {
      send_all(peer, frames);
    }
  }
  if (!members.empty()) {
    send_all(*members[next_member_++ % members.size()], frames);
  }
}

void LoopbackServer::send_all(Peer& peer, std::string_view bytes) {
  while (!bytes.empty() && !peer.is_gone) {
    const ssize_t sent = ::send(peer.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EINTR) {
      peer.is_gone = true;
    }
  }
}

}  // namespace

Failure serve_loopback(LoopbackRole role, std::uint16_t port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (listener < 0 ||
      ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener, 512) != 0) {
    return system_failure("cannot listen on 127.0.0.1:" + std::to_string(port));
  }
  LoopbackServer server(role, listener);
  for (;;) {
    server.turn();
  }
}

}  // namespace rubus::load
