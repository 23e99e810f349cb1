// MonitorHttp: the monitoring port, http and https, and the port for Prometheus, which serves
// /metrics and nothing else.
//
// It speaks HTTP and counts requests; what is in the documents is the engine's business
// (MonitorAsked → MonitorReply), except for the link page at "/" and the dashboard. Every method is
// served the same, HEAD without a body. Paths are exact apart from doubled slashes; anything else
// is 404.
//
// Bounds: sessions_max connections, 8 KiB of request head, 4 KiB of request body; what is larger,
// or no HTTP at all, is told so (431, 413, 400) and closed. Times: see MonitorPatience. A slow
// client costs its own session and nothing else.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/seam/input.h"
#include "engine/seam/output.h"
#include "io/listener.h"
#include "io/process_facts.h"
#include "io/server_config.h"
#include "io/tls_context.h"

namespace rubus::io {

class MonitorSession;

// How long a client may take; then its session is closed without a word.
struct MonitorPatience {
  // From one answer to the end of the next request: one clock for idling and for delivering.
  std::chrono::milliseconds request{30'000};
  // Without progress in taking an answer; for the whole of a TLS handshake.
  std::chrono::milliseconds progress{10'000};
  // To stop sending, once it was told that its request is refused.
  std::chrono::milliseconds farewell{2'000};
};

class MonitorHttp {
 public:
  static constexpr std::size_t sessions_max = 256;

  using Ask = std::function<void(MonitorAsked)>;
  using Trouble = std::function<void(const std::string&)>;

  MonitorHttp(boost::asio::io_context& context, std::string base_path, MonitorPatience patience,
              Ask ask, Trouble trouble);
  MonitorHttp(const MonitorHttp&) = delete;
  MonitorHttp& operator=(const MonitorHttp&) = delete;
  ~MonitorHttp();

  // Why not, or nothing; `tls` null: http.
  [[nodiscard]] std::optional<std::string> open(const ListenAddress& address,
                                                std::shared_ptr<const TlsContext> tls);
  [[nodiscard]] std::optional<std::string> open_metrics(const ListenAddress& address) {
    return metrics_.open(address);
  }
  // New https sessions use `tls` from now on.
  void set_tls(std::shared_ptr<const TlsContext> tls) { tls_ = std::move(tls); }
  void start();
  void close();

  std::uint16_t http_port() const { return http_.port(); }
  std::uint16_t https_port() const { return https_.port(); }
  std::uint16_t metrics_port() const { return metrics_.port(); }

  void on_reply(MonitorReply&& reply);

  // Called by sessions, only while the io_context runs.
  void on_request(std::shared_ptr<MonitorSession> session, std::string_view target);

 private:
  void accept(int descriptor, std::shared_ptr<const TlsContext> tls, bool is_metrics_only);
  void serve_metrics(std::shared_ptr<MonitorSession> session, std::string_view target);
  void ask(std::shared_ptr<MonitorSession> session, std::string path, std::string query);
  std::string local_path(std::string_view path) const;
  void count(const std::string& path);

  boost::asio::io_context& context_;
  const std::string base_path_;
  const MonitorPatience patience_;
  Ask ask_;
  Trouble trouble_;
  Listener http_;
  Listener https_;
  Listener metrics_;
  std::shared_ptr<const TlsContext> tls_;
  ProcessFactsReader facts_;
  std::vector<std::pair<std::string, std::uint64_t>> requests_;  // sorted by path
  std::map<MonitorTicket, std::shared_ptr<MonitorSession>> asked_;
  std::uint64_t last_ticket_ = 0;
  // Shared with the sessions, which may be destroyed after this object (with their io_context).
  std::shared_ptr<std::size_t> sessions_ = std::make_shared<std::size_t>(0);
};

}  // namespace rubus::io
