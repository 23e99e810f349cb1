#include "io/command_line.h"

#include <csignal>

#include "io/command_line_flags.h"
#include "io/config_certificates.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

struct Scan {
  std::vector<FlagSetting> flags;
  std::vector<std::string> words;  // from the first that is no flag
  std::optional<std::string> error;
};

// One argument that begins with a dash: its flag and value. `next` is the argument after it, used
// up when `takes_next` is set.
struct ScannedFlag {
  FlagSetting setting;
  bool takes_next = false;
  std::optional<std::string> error;
};

ScannedFlag scan_flag(const std::string& argument, const std::string* next) {
  ScannedFlag scanned;
  std::string_view name = argument;
  name.remove_prefix(name.substr(0, 2) == "--" ? 2 : 1);
  if (name.empty() || name.front() == '-' || name.front() == '=') {
    scanned.error = "bad flag syntax: " + argument;
    return scanned;
  }
  const std::size_t equals = name.find('=');
  const bool has_value = equals != std::string_view::npos;
  scanned.setting.name = name.substr(0, equals);
  const FlagRow* const row = find_flag(scanned.setting.name);
  if (row == nullptr) {
    scanned.error = "flag provided but not defined: -" + scanned.setting.name;
    return scanned;
  }
  if (has_value) {
    scanned.setting.value = name.substr(equals + 1);
  } else if (row->kind == FlagKind::boolean) {
    scanned.setting.value = "true";
  } else if (next != nullptr) {
    scanned.setting.value = *next;
    scanned.takes_next = true;
  } else {
    scanned.error = "flag needs an argument: -" + scanned.setting.name;
    return scanned;
  }
  const FlagParsing parsing = parse_flag_value(row->kind, scanned.setting.value);
  if (parsing.error) {
    scanned.error = (row->kind == FlagKind::boolean ? "invalid boolean value " : "invalid value ") +
                    go_quote(scanned.setting.value) +
                    (row->kind == FlagKind::boolean ? " for -" : " for flag -") +
                    scanned.setting.name + ": " + *parsing.error;
  }
  return scanned;
}

Scan scan_arguments(const std::vector<std::string>& arguments) {
  Scan scan;
  std::size_t i = 0;
  while (i < arguments.size()) {
    const std::string& argument = arguments[i];
    if (argument.size() < 2 || argument.front() != '-') {
      break;
    }
    ++i;
    if (argument == "--") {
      break;
    }
    ScannedFlag scanned = scan_flag(argument, i < arguments.size() ? &arguments[i] : nullptr);
    if (scanned.error) {
      scan.error = std::move(scanned.error);
      return scan;
    }
    if (scanned.takes_next) {
      ++i;
    }
    scan.flags.push_back(std::move(scanned.setting));
  }
  scan.words.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
  return scan;
}

void apply_flags(FlagReading& reading, const std::vector<FlagSetting>& flags) {
  for (const FlagSetting& flag : flags) {
    const FlagRow* const row = find_flag(flag.name);
    if (row != nullptr) {
      row->apply(reading, parse_flag_value(row->kind, flag.value).value);
    }
  }
}

// ---- what flags mean for the configuration ------------------------------------------------------

std::optional<std::string> apply_tls_flags(FlagReading& reading, const ConfigSource& source) {
  ServerConfig& config = reading.config;
  if (reading.tls_disabled) {
    config.tls = TlsFiles{};
    return std::nullopt;
  }
  if (!reading.tls_asked) {
    return std::nullopt;
  }
  if (reading.tls_certificate.empty()) {
    return "TLS Server certificate must be present and valid";
  }
  if (reading.tls_key.empty()) {
    return "TLS Server private key must be present and valid";
  }
  TlsFiles files;
  files.present = true;
  files.certificates = {{reading.tls_certificate, reading.tls_key}};
  files.ca_file = reading.tls_authority;
  files.pinned_certs = config.tls.pinned_certs;
  config.tls = std::move(files);
  config.engine.tls.verify = reading.tls_verify;
  return tls_files_error(config.tls, source);
}

std::string unsupported_flag(std::string_view name) {
  return "flag -" + std::string(name) + " is known but not supported by this version of Rubus yet";
}

// What is asked by flags that this version cannot do.
std::optional<std::string> refuse_flags(const FlagReading& reading) {
  if (reading.jetstream) {
    return unsupported_flag("js");
  }
  if (reading.profile_port != 0) {
    return unsupported_flag("profile");
  }
  return std::nullopt;
}

std::string joined(const std::vector<std::string>& first, const std::vector<std::string>& second) {
  std::string text;
  for (const std::vector<std::string>* list : {&first, &second}) {
    for (const std::string& line : *list) {
      text += (text.empty() ? "" : "\n") + line;
    }
  }
  return text;
}

CommandOutcome leave(int exit_code, std::string output, std::string diagnostics) {
  CommandOutcome outcome;
  outcome.exit_code = exit_code;
  outcome.output = std::move(output);
  outcome.diagnostics = std::move(diagnostics);
  return outcome;
}

