// A world of files and variables in memory, for tests of the configuration.
#pragma once

#include <map>
#include <string>

#include "io/config_parser.h"
#include "io/config_reader.h"

namespace rubus::io {

struct MemoryWorld {
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> variables;

  ConfigSource source() const {
    return {[this](const std::string& path) -> FileReading {
              const auto found = files.find(path);
              if (found == files.end()) {
                return {{}, "open " + path + ": no such file or directory"};
              }
              return {found->second, std::nullopt};
            },
            [this](const std::string& name) -> std::optional<std::string> {
              const auto found = variables.find(name);
              return found == variables.end() ? std::nullopt : std::optional(found->second);
            }};
  }
};

inline ConfigOutcome read_text(const std::string& text) {
  const MemoryWorld world;
  ConfigOutcome outcome = read_config_text(text, "f.conf", blank_config(), world.source());
  complete_config(outcome.config);
  return outcome;
}

inline std::string all_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += (text.empty() ? "" : "\n") + line;
  }
  return text;
}

}  // namespace rubus::io
