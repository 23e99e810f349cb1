#include "io/dialer.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "io/config_text.h"
#include "io/socket_address.h"

namespace rubus::io {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

std::string text_of(const boost::system::error_code& problem) {
  return lower_case(problem.message());
}

}  // namespace

struct Dialer::Attempt {
  Attempt(asio::io_context& context, DialPeer wanted, std::shared_ptr<const TlsContext> settings)
      : peer(std::move(wanted)), tls(std::move(settings)), socket(context), timer(context) {}

  const DialPeer peer;
  const std::shared_ptr<const TlsContext> tls;
  tcp::socket socket;
  asio::steady_timer timer;
  bool is_over = false;
};

Dialer::Dialer(asio::io_context& context, Outcome outcome)
    : context_(context), outcome_(std::move(outcome)) {}

// Handlers of cancelled waits find their attempt over and touch nothing else.
Dialer::~Dialer() {
  for (const std::shared_ptr<Attempt>& attempt : attempts_) {
    boost::system::error_code ignored;
    attempt->is_over = true;
    attempt->timer.cancel();
    attempt->socket.close(ignored);
  }
}

void Dialer::dial(DialPeer peer, std::shared_ptr<const TlsContext> tls) {
  attempts_.push_back(std::make_shared<Attempt>(context_, std::move(peer), std::move(tls)));
  // Through the queue, so that even a connect that fails at once is told after this call.
  asio::post(context_, [this, attempt = attempts_.back()] {
    if (!attempt->is_over) {
      connect(attempt);
    }
  });
}

void Dialer::connect(const std::shared_ptr<Attempt>& attempt) {
  const tcp::endpoint target = endpoint_of(attempt->peer.address);
  boost::system::error_code problem;
  attempt->socket.open(target.protocol(), problem);
  if (problem) {
    finish(attempt, text_of(problem));
    return;
  }
  set_stream_options(attempt->socket.native_handle());
  attempt->timer.expires_after(std::chrono::nanoseconds(attempt->peer.patience.nanoseconds));
  attempt->timer.async_wait([this, attempt](const boost::system::error_code& cancelled) {
    if (!cancelled && !attempt->is_over) {
      finish(attempt, "i/o timeout");
    }
  });
  attempt->socket.async_connect(target, [this, attempt](const boost::system::error_code& failed) {
    if (!attempt->is_over) {
      finish(attempt, failed ? text_of(failed) : std::string());
    }
  });
}

// An empty trouble: connected.
void Dialer::finish(const std::shared_ptr<Attempt>& attempt, const std::string& trouble) {
  attempt->is_over = true;
  attempt->timer.cancel();
  std::erase(attempts_, attempt);
  boost::system::error_code problem;
  if (!trouble.empty()) {
    attempt->socket.close(problem);
    outcome_.failed(attempt->peer.ticket, trouble);
    return;
  }
  const bool is_itself =
      attempt->socket.local_endpoint(problem) == attempt->socket.remote_endpoint(problem);
  if (is_itself || problem) {
    attempt->socket.close(problem);
    outcome_.failed(attempt->peer.ticket, "connection refused");
    return;
  }
  attempt->socket.native_non_blocking(true, problem);
  const int descriptor = attempt->socket.release(problem);
  if (problem) {
    outcome_.failed(attempt->peer.ticket, text_of(problem));
    return;
  }
  outcome_.connected(attempt->peer, attempt->tls, descriptor);
}

}  // namespace rubus::io
