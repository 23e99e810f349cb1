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

// What a request that could not be read is answered; 0: nothing, the peer left or was too slow.
unsigned refusal_status(const boost::system::error_code& problem) {
  const bool is_about_http =
      problem.category() == http::make_error_code(http::error::bad_method).category();
  if (!is_about_http || problem == http::error::end_of_stream ||
      problem == http::error::partial_message) {
    return 0;
  }
  if (problem == http::error::header_limit || problem == http::error::buffer_overflow) {
    return 431;
  }
  return problem == http::error::body_limit ? 413 : 400;
}

template <typename Stream>
class HttpSession final : public MonitorSession {
 public:
  template <typename... Arguments>
  HttpSession(MonitorHttp& owner, const MonitorPatience& patience,
              std::shared_ptr<const TlsContext> tls, std::shared_ptr<std::size_t> count,
              Arguments&&... arguments)
      : owner_(owner),
        patience_(patience),
        tls_(std::move(tls)),
        count_(std::move(count)),
        stream_(std::forward<Arguments>(arguments)...) {
    ++*count_;
  }
  ~HttpSession() override { --*count_; }

  void start() override {
    if constexpr (std::is_same_v<Stream, SecureStream>) {
      beast::get_lowest_layer(stream_).expires_after(patience_.progress);
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
    const auto& request = parser_->get();
    send(std::move(answer), request.version(), request.keep_alive(),
         request.method() == http::verb::head);
  }

 private:
  std::shared_ptr<HttpSession> self() {
    return std::static_pointer_cast<HttpSession>(shared_from_this());
  }

  void read() {
    parser_.emplace();
    parser_->header_limit(head_bytes_max);
    parser_->body_limit(body_bytes_max);
    beast::get_lowest_layer(stream_).expires_after(patience_.request);
    http::async_read(stream_, buffer_, *parser_,
                     [self = self()](const boost::system::error_code& problem, std::size_t) {
                       self->on_read(problem);
                     });
  }

  void on_read(const boost::system::error_code& problem) {
    if (!problem) {
      const auto target = parser_->get().target();
      owner_.on_request(self(), {target.data(), target.size()});
    } else if (const unsigned status = refusal_status(problem); status != 0) {
      is_refused_ = true;
      const std::string reason(http::obsolete_reason(http::int_to_status(status)));
      send({status,
            "text/plain; charset=utf-8",
            std::to_string(status) + " " + reason + "\n",
            false,
            {}},
           11, false, false);
    }
  }

  void send(MonitorAnswer answer, unsigned version, bool goes_on, bool is_head_only) {
    response_.emplace();
    Response& response = *response_;
    response.version(version);
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
    response.keep_alive(goes_on);
    response.body() = std::move(answer.body);
    response.prepare_payload();
    serializer_.emplace(response);
    serializer_->split(is_head_only);
    is_head_only_ = is_head_only;
    write();
  }

  // Piece by piece: only a peer that takes nothing at all is given up.
  void write() {
    beast::get_lowest_layer(stream_).expires_after(patience_.progress);
    http::async_write_some(stream_, *serializer_,
                           [self = self()](const boost::system::error_code& problem, std::size_t) {
                             if (problem || self->is_written()) {
                               self->on_written(problem);
                             } else {
                               self->write();
                             }
                           });
  }
  bool is_written() {
    return is_head_only_ ? serializer_->is_header_done() : serializer_->is_done();
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
    if (is_refused_) {
      beast::get_lowest_layer(stream_).expires_after(patience_.farewell);
      drain();
    }
  }

  // A close with bytes unread would be a reset, and that can overtake the answer.
  void drain() {
    constexpr std::size_t some = 4096;
    buffer_.clear();
    beast::get_lowest_layer(stream_).async_read_some(
        buffer_.prepare(some),
        [self = self()](const boost::system::error_code& problem, std::size_t) {
          if (!problem) {
            self->drain();
          }
        });
  }

  MonitorHttp& owner_;
  const MonitorPatience patience_;
  std::shared_ptr<const TlsContext> tls_;  // outlives the stream made from it
  std::shared_ptr<std::size_t> count_;
  Stream stream_;
  beast::flat_buffer buffer_{head_bytes_max + body_bytes_max};
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<Response> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  bool is_head_only_ = false;
  bool is_refused_ = false;  // the request could not be read to its end
};

}  // namespace

std::shared_ptr<MonitorSession> make_monitor_session(MonitorHttp& owner, asio::io_context& context,
                                                     const MonitorPatience& patience,
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
    return std::make_shared<HttpSession<PlainStream>>(owner, patience, nullptr, std::move(count),
                                                      std::move(socket));
  }
  // Asio's wrapper owns one reference and may go after construction: SSL_new takes its own.
  SSL_CTX_up_ref(tls->handle());
  asio::ssl::context wrapper(tls->handle());
  return std::make_shared<HttpSession<SecureStream>>(owner, patience, tls, std::move(count),
                                                     PlainStream(std::move(socket)), wrapper);
}

}  // namespace rubus::io
