// Goal: the engine keeps to a recorded conversation, byte for byte, however its input is cut.
// Method: transcript_simulator_test FILE...: plays each file on the engine object in virtual time,
// with whole reads, with pieces of seven bytes, and with every byte in an input of its own.

#include <array>
#include <exception>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>

#include "io/config_reader.h"
#include "tests/transcripts/nkey_pair.h"
#include "tests/transcripts/shard_stage.h"
#include "tests/transcripts/transcript.h"
#include "tests/transcripts/transcript_player.h"

namespace {

using namespace rubus;
using namespace rubus::transcript;

constexpr std::array<std::size_t, 3> piece_sizes = {0, 7, 1};

// There are no files and no variables in the simulator.
io::ConfigSource no_world() {
  return {[](const std::string&) {
            return io::FileReading{{}, "there are no files here"};
          },
          [](const std::string&) { return std::optional<std::string>(); }};
}

// What the production shell adds to the configuration when it starts.
void name_server(io::ServerConfig& config) {
  ServerIdentity& identity = config.engine.identity;
  identity.server_id = "N" + std::string(55, 'A');
  if (identity.server_name.empty()) {
    identity.server_name = identity.server_id;
  }
  identity.version = "2.14.0";
  identity.toolchain = "c++";
  identity.host = "127.0.0.1";
  identity.port = 4222;
  const std::string& told = config.client_advertise;
  if (const std::size_t colon = told.rfind(':'); colon != std::string::npos) {
    identity.host = told.substr(0, colon);
    identity.port = static_cast<std::uint16_t>(std::stoi(told.substr(colon + 1)));
  }
}

Options read_configuration(const std::string& text) {
  io::ConfigOutcome outcome;
  outcome.config = io::blank_config();
  if (!text.empty()) {
    outcome = io::read_config_text(text, "server.conf", io::blank_config(), no_world());
  }
  if (!outcome.errors.empty()) {
    throw std::runtime_error("the configuration is refused: " + outcome.errors.front());
  }
  io::complete_config(outcome.config);
  name_server(outcome.config);
  return outcome.config.engine;
}

Problem play_text(const std::string& text, std::size_t piece_bytes) {
  const ParseOutcome outcome = parse_transcript(text);
  if (const ParseFailure* failure = std::get_if<ParseFailure>(&outcome)) {
    return "line " + std::to_string(failure->line) + ": " + failure->what;
  }
  const Transcript& transcript = std::get<Transcript>(outcome);
  const std::string configuration = with_credentials(transcript.configuration, "");
  ShardStage stage(read_configuration(configuration), read_configuration, piece_bytes);
  return play(transcript, stage.stage(), Patience{});
}

Problem play_file(const std::string& file, std::size_t piece_bytes) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) {
    return "cannot be read";
  }
  try {
    return play_text(text.str(), piece_bytes);
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: transcript_simulator_test FILE...\n";
    return 2;
  }
  int failures = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string file = argv[i];
    for (const std::size_t piece_bytes : piece_sizes) {
      const std::string pieces =
          piece_bytes == 0 ? "whole reads" : "reads of " + std::to_string(piece_bytes);
      if (const Problem problem = play_file(file, piece_bytes)) {
        ++failures;
        std::cout << "FAIL " << file << ", " << pieces << ": " << *problem
                  << "\n  again: transcript_simulator_test " << file << "\n";
      } else {
        std::cout << "ok   " << file << ", " << pieces << "\n";
      }
    }
  }
  return failures == 0 ? 0 : 1;
}
