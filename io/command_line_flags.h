// The table of flags: names, kind, meaning, help. command_line.cc parses by it, the help is made
// from it, so no flag can be in one and not in the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/command_line.h"

namespace rubus::io {

enum class FlagKind : std::uint8_t { boolean, integer, text };

// A flag's value, parsed by its kind.
struct FlagValue {
  bool boolean = false;
  std::int64_t integer = 0;
  std::string text;
};

// What flags say besides the server's configuration.
struct FlagReading {
  ServerConfig config;
  std::string config_file;
  std::string signal;
  bool check_config = false;
  bool show_version = false;
  bool show_help = false;
  bool show_tls_help = false;
  std::optional<std::string> routes;   // given, be it empty
  std::optional<std::string> cluster;  // given, be it empty: no cluster then
  std::string prometheus;
  bool jetstream = false;
  std::int64_t profile_port = 0;
  bool tls_disabled = false;
  bool tls_asked = false;
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_authority;
  bool tls_verify = false;
};

struct FlagRow {
  std::string_view names;  // separated by blanks, without dashes
  FlagKind kind;
  void (*apply)(FlagReading& reading, const FlagValue& value);
  std::string_view section;   // of the help
  std::string_view argument;  // shown in the help; empty for booleans
  std::string_view help;
};

const std::vector<FlagRow>& flag_table();
const FlagRow* find_flag(std::string_view name);

// The value of a flag, or Go's reason why `text` is none: "parse error", "value out of range".
struct FlagParsing {
  FlagValue value;
  std::optional<std::string> error;
};
FlagParsing parse_flag_value(FlagKind kind, std::string_view text);

// What the flags about other servers and metrics mean for the configuration, once the file is read.
// An error in the reference's words, where it has the flag.
std::optional<std::string> apply_peer_flags(FlagReading& reading);

std::string help_text(std::string_view program);
std::string tls_help_text();

}  // namespace rubus::io
