// ConfigReport: everything there is to say against a configuration, collected so that one run
// shows all of it.
//
// - errors: the configuration is wrong.
// - warnings: it is right but questionable; a start goes on, `-t` fails. As the reference.
// - refusals: it is right and known, but this version of Rubus cannot do it yet. Refusals count
// only
//   when there is no error, so that the reference's texts stay what they are.
// - remarks: known, not supported, and harmless: the server behaves as asked without it.
// Texts begin with "file:line:column: " wherever there is a place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/config_value.h"

namespace rubus::io {

class ConfigReport {
 public:
  void error(const ConfigPlace& place, std::string_view reason);
  void error_without_place(std::string text);
  // `known`: the names that would have been right here.
  void unknown_field(const ConfigPlace& place, std::string_view prefix, std::string_view key,
                     std::string_view suffix, const std::vector<std::string_view>& known);
  void wrong_type(const ConfigValue& value, ConfigKind wanted);
  void warning(const ConfigPlace& place, std::string_view field, std::string_view reason);
  void warning_without_field(const ConfigPlace& place, std::string_view reason);
  void warning_without_place(std::string text);
  void refusal(const ConfigPlace& place, std::string_view directive);
  void remark(const ConfigPlace& place, std::string_view directive, std::string_view reason);

  const std::vector<std::string>& errors() const { return errors_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  const std::vector<std::string>& refusals() const { return refusals_; }
  const std::vector<std::string>& remarks() const { return remarks_; }

 private:
  std::vector<std::string> errors_;
  std::vector<std::string> warnings_;
  std::vector<std::string> refusals_;
  std::vector<std::string> remarks_;
};

}  // namespace rubus::io
