// Field, Directive and read_map(): how a map of directives is read by a table.
//
// A table says for each directive all its names and what reading it means; the driver finds the
// row without regard to case and reports unknown names with the nearest known one. The typed
// getters report a wrong type in the reference's words and leave the target alone.
// A block whose contents are only checked (its feature being absent) uses the check_… readers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "io/config_parser.h"
#include "io/config_report.h"
#include "io/config_url.h"
#include "io/config_value.h"
#include "io/server_config.h"

namespace rubus::io {

// Beyond 32 bits a port is as invalid as any above 65535; the start will say so.
std::int32_t port_number(std::int64_t port);

struct Field {
  std::string_view key;  // as spelled in the file
  const ConfigValue& value;
  ConfigReport& report;
  const ConfigSource& source;

  void error(std::string_view reason) const { report.error(value.place, reason); }
  void refuse() const { report.refusal(value.place, lower_key()); }
  void remark(std::string_view reason) const { report.remark(value.place, lower_key(), reason); }
  std::string lower_key() const;

  std::optional<bool> boolean() const;
  std::optional<std::int64_t> integer() const;
  std::optional<std::string> text() const;
  // A string or, with a warning, whole seconds. `name` is what the texts call the field.
  std::optional<Duration> duration(std::string_view name) const;
  // A string only.
  std::optional<Duration> text_duration(std::string_view error_prefix) const;
  // A port number or "host:port".
  std::optional<ListenAddress> listen() const;
  // A string or an array of strings. `name` is what the texts call the field.
  std::optional<std::vector<std::string>> strings(std::string_view name) const;

  void into(bool& target) const;
  void into(std::string& target) const;
  void into(std::int64_t& target) const;
  void into(Duration& target, std::string_view name) const;
  void into_port(std::int32_t& target) const;
  void into(std::uint32_t& target) const;  // a negative number counts as 0
  void into(std::optional<std::int64_t>& target) const;
};

template <class Target>
struct Directive {
  std::string_view names;  // the names, separated by blanks; the first is the usual one
  void (*read)(Target& target, const Field& field);
};

// How a block words its complaint about an unknown name: prefix, quoted name, suffix.
struct UnknownWording {
  std::string_view prefix = "unknown field ";
  std::string_view suffix = "";
};

// Whether one of the blank-separated `names` equals `key`, which is in lower case.
bool has_name(std::string_view names, std::string_view key);
void add_names(std::string_view names, std::vector<std::string_view>& list);
std::string lowered(std::string_view key);

// Reads every entry of `map` by the table's rows.
template <class Target, class Table>
void read_map(const Table& table, Target& target, const ConfigValue& map, ConfigReport& report,
              const ConfigSource& source, UnknownWording wording = {}) {
  for (const ConfigEntry& entry : map.entries) {
    const std::string key = lowered(entry.key);
    const Field field{entry.key, entry.value, report, source};
    bool known = false;
    for (const Directive<Target>& directive : table) {
      if (has_name(directive.names, key)) {
        directive.read(target, field);
        known = true;
        break;
      }
    }
    if (!known && !entry.value.used_as_variable) {
      std::vector<std::string_view> names;
      for (const Directive<Target>& directive : table) {
        add_names(directive.names, names);
      }
      report.unknown_field(entry.value.place, wording.prefix, entry.key, wording.suffix, names);
    }
  }
}

// For blocks that are checked and not used.
struct Checked {
  bool listens = false;  // a port other than 0 is configured
  std::int64_t remotes = 0;
};

void check_bool(Checked&, const Field& field);
void check_integer(Checked&, const Field& field);
void check_text(Checked&, const Field& field);
void check_duration(Checked&, const Field& field);
void check_text_duration(Checked&, const Field& field);
void check_strings(Checked&, const Field& field);
void check_listen(Checked& block, const Field& field);
void check_port(Checked& block, const Field& field);
void check_write_timeout(Checked&, const Field& field);

std::optional<ParsedUrl> read_url(const ConfigValue& value, std::string_view kind,
                                  ConfigReport& report);
// An array of URLs; duplicates are warned about and left out.
std::vector<ParsedUrl> read_urls(const Field& field, std::string_view kind);

// The sentence for a value of the wrong kind where a block is expected: `what` + ", got <type>".
bool expect_map(const Field& field, std::string_view what);

}  // namespace rubus::io
