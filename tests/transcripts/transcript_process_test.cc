// Goal: a real server process keeps to a recorded conversation, byte for byte.
// Method: transcript_process_test --server COMMAND FILE...: starts the command with the
// conversation's configuration, plays it over sockets, reports the first line that differs.
// The command is a parameter: rubus, or nats-server as the control.

#include <signal.h>

#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/transcripts/nkey_pair.h"
#include "tests/transcripts/process_stage.h"
#include "tests/transcripts/spawned_server.h"
#include "tests/transcripts/transcript.h"
#include "tests/transcripts/transcript_player.h"

namespace {

using namespace rubus::transcript;

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;)
    words.push_back(word);
  return words;
}

Problem play_file(const std::vector<std::string>& command, const std::string& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  if (!in)
    return "cannot be read";
  ParseOutcome outcome = parse_transcript(text.str());
  if (const ParseFailure* failure = std::get_if<ParseFailure>(&outcome)) {
    return "line " + std::to_string(failure->line) + ": " + failure->what;
  }
  const Transcript& transcript = std::get<Transcript>(outcome);
  const std::string configuration = with_credentials(transcript.configuration, "");
  SpawnedServer server(command, configuration, transcript.asks_monitor(),
                       configuration.find("cert.pem") != std::string::npos);
  ProcessStage stage(server);
  Problem problem = play(transcript, stage.stage(), Patience{});
  if (!problem)
    return std::nullopt;
  server.read_log();
  return *problem + "\n  log of the server:\n" + server.log();
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 3 || arguments[0] != "--server") {
    std::cerr << "usage: transcript_process_test --server COMMAND FILE...\n";
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  int failures = 0;
  for (std::size_t i = 2; i < arguments.size(); ++i) {
    Problem problem;
    try {
      problem = play_file(words_of(arguments[1]), arguments[i]);
    } catch (const std::exception& error) {
      problem = error.what();
    }
    if (!problem) {
      std::cout << "ok   " << arguments[i] << "\n";
      continue;
    }
    ++failures;
    std::cout << "FAIL " << arguments[i] << ": " << *problem << "\n"
              << "  again: transcript_process_test --server '" << arguments[1] << "' "
              << arguments[i] << "\n";
  }
  return failures == 0 ? 0 : 1;
}
