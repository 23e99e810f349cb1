// Reload: what a fresh configuration may change in a running server, and what to say about it.
//
// A reload is all or nothing: one change that cannot be made refuses the whole. Which can be made
// and the sentences are the reference's; beyond it, the lame duck times can change. Both values
// must be complete and include the command line's flags.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/server_config.h"

namespace rubus::io {

// "config reload not supported for MaxPending: old=10485760, new=20971520", or nothing.
std::optional<std::string> reload_refusal(const ServerConfig& old, const ServerConfig& fresh);

// Lines for the log, label INF: "Reloaded: max_payload = 1024". Some are always there.
std::vector<std::string> reload_lines(const ServerConfig& old, const ServerConfig& fresh);

}  // namespace rubus::io
