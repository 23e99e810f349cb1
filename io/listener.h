// Listener: a listening TCP port that hands out accepted descriptors.
//
// open() binds and listens at once, so that a taken port is known before anything else starts;
// start() begins to accept. An unspecified host ("", 0.0.0.0, ::) listens on both address families,
// as nats-server does. TCP_NODELAY and keep-alive are set here and inherited by what is accepted.
//
// Out of descriptors (EMFILE and kin): accepting rests for up to a second and tries again; nobody
// spins, nobody dies, established connections notice nothing.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/seam/input.h"
#include "io/server_config.h"

namespace rubus::io {

class Listener {
 public:
  using OnAccept = std::function<void(int descriptor, const Address& remote)>;
  using OnTrouble = std::function<void(const std::string& text)>;

  explicit Listener(boost::asio::io_context& context);

  // Why not, in Go's words: "listen tcp 0.0.0.0:4222: bind: address already in use".
  [[nodiscard]] std::optional<std::string> open(const ListenAddress& address);
  // `what` is accepted here, as the log calls it: "Client", "Route".
  void start(const char* what, OnAccept on_accept, OnTrouble on_trouble);
  void close();

  bool is_open() const { return acceptor_.is_open(); }
  std::uint16_t port() const { return port_; }

 private:
  void wait();
  void accept_ready();
  void rest(int problem);

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer rest_timer_;
  const char* what_ = "";
  OnAccept on_accept_;
  OnTrouble on_trouble_;
  std::uint16_t port_ = 0;
  std::int64_t rest_milliseconds_ = 0;
};

}  // namespace rubus::io
