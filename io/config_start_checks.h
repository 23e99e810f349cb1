// Start checks: rules between directives, and the warnings a start prints.
//
// `-t` does not make them (as in the reference), a start and a reload do. The configuration must be
// complete (complete_config). Listening itself may still fail; that is the shell's to report.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/server_config.h"

namespace rubus::io {

std::optional<StartRefusal> start_refusal(const ServerConfig& config);

// Lines for the log, label WRN.
std::vector<std::string> start_warnings(const ServerConfig& config);

}  // namespace rubus::io
