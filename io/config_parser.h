// The configuration parser: text, included files and variables -> one tree of ConfigValue.
//
// The world is asked through ConfigSource only (files and environment variables), so simulation and
// fuzzing parse without either. Every failure is a value with the reference's text; nothing throws.
// Bounds: nesting (config_nesting_max), depth and number of included files, and the number of
// values that variables may copy, so a small text cannot become a huge tree.
// An include cycle, which crashes the reference, is the error "include cycle".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "io/config_value.h"

namespace rubus::io {

struct FileReading {
  std::string text;
  std::optional<std::string> error;  // "open x.conf: no such file or directory"
};

struct ConfigSource {
  std::function<FileReading(const std::string& path)> read_file;
  std::function<std::optional<std::string>(const std::string& name)> environment;
};

constexpr std::size_t config_include_depth_max = 50;
constexpr std::size_t config_includes_max = 1000;
constexpr std::size_t config_copies_max = 1'000'000;

struct ConfigTree {
  ConfigValue root;                  // always a map
  std::optional<std::string> error;  // without the program's name
};

// Reads the file at `path` and everything it includes.
ConfigTree parse_config_file(const std::string& path, const ConfigSource& source);

// Parses `text` as if it stood in the file `path`.
ConfigTree parse_config_text(std::string_view text, const std::string& path,
                             const ConfigSource& source);

// The directory of `base` joined with `relative`, cleaned: "a/b.conf" and "./c.conf" give
// "a/c.conf".
std::string include_path(std::string_view base, std::string_view relative);

}  // namespace rubus::io