CommandOutcome fail(std::string_view program, const std::string& text) {
  return leave(1, "", std::string(program) + ": " + text + "\n");
}

CommandOutcome read_signal(const std::string& given, std::string_view program,
                           const ConfigSource& source) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= given.size();) {
    const std::size_t end = std::min(given.find('=', begin), given.size());
    parts.push_back(given.substr(begin, end - begin));
    begin = end + 1;
  }
  if (parts.size() > 2) {
    std::string rest;
    for (std::size_t i = 2; i < parts.size(); ++i) {
      rest += (rest.empty() ? "" : " ") + parts[i];
    }
    return fail(program, "invalid signal parameters: [" + rest + "]");
  }
  CommandOutcome outcome;
  outcome.action = CommandAction::send_signal;
  outcome.signal.command = parts[0];
  if (parts.size() == 2) {
    outcome.signal.target = parts[1];
    const FileReading pid_file =
        source.read_file ? source.read_file(parts[1]) : FileReading{{}, "no files"};
    if (!pid_file.error) {
      outcome.signal.target = pid_file.text.substr(0, pid_file.text.find_last_not_of(" \r\n") + 1);
    }
  }
  return outcome;
}

// `-t`: the reference's verdict, and no claim that a start would work unless it would.
CommandOutcome check_config(const FlagReading& flags, std::string_view program,
                            const ConfigSource& source) {
  if (flags.config_file.empty()) {
    return fail(program, "must specify [-c, --config] option to check configuration file syntax");
  }
  const ConfigOutcome read = read_config_file(flags.config_file, flags.config, source);
  if (!read.errors.empty() || !read.warnings.empty()) {
    return fail(program, joined(read.warnings, read.errors));
  }
  return leave(0, "",
               std::string(program) + ": configuration file " + flags.config_file + " is valid (" +
                   read.config.config_digest + ")\n");
}

CommandOutcome print_version(std::string_view version) {
  return leave(0, "nats-server: v" + std::string(version) + "\n", "");
}

}  // namespace

ConfigOutcome configure(const std::vector<FlagSetting>& flags, const ConfigSource& source) {
  FlagReading reading;
  reading.config = blank_config();
  apply_flags(reading, flags);
  ConfigOutcome outcome;
  if (!reading.config_file.empty()) {
    outcome = read_config_file(reading.config_file, reading.config, source);
    if (!outcome.errors.empty()) {
      return outcome;
    }
    reading.config = std::move(outcome.config);
    apply_flags(reading, flags);
  }
  std::optional<std::string> error = apply_tls_flags(reading, source);
  if (!error) {
    error = apply_peer_flags(reading);
  }
  if (!error) {
    error = refuse_flags(reading);
  }
  if (error) {
    outcome.errors.push_back(*error);
  }
  outcome.config = std::move(reading.config);
  complete_config(outcome.config);
  return outcome;
}

CommandOutcome interpret_command_line(const std::vector<std::string>& arguments,
                                      std::string_view program, std::string_view version,
                                      const ConfigSource& source) {
  const Scan scan = scan_arguments(arguments);
  if (scan.error) {
    return leave(0, help_text(program), *scan.error + "\n");
  }
  FlagReading flags;
  flags.config = blank_config();
  apply_flags(flags, scan.flags);
  const std::string word = scan.words.empty() ? "" : lower_case(scan.words.front());
  if (flags.show_version) {
    return print_version(version);
  }
  if (flags.show_help) {
    return leave(0, help_text(program), "");
  }
  if (flags.show_tls_help) {
    return leave(0, tls_help_text(), "");
  }
  if (word == "version") {
    return print_version(version);
  }
  if (word == "help") {
    return leave(0, help_text(program), "");
  }
  if (!scan.words.empty()) {
    return fail(program, "unrecognized command: " + go_quote(scan.words.front()));
  }
  if (!flags.signal.empty()) {
    return read_signal(flags.signal, program, source);
  }
  if (flags.check_config) {
    return check_config(flags, program, source);
  }
  ConfigOutcome configured = configure(scan.flags, source);
  if (!configured.errors.empty()) {
    return fail(program, joined(configured.warnings, configured.errors));
  }
  CommandOutcome outcome;
  outcome.action = CommandAction::run;
  outcome.config = std::move(configured.config);
  outcome.flags = scan.flags;
  for (const std::string& warning : configured.warnings) {
    outcome.diagnostics += warning + "\n";
  }
  return outcome;
}

std::optional<int> signal_number(std::string_view command) {
  struct Known {
    std::string_view command;
    int number;
  };
  constexpr Known known[] = {{"stop", SIGKILL},   {"quit", SIGINT},   {"term", SIGTERM},
                             {"reopen", SIGUSR1}, {"reload", SIGHUP}, {"ldm", SIGUSR2}};
  for (const Known& entry : known) {
    if (entry.command == command) {
      return entry.number;
    }
  }
  return std::nullopt;
}

}  // namespace rubus::io
