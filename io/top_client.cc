#include "io/top_client.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <utility>

#include "engine/base/text_number.h"
#include "io/socket_address.h"

namespace rubus::io {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t body_bytes_max = 64 << 20;

}  // namespace

// Lives by its pending operation.
class TopClient::Questions : public std::enable_shared_from_this<Questions> {
 public:
  Questions(asio::io_context& context, const TopAddress& address,
            std::chrono::milliseconds patience, std::vector<std::string> paths, Done done)
      : address_(address),
        patience_(patience),
        paths_(std::move(paths)),
        done_(std::move(done)),
        look_up_timer_(context),
        stream_(context) {}

  // Until connect(), or until patience is at its end.
  void wait_for_name() {
    look_up_timer_.expires_after(patience_);
    look_up_timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
      if (!cancelled && self->endpoints_.empty()) {
        self->end("lookup " + self->address_.host + ": timed out");
      }
    });
  }
  void on_found(const HostAddresses& found) {
    std::vector<tcp::endpoint> endpoints;
    for (const Address& address : found.addresses) {
      tcp::endpoint& endpoint = endpoints.emplace_back(endpoint_of(address));
      endpoint.port(port());
    }
    if (endpoints.empty()) {
      end(found.trouble);
    } else {
      connect(std::move(endpoints));
    }
  }
  void connect(std::vector<tcp::endpoint> endpoints) {
    if (is_over_) {
      return;
    }
    endpoints_ = std::move(endpoints);
    look_up_timer_.cancel();
    stream_.expires_after(patience_);
    stream_.async_connect(
        endpoints_, [self = shared_from_this()](const error_code& refusal, const tcp::endpoint&) {
          self->go_on(refusal);
        });
  }
  std::uint16_t port() const {
    return static_cast<std::uint16_t>(parse_unsigned(address_.port).value_or(0));
  }

 private:
  void go_on(const error_code& problem) {
    if (problem) {
      end(problem.message());
    } else if (answers_.bodies.size() == paths_.size()) {
      end(std::nullopt);
    } else {
      ask();
    }
  }

  void ask() {
    const std::string target = address_.base + paths_[answers_.bodies.size()];
    request_ = http::request<http::empty_body>(http::verb::get, target, 11);
    request_.set(http::field::host, address_.host);
    request_.set(http::field::user_agent, "rubus top");
    parser_.emplace();
    parser_->body_limit(body_bytes_max);
    stream_.expires_after(patience_);
    http::async_write(stream_, request_,
                      [self = shared_from_this()](const error_code& problem, std::size_t) {
                        if (problem) {
                          self->end(problem.message());
                          return;
                        }
                        self->read();
                      });
  }

  void read() {
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](const error_code& problem, std::size_t) {
                       if (!problem) {
                         self->keep();
                       }
                       self->go_on(problem);
                     });
  }

  // healthz tells what is wrong with a status that is no success.
  void keep() {
    http::response<http::string_body> response = parser_->release();
    const std::string& path = paths_[answers_.bodies.size()];
    const bool is_document = response.result() == http::status::ok || path == "/healthz";
    if (!is_document && response.result() != http::status::not_found) {
      answers_.problem = path + ": " + std::to_string(response.result_int());
    }
    answers_.bodies.push_back(is_document ? std::move(response.body()) : std::string());
  }

  void end(std::optional<std::string> problem) {
    if (is_over_) {  // a name that was found too late
      return;
    }
    is_over_ = true;
    look_up_timer_.cancel();
    if (problem) {
      answers_.problem = std::move(problem);
    }
    done_(std::move(answers_));
  }

  const TopAddress address_;
  const std::chrono::milliseconds patience_;
  const std::vector<std::string> paths_;
  const Done done_;
  bool is_over_ = false;
  asio::steady_timer look_up_timer_;
  std::vector<tcp::endpoint> endpoints_;  // empty until the name was found
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::request<http::empty_body> request_;
  std::optional<http::response_parser<http::string_body>> parser_;
  TopAnswers answers_;
};

TopClient::TopClient(asio::io_context& context, TopAddress address,
                     std::chrono::milliseconds patience)
    : context_(context),
      address_(std::move(address)),
      patience_(patience),
      resolver_([this](HostResolved resolved) {
        asio::post(context_, [this, resolved = std::move(resolved)] { on_resolved(resolved); });
      }) {}

TopClient::~TopClient() = default;

void TopClient::ask(std::vector<std::string> paths, Done done) {
  const auto questions =
      std::make_shared<Questions>(context_, address_, patience_, std::move(paths), std::move(done));
  // Not by the resolver: digits may name an interface ("fe80::1%eth0"), which it does not keep.
  error_code is_name;
  const asio::ip::address digits = asio::ip::make_address(address_.host, is_name);
  if (!is_name) {
    questions->connect({tcp::endpoint(digits, questions->port())});
    return;
  }
  asking_ = questions;
  questions->wait_for_name();
  resolver_.resolve(ResolveHost{ResolveTicket{++last_ticket_}, address_.host});
}

void TopClient::on_resolved(const HostResolved& resolved) {
  const std::shared_ptr<Questions> questions = asking_.lock();
  if (questions != nullptr && resolved.ticket.value == last_ticket_) {
    questions->on_found(*resolved.found);
  }
}

}  // namespace rubus::io
