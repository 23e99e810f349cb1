#include "io/top_client.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <utility>

namespace rubus::io {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::chrono::seconds patience(4);
constexpr std::size_t body_bytes_max = 64 << 20;

// Lives by its pending operation.
class Questions : public std::enable_shared_from_this<Questions> {
 public:
  Questions(asio::io_context& context, const TopAddress& address, std::vector<std::string> paths,
            std::function<void(TopAnswers)> done)
      : address_(address),
        paths_(std::move(paths)),
        done_(std::move(done)),
        resolver_(context),
        stream_(context) {}

  void start() {
    stream_.expires_after(patience);
    resolver_.async_resolve(
        address_.host, address_.port,
        [self = shared_from_this()](const error_code& problem,
                                    const asio::ip::tcp::resolver::results_type& found) {
          if (problem) {
            self->end(problem.message());
            return;
          }
          self->stream_.async_connect(
              found, [self](const error_code& refusal, const asio::ip::tcp::endpoint&) {
                self->go_on(refusal);
              });
        });
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
    stream_.expires_after(patience);
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
    if (problem) {
      answers_.problem = std::move(problem);
    }
    done_(std::move(answers_));
  }

  const TopAddress address_;
  const std::vector<std::string> paths_;
  std::function<void(TopAnswers)> done_;
  asio::ip::tcp::resolver resolver_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::request<http::empty_body> request_;
  std::optional<http::response_parser<http::string_body>> parser_;
  TopAnswers answers_;
};

}  // namespace

void ask_documents(asio::io_context& context, const TopAddress& address,
                   std::vector<std::string> paths, std::function<void(TopAnswers)> done) {
  std::make_shared<Questions>(context, address, std::move(paths), std::move(done))->start();
}

}  // namespace rubus::io
