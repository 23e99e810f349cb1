// The machine a figure was measured on, in one line: kernel, processor, cores, memory, load.
#pragma once

#include <string>

namespace rubus::load {

std::string machine_line();
// "2026-01-31 12:00 UTC"
std::string date_line();

}  // namespace rubus::load
