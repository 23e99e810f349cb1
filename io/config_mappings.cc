// Subject mappings, of an account or of $G: what they say, and whether they can be made.
#include <algorithm>

#include "engine/auth/subject_mapping.h"
#include "engine/routing/subject.h"
#include "io/config_reading.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

constexpr std::int64_t weight_total = 100;  // percent

struct DestinationReading {
  MappingDestination destination;
  bool weighted = false;
};

void read_weight(DestinationReading& reading, const Field& field) {
  std::int64_t weight = 0;
  if (field.value.kind == ConfigKind::integer) {
    weight = field.value.integer;
  } else if (field.value.kind == ConfigKind::text) {
    std::string_view digits = field.value.text;
    if (!digits.empty() && digits.back() == '%') {
      digits.remove_suffix(1);
    }
    const IntegerReading number = parse_go_integer(digits, "Atoi");
    if (number.error) {
      return field.error("Invalid weight " + go_quote(digits) + " for mapping destination");
    }
    weight = number.value;
  } else {
    return field.error("Unknown entry type for weight of " + go_print(field.value));
  }
  if (weight < 0 || weight > weight_total) {
    return field.error("Invalid weight " + std::to_string(weight) + " for mapping destination");
  }
  reading.destination.weight = static_cast<std::uint32_t>(weight);
  reading.weighted = true;
}

constexpr Directive<DestinationReading> destination_table[] = {
    {"destination dest",
     [](DestinationReading& r, const Field& field) { field.into(r.destination.subject); }},
    {"weight", read_weight},
    {"cluster",
     [](DestinationReading& r, const Field& field) { field.into(r.destination.cluster); }},
};

std::optional<MappingDestination> read_destination(const Field& field) {
  if (field.value.kind != ConfigKind::map) {
    field.error("Expected an entry for the mapping destination");
    return std::nullopt;
  }
  DestinationReading reading;
  const std::size_t errors_before = field.report.errors().size();
  read_map(destination_table, reading, field.value, field.report, field.source,
           {"Unknown field ", " for mapping destination"});
  if (field.report.errors().size() != errors_before) {
    return std::nullopt;
  }
  if (!reading.weighted) {
    field.error("Missing weight for mapping destination " + go_quote(reading.destination.subject));
    return std::nullopt;
  }
  return std::move(reading.destination);
}

// One source with all its destinations; nothing if it was complained about.
std::optional<MappingOptions> read_mapping(const Field& field, const std::string& source) {
  MappingOptions mapping;
  mapping.source = source;
  std::string place = "Error adding mapping for " + go_quote(source);
  const std::size_t errors_before = field.report.errors().size();
  if (field.value.kind == ConfigKind::text) {
    mapping.destinations.push_back({field.value.text, weight_total, ""});
    place += " to " + go_quote(field.value.text);
  } else if (field.value.kind == ConfigKind::array) {
    for (const ConfigValue& item : field.value.items) {
      if (auto one = read_destination(Field{field.key, item, field.report, field.source})) {
        mapping.destinations.push_back(std::move(*one));
      }
    }
  } else if (auto one = read_destination(field)) {
    mapping.destinations.push_back(std::move(*one));
  } else {
    return std::nullopt;
  }
  std::string error;
  if (!is_valid_mapping(mapping, error)) {
    field.error(place + " : " + error);
  }
  return field.report.errors().size() == errors_before ? std::optional(std::move(mapping))
                                                       : std::nullopt;
}

}  // namespace

std::vector<MappingOptions> read_mapping_list(const Field& field) {
  std::vector<MappingOptions> mappings;
  if (field.value.kind != ConfigKind::map) {
    field.report.wrong_type(field.value, ConfigKind::map);
    return mappings;
  }
  for (const ConfigEntry& entry : field.value.entries) {
    if (!is_valid_subject(entry.key)) {
      field.error("Subject " + go_quote(entry.key) + " is not a valid subject");
      continue;
    }
    const Field inner{entry.key, entry.value, field.report, field.source};
    if (std::optional<MappingOptions> mapping = read_mapping(inner, entry.key)) {
      mappings.push_back(std::move(*mapping));
    }
  }
  return mappings;
}

void read_mappings(ConfigReading& reading, const Field& field) {
  AccountOptions global;
  global.name = "$G";
  global.mappings = read_mapping_list(field);
  if (!global.mappings.empty()) {
    reading.accounts.push_back(std::move(global));
  }
}

}  // namespace rubus::io
