// The client protocol read a second time: slowly, on the whole input at once, by regular rules.
//
// Shares no code with ClientParser; written from client_protocol.md §1 and §5. Gives the same lines
// as parse_in_chunks(), so the two can be compared for any input.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/client/client_parser.h"

namespace rubus::test {

std::vector<std::string> read_naively(std::string_view bytes, const ParserLimits& limits);

}  // namespace rubus::test
