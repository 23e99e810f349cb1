// rubus_config_check: the command line of the server without a server. Prints and exits as `rubus`
// would up to the point where it would start; there it reports the start checks and exits.
// Used to compare configuration verdicts with a real nats-server.
#include <iostream>
#include <string>
#include <vector>

#include "io/command_line.h"
#include "io/config_start_checks.h"
#include "io/config_world.h"

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + 1, values + count);
  const rubus::io::CommandOutcome outcome = rubus::io::interpret_command_line(
      arguments, "nats-server", "2.14.5", rubus::io::world_config_source());
  std::cout << outcome.output;
  std::cerr << outcome.diagnostics;
  if (outcome.action == rubus::io::CommandAction::leave) {
    return outcome.exit_code;
  }
  if (outcome.action == rubus::io::CommandAction::send_signal) {
    std::cout << "signal " << outcome.signal.command << " to " << outcome.signal.target << "\n";
    return 0;
  }
  for (const rubus::io::ConfigWarning& warning : outcome.config.warnings) {
    std::cerr << "[WRN] " << warning.text << "\n";
  }
  if (const auto refusal = rubus::io::start_refusal(outcome.config)) {
    std::cerr << (refusal->logged ? "[FTL] " : "nats-server: ") << refusal->text << "\n";
    return 1;
  }
  for (const std::string& warning : rubus::io::start_warnings(outcome.config)) {
    std::cerr << "[WRN] " << warning << "\n";
  }
  std::cout << "would start on " << outcome.config.client.host << ":" << outcome.config.client.port
            << "\n";
  return 0;
}
