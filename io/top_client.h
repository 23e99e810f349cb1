// Asks a monitoring port for several documents over one connection, one after the other.
//
// Everything is asynchronous, so that a silent server holds up neither keys nor signals, and
// leaving waits for nobody, not even for the name servers. A silence of `patience`, theirs or the
// server's, ends the attempt. A document that the server does not have (404) is empty.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/host_resolver.h"
#include "io/top_options.h"

namespace rubus::io {

struct TopAnswers {
  std::optional<std::string> problem;  // then `bodies` is incomplete
  std::vector<std::string> bodies;     // in the order of the paths
};

class TopClient {
 public:
  using Done = std::function<void(TopAnswers)>;

  // `context` takes posts from other threads and is not run any more once the client is gone.
  TopClient(boost::asio::io_context& context, TopAddress address,
            std::chrono::milliseconds patience);
  TopClient(const TopClient&) = delete;
  TopClient& operator=(const TopClient&) = delete;
  ~TopClient();

  // The next only after `done`, which is never called inside ask().
  void ask(std::vector<std::string> paths, Done done);

 private:
  class Questions;

  void on_resolved(const HostResolved& resolved);

  boost::asio::io_context& context_;
  const TopAddress address_;
  const std::chrono::milliseconds patience_;
  std::weak_ptr<Questions> asking_;
  std::uint64_t last_ticket_ = 0;
  HostResolver resolver_;
};

}  // namespace rubus::io
