#include "io/config_report.h"

#include <optional>

#include "io/config_text.h"

namespace rubus::io {

namespace {

std::string placed(const ConfigPlace& place, std::string_view reason) {
  return place_text(place) + ": " + std::string(reason);
}

}  // namespace

void ConfigReport::error(const ConfigPlace& place, std::string_view reason) {
  errors_.push_back(placed(place, reason));
}

void ConfigReport::error_without_place(std::string text) { errors_.push_back(std::move(text)); }

void ConfigReport::unknown_field(const ConfigPlace& place, std::string_view prefix,
                                 std::string_view key, std::string_view suffix,
                                 const std::vector<std::string_view>& known) {
  std::string text = placed(place, prefix) + go_quote(key) + std::string(suffix);
  if (const std::optional<std::string> near = nearest_name(key, known)) {
    text += "\n  did you mean " + go_quote(*near) + "?";
  }
  errors_.push_back(std::move(text));
}

void ConfigReport::wrong_type(const ConfigValue& value, ConfigKind wanted) {
  std::string reason = "interface conversion: interface {} is ";
  reason += go_type_name(value.kind);
  reason += ", not ";
  reason += go_type_name(wanted);
  error(value.place, reason);
}

void ConfigReport::warning(const ConfigPlace& place, std::string_view field,
                           std::string_view reason) {
  warnings_.push_back(placed(place, "invalid use of field " + go_quote(field) + ": ") +
                      std::string(reason));
}

void ConfigReport::warning_without_field(const ConfigPlace& place, std::string_view reason) {
  warnings_.push_back(placed(place, reason));
}

void ConfigReport::warning_without_place(std::string text) { warnings_.push_back(std::move(text)); }

void ConfigReport::refusal(const ConfigPlace& place, std::string_view directive) {
  refusals_.push_back(placed(place, "directive " + go_quote(directive) +
                                        " is known but not supported by this version of Rubus "
                                        "yet"));
}

void ConfigReport::remark(const ConfigPlace& place, std::string_view directive,
                          std::string_view reason) {
  remarks_.push_back(placed(place, "directive " + go_quote(directive) + " " + std::string(reason)));
}

}  // namespace rubus::io
