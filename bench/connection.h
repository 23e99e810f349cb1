// One TCP connection to a NATS server on 127.0.0.1, with its handshake.
//
// Blocking until go_nonblocking() is called; the traffic modes handshake first and then switch.
// Moves only. Holds no read buffer, so that thousands of idle connections cost this process a
// descriptor each and nothing more.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "bench/failure.h"

namespace rubus::load {

class Connection {
 public:
  Connection() = default;
  Connection(Connection&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        info_(std::move(other.info_)),
        messages_seen_(other.messages_seen_) {}
  Connection& operator=(Connection&& other) noexcept;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Connects, reads INFO, sends CONNECT and PING, waits for PONG.
  [[nodiscard]] Failure open(std::uint16_t port);
  // TCP only.
  [[nodiscard]] Failure dial(std::uint16_t port);
  // Blocks until every byte is with the kernel, also on a non-blocking connection.
  [[nodiscard]] Failure send_all(std::string_view bytes);
  // Sends `bytes` and PING, waits for the PONG: the server has then acted on all of it.
  [[nodiscard]] Failure send_and_sync(std::string_view bytes);
  [[nodiscard]] Failure go_nonblocking();

  int fd() const { return fd_; }
  // The INFO line of the last open(), without the verb.
  const std::string& info() const { return info_; }
  void forget_info() { info_ = std::string(); }
  // MSG and HMSG that passed while something else was waited for.
  std::uint64_t messages_seen() const { return messages_seen_; }

 private:
  [[nodiscard]] Failure wait_for_pong();

  int fd_ = -1;
  std::string info_;
  std::uint64_t messages_seen_ = 0;
};

// A string field of a flat JSON object, or "" when it is not there. Enough for INFO.
std::string text_field(std::string_view json, std::string_view name);

// A TCP port of 127.0.0.1 that was free a moment ago; 0 when the kernel gives none.
std::uint16_t find_free_port();

}  // namespace rubus::load
