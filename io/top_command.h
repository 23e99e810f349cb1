// `rubus top`: watches a running server through its monitoring port, in the terminal.
//
// One thread, one io_context: looks, keys and signals are all events. Changes nothing at the
// server.
#pragma once

#include <string>
#include <vector>

namespace rubus::io {

// `arguments` without the word "top". The exit code: 0, 1 when the server does not answer to a
// single look, 2 when the arguments are wrong.
int run_top(const std::vector<std::string>& arguments);

}  // namespace rubus::io
