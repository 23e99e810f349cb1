// The command line of rubus-load.
//
// One table row per flag. Unknown flags, missing or malformed values and values out of range are
// refused with a sentence that names them; nothing is guessed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/failure.h"
#include "bench/mode.h"

namespace rubus::load {

enum class Command : std::uint8_t { help, run, compare, sink, relay, pipe };

struct LoadOptions {
  Command command = Command::help;
  std::string server;    // run
  std::string server_a;  // compare
  std::string server_b;
  std::string config;
  std::vector<Mode> modes;
  std::vector<std::uint32_t> sizes = {128};
  std::uint32_t rounds = 3;
  double seconds = 2.0;
  double warmup = 0.3;
  double settle = 1.0;
  std::uint32_t messages = 0;
  std::uint32_t write_bytes = 256 * 1024;
  std::uint32_t read_bytes = 512 * 1024;
  std::uint32_t window_bytes = 4 * 1024 * 1024;
  std::uint32_t port = 0;
  std::uint32_t to_port = 0;  // pipe
  bool pin = false;
  std::string pin_server = "none";
  bool limits = true;
  std::string out;
  std::string command_line;  // as given, to be repeated
};

[[nodiscard]] Failure read_options(const std::vector<std::string>& words, LoadOptions& options);
std::string help_text();

}  // namespace rubus::load
