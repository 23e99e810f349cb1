#include "io/monitor_session.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <ctime>
#include <optional>
#include <type_traits>

#include "io/monitor_http.h"

namespace rubus::io {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::size_t head_bytes_max = 8192;
constexpr std::size_t body_bytes_max = 4096;
constexpr std::chrono::seconds transfer_time(10);
constexpr std::chrono::seconds idle_time(30);

using Response = http::response<http::string_body>;
using PlainStream = beast::tcp_stream;
using SecureStream = asio::ssl::stream<beast::tcp_stream>;

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

template <typename Stream>
class HttpSession final : public MonitorSession {
 public:
  template <typename... Arguments>
  HttpSession(MonitorHttp& owner, std::shared_ptr<const TlsContext> tls,
              std::shared_ptr<std::size_t> count, Arguments&&... arguments)
      : owner_(owner),
        tls_(std::move(tls)),
        count_(std::move(count)),
        stream_(std::forward<Arguments>(arguments)...) {
    ++*count_;
  }
  ~HttpSession() override { --*count_; }

  void start() override {
    if constexpr (std::is_same_v<Stream, SecureStream>) {
      beast::get_lowest_layer(stream_).expires_after(transfer_time);
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = self()](const boost::system::error_code& problem) {
                                if (!problem) {
                                  self->read();
                                }
                              });
    } else {
      read();
    }
  }

  void respond(MonitorAnswer answer) override {
    response_.emplace();
    Response& response = *response_;
    response.version(parser_->get().version());
    response.result(answer.status);
    if (answer.is_shared) {
      response.set(http::field::access_control_allow_origin, "*");
    }
    if (!answer.policy.empty()) {
      response.set("Content-Security-Policy", answer.policy);
      response.set("Referrer-Policy", "no-referrer");
    }
    response.set(http::field::content_type, answer.content_type);
    response.set("X-Content-Type-Options", "nosniff");
    // All of it is about now, and the dashboard belongs to the version of the server it came from.
    response.set(http::field::cache_control, "no-store");
    response.set(http::field::date, http_date());
    response.keep_alive(parser_->get().keep_alive());
    response.body() = std::move(answer.body);
    response.prepare_payload();
    beast::get_lowest_layer(stream_).expires_after(transfer_time);
    serializer_.emplace(response);
    const auto on_written = [self = self()](const boost::system::error_code& problem, std::size_t) {
      self->on_written(problem);
    };
    if (parser_->get().method() == http::verb::head) {
      http::async_write_header(stream_, *serializer_, on_written);
    } else {
      http::async_write(stream_, *serializer_, on_written);
    }
  }

 private:
  std::shared_ptr<HttpSession> self() {
    return std::static_pointer_cast<HttpSession>(shared_from_this());
  }

  void read() {
    parser_.emplace();
    parser_->header_limit(head_bytes_max);
    parser_->body_limit(body_bytes_max);
    // The first byte of a request may take its time; Beast has one clock for both, so the
    // longer limit holds for an idle connection and for a request in the making.
    beast::get_lowest_layer(stream_).expires_after(idle_time);
    http::async_read(stream_, buffer_, *parser_,
                     [self = self()](const boost::system::error_code& problem, std::size_t) {
                       if (!problem) {
                         const auto target = self->parser_->get().target();
                         self->owner_.on_request(self, {target.data(), target.size()});
                       }
                     });
  }

  void on_written(const boost::system::error_code& problem) {
    const bool goes_on = response_->keep_alive();
    serializer_.reset();
    response_.reset();
    if (problem) {
      return;
    }
    if (goes_on) {
      read();
      return;
    }
    boost::system::error_code ignored;
    beast::get_lowest_layer(stream_).socket().shutdown(asio::ip::tcp::socket::shutdown_send,
                                                       ignored);
  }

  MonitorHttp& owner_;
  std::shared_ptr<const TlsContext> tls_;  // outlives the stream made from it
  std::shared_ptr<std::size_t> count_;
  Stream stream_;
  beast::flat_buffer buffer_{head_bytes_max + body_bytes_max};
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<Response> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
};

}  // namespace

std::shared_ptr<MonitorSession> make_monitor_session(MonitorHttp& owner, asio::io_context& context,
                                                     int descriptor,
                                                     std::shared_ptr<const TlsContext> tls,
                                                     std::shared_ptr<std::size_t> count) {
  asio::ip::tcp::socket socket(context);
  boost::system::error_code problem;
  socket.assign(asio::ip::tcp::v6(), descriptor, problem);
  if (problem) {
    return nullptr;
  }
  if (tls == nullptr) {
    return std::make_shared<HttpSession<PlainStream>>(owner, nullptr, std::move(count),
                                                      std::move(socket));
  }
  // Asio's wrapper owns one reference and may go after construction: SSL_new takes its own.
  SSL_CTX_up_ref(tls->handle());
  asio::ssl::context wrapper(tls->handle());
  return std::make_shared<HttpSession<SecureStream>>(owner, tls, std::move(count),
                                                     PlainStream(std::move(socket)), wrapper);
}

}  // namespace rubus::io
