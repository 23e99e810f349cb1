// rubus: the server, and its sub-command top. Does what the command line says, nothing more.
#include <cstdio>
#include <string>
#include <vector>

#include "io/command_line.h"
#include "io/config_start_checks.h"
#include "io/config_world.h"
#include "io/process_signal.h"
#include "io/server_process.h"
#include "io/top_command.h"
#include "io/version.h"

namespace {

// Messages carry the name that scripts and test suites know.
constexpr const char* familiar_name = "nats-server";

int complain(const std::string& text) {
  std::fprintf(stderr, "%s: %s\n", familiar_name, text.c_str());
  return 1;
}

int run_server(rubus::io::CommandOutcome outcome, const std::string& program) {
  const auto refusal = rubus::io::start_refusal(outcome.config);
  if (refusal && !refusal->logged) {
    return complain(refusal->text);
  }
  rubus::io::ServerProcess process(
      std::move(outcome.config), program, [flags = std::move(outcome.flags)] {
        return rubus::io::configure(flags, rubus::io::world_config_source());
      });
  return process.run();
}

}  // namespace

int main(int argument_count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + argument_count);
  if (!words.empty() && words.front() == "top") {
    return rubus::io::run_top({words.begin() + 1, words.end()});
  }
  rubus::io::CommandOutcome outcome = rubus::io::interpret_command_line(
      words, familiar_name, rubus::io::claimed_nats_version, rubus::io::world_config_source());
  // By length: a message may quote a NUL of the configuration file.
  std::fwrite(outcome.output.data(), 1, outcome.output.size(), stdout);
  std::fwrite(outcome.diagnostics.data(), 1, outcome.diagnostics.size(), stderr);
  std::fflush(stdout);
  switch (outcome.action) {
    case rubus::io::CommandAction::run:
      return run_server(std::move(outcome), arguments[0]);
    case rubus::io::CommandAction::send_signal:
      if (const auto problem = rubus::io::send_signal(outcome.signal)) {
        return complain(*problem);
      }
      return 0;
    case rubus::io::CommandAction::leave:
      return outcome.exit_code;
  }
  return 1;
}
