// Asks a monitoring port for several documents over one connection, one after the other.
//
// Everything is asynchronous, so that a silent server holds up neither keys nor signals; a silence
// of `patience` ends the attempt. A document that the server does not have (404) is empty.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/top_options.h"

namespace rubus::io {

struct TopAnswers {
  std::optional<std::string> problem;  // then `bodies` is incomplete
  std::vector<std::string> bodies;     // in the order of the paths
};

void ask_documents(boost::asio::io_context& context, const TopAddress& address,
                   std::vector<std::string> paths, std::function<void(TopAnswers)> done);

}  // namespace rubus::io
