// Runs ClientParser over bytes cut into chunks and writes down what it said, one line per command.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/client/client_parser.h"

namespace rubus::test {

struct ParserEvents {
  std::vector<std::string> lines;  // the last one is the ending, if any
  std::size_t kept_bytes_max = 0;
};

// `cuts` are the sizes of the chunks; the last one repeats until the bytes are used up.
ParserEvents parse_in_chunks(std::string_view bytes, const std::vector<std::size_t>& cuts,
                             const ParserLimits& limits);

}  // namespace rubus::test
