// Two looks at a server -> lines of text: the server, its rates, its links, its busiest
// connections. Pure: what is shown depends on the samples, the options and the size of the screen.
//
// Rates are differences of counters over the time between the looks; without an earlier look at
// the same life of the server they are not known and shown as "-".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "io/top_options.h"
#include "io/top_sample.h"

namespace rubus::io {

enum class TopLook : std::uint8_t { plain, title, heading, alarm, faint };

struct TopLine {
  std::string text;
  TopLook look = TopLook::plain;
};

// `earlier` null: the first look. At most `rows_max` connections.
std::vector<TopLine> top_lines(const TopSample& sample, const TopSample* earlier, TopSort sort,
                               std::size_t rows_max);

// At most `width` columns; a code point takes one.
std::string clipped(const std::string& text, std::size_t width);

}  // namespace rubus::io
