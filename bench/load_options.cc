#include "bench/load_options.h"

#include <charconv>
#include <functional>

namespace rubus::load {

namespace {

struct Flag {
  std::string_view name;
  std::string_view value;  // placeholder; empty for a switch
  std::string_view help;
  std::function<Failure(LoadOptions&, std::string_view)> set;
};

Failure read_number(std::string_view text, std::uint32_t low, std::uint32_t high,
                    std::uint32_t& number) {
  const char* const end = text.data() + text.size();
  const std::from_chars_result result = std::from_chars(text.data(), end, number);
  if (result.ec != std::errc() || result.ptr != end || number < low || number > high) {
    return "takes a whole number from " + std::to_string(low) + " to " + std::to_string(high) +
           ", not '" + std::string(text) + "'";
  }
  return std::nullopt;
}

std::function<Failure(LoadOptions&, std::string_view)> number(std::uint32_t LoadOptions::*member,
                                                              std::uint32_t low,
                                                              std::uint32_t high) {
  return [=](LoadOptions& options, std::string_view text) {
    return read_number(text, low, high, options.*member);
  };
}

std::function<Failure(LoadOptions&, std::string_view)> seconds(double LoadOptions::*member) {
  return [=](LoadOptions& options, std::string_view text) -> Failure {
    const char* const end = text.data() + text.size();
    const std::from_chars_result result = std::from_chars(text.data(), end, options.*member);
    if (result.ec != std::errc() || result.ptr != end || !(options.*member >= 0.0) ||
        options.*member > 3600.0) {
      return "takes seconds from 0 to 3600, not '" + std::string(text) + "'";
    }
    return std::nullopt;
  };
}

std::function<Failure(LoadOptions&, std::string_view)> text(std::string LoadOptions::*member) {
  return [=](LoadOptions& options, std::string_view value) -> Failure {
    options.*member = std::string(value);
    return std::nullopt;
  };
}

Failure set_modes(LoadOptions& options, std::string_view text) {
  std::string complaint;
  std::optional<std::vector<Mode>> modes = read_modes(text, complaint);
  if (!modes) {
    return complaint;
  }
  options.modes = std::move(*modes);
  return std::nullopt;
}

Failure set_sizes(LoadOptions& options, std::string_view text) {
  options.sizes.clear();
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::uint32_t size = 0;
    if (Failure failure = read_number(text.substr(0, comma), 0, 1 << 20, size)) {
      return failure;
    }
    options.sizes.push_back(size);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return options.sizes.empty() ? Failure("names no size") : std::nullopt;
}

Failure set_pin_server(LoadOptions& options, std::string_view text) {
  if (text != "none" && text != "a" && text != "b" && text != "both") {
    return "takes none, a, b or both, not '" + std::string(text) + "'";
  }
  options.pin_server = std::string(text);
  return std::nullopt;
}

const std::vector<Flag>& flags() {
  static const std::vector<Flag> rows = {
      {"--server", "CMD", "run: the server; {port} and {config} are replaced",
       text(&LoadOptions::server)},
      {"--a", "CMD", "compare: the first server", text(&LoadOptions::server_a)},
      {"--b", "CMD", "compare: the second server, the one divided by",
       text(&LoadOptions::server_b)},
      {"--config", "FILE", "what {config} stands for", text(&LoadOptions::config)},
      {"--modes", "LIST", "modes with commas, all or cluster (default all)", set_modes},
      {"--sizes", "LIST", "payload bytes with commas (default 128)", set_sizes},
      {"--rounds", "N", "alternations; medians are over these (default 3)",
       number(&LoadOptions::rounds, 1, 1000)},
      {"--seconds", "S", "length of one run (default 2)", seconds(&LoadOptions::seconds)},
      {"--warmup", "S", "before each run, not counted (default 0.3)",
       seconds(&LoadOptions::warmup)},
      {"--messages", "N", "bound of one run for each publisher, 0 none (default 0)",
       number(&LoadOptions::messages, 0, 4000000000U)},
      {"--settle", "S", "quiet before memory is read (default 1)", seconds(&LoadOptions::settle)},
      {"--write-bytes", "N", "of one write of a publisher (default 262144)",
       number(&LoadOptions::write_bytes, 1, 64 << 20)},
      {"--read-bytes", "N", "of one read of a subscriber (default 524288)",
       number(&LoadOptions::read_bytes, 4096, 64 << 20)},
      {"--window-bytes", "N", "payload on its way to one subscriber (default 4194304)",
       number(&LoadOptions::window_bytes, 1, 1 << 30)},
      {"--port", "N", "for every server (default: a free one each time); sink, relay: to serve",
       number(&LoadOptions::port, 1, 65535)},
      {"--to", "N", "pipe: the port to forward to", number(&LoadOptions::to_port, 1, 65535)},
      {"--pin", "", "generator on processor 0, sink and relay on processor 1",
       [](LoadOptions& options, std::string_view) -> Failure {
         options.pin = true;
         return std::nullopt;
       }},
      {"--pin-server", "WHICH", "none, a, b or both on processor 1 (run: a; default none)",
       set_pin_server},
      {"--no-limits", "", "leave out the loopback limits",
       [](LoadOptions& options, std::string_view) -> Failure {
         options.limits = false;
         return std::nullopt;
       }},
      {"--out", "FILE", "write the tables there as well", text(&LoadOptions::out)},
  };
  return rows;
}

std::optional<Command> command_named(std::string_view name) {
  if (name == "run") {
    return Command::run;
  }
  if (name == "compare") {
    return Command::compare;
  }
  if (name == "sink") {
    return Command::sink;
  }
  if (name == "relay") {
    return Command::relay;
  }
  if (name == "pipe") {
    return Command::pipe;
  }
  if (name == "help" || name == "--help" || name == "-h") {
    return Command::help;
  }
  return std::nullopt;
}

Failure read_flag(const std::vector<std::string>& words, std::size_t& at, LoadOptions& options) {
  const std::string& word = words[at];
  const std::size_t equals = word.find('=');
  const std::string name = word.substr(0, equals);
  for (const Flag& flag : flags()) {
    if (flag.name != name) {
      continue;
    }
    std::string value;
    if (equals != std::string::npos) {
      if (flag.value.empty()) {
        return "flag " + name + " takes no value";
      }
      value = word.substr(equals + 1);
    } else if (!flag.value.empty()) {
      if (at + 1 == words.size()) {
        return "flag " + name + " needs a value: " + std::string(flag.value);
      }
      value = words[++at];
    }
    if (Failure failure = flag.set(options, value)) {
      return "flag " + name + ": " + *failure;
    }
    return std::nullopt;
  }
  return "unknown flag '" + word + "'";
}

Failure check_whole(const LoadOptions& options) {
  switch (options.command) {
    case Command::help:
      return std::nullopt;
    case Command::run:
      return options.server.empty() ? Failure("run needs --server CMD") : std::nullopt;
    case Command::compare:
      return options.server_a.empty() || options.server_b.empty()
                 ? Failure("compare needs --a CMD and --b CMD")
                 : std::nullopt;
    case Command::sink:
    case Command::relay:
      return options.port == 0 ? Failure("sink and relay need --port N") : std::nullopt;
    case Command::pipe:
      return options.port == 0 || options.to_port == 0 ? Failure("pipe needs --port N and --to N")
                                                       : std::nullopt;
  }
  return std::nullopt;
}

std::string quoted(const std::string& word) {
  const bool is_plain = word.find_first_of(" '\"{}") == std::string::npos;
  return is_plain ? word : "'" + word + "'";
}

}  // namespace

Failure read_options(const std::vector<std::string>& words, LoadOptions& options) {
  if (words.empty()) {
    return "name a command: run, compare, sink, relay, pipe or help";
  }
  const std::optional<Command> command = command_named(words[0]);
  if (!command) {
    return "unknown command '" + words[0] + "'";
  }
  options.command = *command;
  options.command_line = "rubus-load";
  for (const std::string& word : words) {
    options.command_line += " " + quoted(word);
  }
  for (std::size_t at = 1; at < words.size(); ++at) {
    if (words[at] == "--help" || words[at] == "-h") {
      options.command = Command::help;
      return std::nullopt;
    }
    if (Failure failure = read_flag(words, at, options)) {
      return failure;
    }
  }
  if (options.modes.empty()) {
    if (Failure failure = set_modes(options, "all")) {
      return failure;
    }
  }
  return check_whole(options);
}

std::string help_text() {
  std::string help =
      "rubus-load: wire-level load for NATS servers, counted per second of server CPU time\n\n"
      "  rubus-load run     --server 'nats-server -a 127.0.0.1 -p {port}' [flags]\n"
      "  rubus-load compare --a CMD --b CMD [flags]   both in alternation, with ratios A/B\n"
      "  rubus-load sink    --port N                  loopback limit: receive and count\n"
      "  rubus-load relay   --port N                  loopback limit: receive and re-send\n"
      "  rubus-load pipe    --port N --to N           a link that is cut by killing it\n\n"
      "Flags:\n";
  for (const Flag& flag : flags()) {
    std::string left = "  " + std::string(flag.name) + " " + std::string(flag.value);
    left.resize(left.size() < 24 ? 24 : left.size() + 1, ' ');
    help += left + std::string(flag.help) + "\n";
  }
  help += "\nModes (a number may follow: fanout:4):\n";
  for (const ModeRow& row : mode_rows()) {
    std::string left = "  " + name_of(Mode{row.kind, row.count});
    left.resize(24, ' ');
    help += left + std::string(row.help) + "\n";
  }
  help += "\nExit status: 0 all good, 1 a run failed or lost messages, 2 wrong command line.\n";
  return help;
}

}  // namespace rubus::load
