// quoted(): text in double quotes with Go's escapes (%q), as -ERR and log lines show what a client
// sent. Control bytes never come through, so that nobody can forge a log line.
#pragma once

#include <string>
#include <string_view>

namespace rubus {

std::string quoted(std::string_view text);

}  // namespace rubus
