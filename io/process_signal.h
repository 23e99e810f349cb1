// --signal COMMAND[=PID]: sends a signal to a running server.
//
// Without a pid the server is looked for by name among the processes of this machine; several are
// an error that lists them. A pid that ends with "*" stands for every server whose pid begins so.
#pragma once

#include <optional>
#include <string>

#include "io/command_line.h"

namespace rubus::io {

// What went wrong, in the words of nats-server, or nothing.
std::optional<std::string> send_signal(const SignalRequest& request);

}  // namespace rubus::io
