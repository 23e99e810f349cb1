// MonitorSession: one HTTP connection of the monitoring port, plain or TLS.
//
// Lives by its own pending operation (shared ownership); ends when the peer leaves, breaks the
// protocol (which it is told) or is too slow. One request at a time: the next is read after the
// answer has left.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "io/tls_context.h"

namespace rubus::io {

class MonitorHttp;
struct MonitorPatience;

struct MonitorAnswer {
  unsigned status = 200;
  std::string content_type;
  std::string body;
  bool is_shared = true;  // any web page may read it
  std::string policy;     // Content-Security-Policy of a page for people
};

class MonitorSession : public std::enable_shared_from_this<MonitorSession> {
 public:
  MonitorSession() = default;
  MonitorSession(const MonitorSession&) = delete;
  MonitorSession& operator=(const MonitorSession&) = delete;
  virtual ~MonitorSession() = default;

  virtual void start() = 0;
  virtual void respond(MonitorAnswer answer) = 0;

  bool is_metrics_only = false;  // came in by the port for Prometheus
};

// Takes over `descriptor` unless it returns null; `tls` null: plain. `count` goes up and down with
// the session.
std::shared_ptr<MonitorSession> make_monitor_session(
    MonitorHttp& owner, boost::asio::io_context& context, const MonitorPatience& patience,
    int descriptor, std::shared_ptr<const TlsContext> tls, std::shared_ptr<std::size_t> count);

}  // namespace rubus::io
