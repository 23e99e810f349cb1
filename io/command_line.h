// The command line: arguments -> one value that says what to do. Nothing is done here.
//
// All flags of the reference server in Go's flag syntax (-x v, --x v, -x=v; booleans -D, -D=false;
// the first word that is no flag ends them), plus --record. Order of application: flags, then the
// configuration file, then the flags again, then defaults (complete_config).
// Exit codes and streams are the reference's, surprises included: a wrong flag prints the help on
// standard output and exits with 0.
// The world is asked through ConfigSource only, so all of this can be tested and fuzzed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/config_parser.h"
#include "io/config_reader.h"
#include "io/server_config.h"

namespace rubus::io {

enum class CommandAction : std::uint8_t {
  run,          // start a server with `config`
  send_signal,  // to a running server, see `signal`
  leave,        // print and exit: help, version, a checked configuration, an error
};

// "--signal reload=1234": what to send to whom.
struct SignalRequest {
  std::string command;  // stop, quit, term, reopen, reload, ldm, or something unknown
  std::string target;   // a pid, perhaps with "*" at its end; empty: find the server
};

// One flag as it was given.
struct FlagSetting {
  std::string name;   // without dashes, as written
  std::string value;  // "true" for a bare boolean flag
};

struct CommandOutcome {
  CommandAction action = CommandAction::leave;
  std::string output;              // for standard output, complete with line ends
  std::string diagnostics;         // for standard error; before a start also its warnings
  int exit_code = 0;               // of `leave`
  ServerConfig config;             // of `run`, complete
  std::vector<FlagSetting> flags;  // of `run`: needed again at each reload
  SignalRequest signal;            // of `send_signal`
};

// `program` begins the messages ("nats-server: …"); `version` is what -v shows ("2.14.5").
CommandOutcome interpret_command_line(const std::vector<std::string>& arguments,
                                      std::string_view program, std::string_view version,
                                      const ConfigSource& source);

// The configuration that these flags and the file they name stand for; errors as in the outcome of
// read_config_file, those of flags without a place. Start and reload both come through here.
ConfigOutcome configure(const std::vector<FlagSetting>& flags, const ConfigSource& source);

// The number of the signal that a --signal command stands for.
std::optional<int> signal_number(std::string_view command);

}  // namespace rubus::io
