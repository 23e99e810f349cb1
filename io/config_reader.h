// The configuration reader: a parsed tree -> ServerConfig, with everything there is to say about
// it.
//
// Every directive of the reference server is known by name and all its aliases, in every block.
// Three fates: used; harmless without support (a remark); refused as not supported yet. All
// complaints are collected. Cross-field rules are not looked at here: they are start checks
// (config_start_checks.h), because `-t` does not make them.
//
// Order of application: flags, file, flags again, then complete_config() for the defaults that
// depend on other values. 0 stands for "the default" wherever the reference does so.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/config_parser.h"
#include "io/config_value.h"
#include "io/server_config.h"

namespace rubus::io {

struct ConfigOutcome {
  ServerConfig config;
  std::vector<std::string> errors;    // the start is refused
  std::vector<std::string> warnings;  // a start goes on, a check fails
  std::vector<std::string> remarks;   // neither; in config.warnings, for the log
};

// A configuration with no file and no flags, still to be completed.
ServerConfig blank_config();

// Reads the file over `base`, the values that flags have set.
ConfigOutcome read_config_file(const std::string& path, const ServerConfig& base,
                               const ConfigSource& source);

// The same for text that stands for the file `path`.
ConfigOutcome read_config_text(std::string_view text, const std::string& path,
                               const ServerConfig& base, const ConfigSource& source);

// Fills in what was left at 0 or empty.
void complete_config(ServerConfig& config);

}  // namespace rubus::io
