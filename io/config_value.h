// ConfigValue: one node of a parsed configuration file, before anybody asks what it means.
//
// Every node knows where it came from, because every complaint must say so: a value inside a map
// carries the place of its key, an element of an array its own. Keys keep their spelling;
// directives are compared without case, names of accounts and users with it.
// Entries stand in the order of first appearance; defining a key again replaces its value.
// Grammar and quirks: the reference's configuration language, see config_lexer.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rubus::io {

enum class ConfigKind : std::uint8_t { boolean, integer, floating, text, datetime, array, map };

struct ConfigPlace {
  std::shared_ptr<const std::string> file;  // as given on the command line, or the included path
  std::int64_t line = 0;                    // from 1
  std::int64_t column = 0;                  // from 0 on line 1, from 1 on later lines
};

// "file:line:column"
std::string place_text(const ConfigPlace& place);

struct ConfigEntry;

struct ConfigValue {
  ConfigKind kind = ConfigKind::map;
  bool boolean = false;
  std::int64_t integer = 0;
  double floating = 0;
  std::string text;                  // text and datetime
  std::vector<ConfigValue> items;    // array
  std::vector<ConfigEntry> entries;  // map
  ConfigPlace place;
  bool used_as_variable = false;  // an unknown key is no error when something refers to it

  const ConfigValue* find(std::string_view key) const;
};

struct ConfigEntry {
  std::string key;
  ConfigValue value;
};

// The Go name of the kind, as error texts use it: "int64", "map[string]interface {}", …
std::string_view go_type_name(ConfigKind kind);

// A value as Go prints it with %v: error texts quote values that way.
std::string go_print(const ConfigValue& value);

// A string as Go prints it with %q.
std::string go_quote(std::string_view text);

}  // namespace rubus::io
