// Mappings, exports and imports: checked in full, because their rules are part of what `-t` says.
#include <algorithm>

#include "engine/routing/subject.h"
#include "io/config_reading.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

constexpr std::int64_t weight_total = 100;

// ---- mappings -----------------------------------------------------------------------------------

struct MappingDestination {
  std::string subject;
  std::string cluster;
  std::optional<std::int64_t> weight;
};

void read_weight(MappingDestination& destination, const Field& field) {
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
  destination.weight = weight;
}

constexpr Directive<MappingDestination> destination_table[] = {
    {"destination dest",
     [](MappingDestination& target, const Field& field) { field.into(target.subject); }},
    {"weight", read_weight},
    {"cluster", [](MappingDestination& target, const Field& field) { field.into(target.cluster); }},
};

std::optional<MappingDestination> read_destination(const Field& field) {
  if (field.value.kind != ConfigKind::map) {
    field.error("Expected an entry for the mapping destination");
    return std::nullopt;
  }
  MappingDestination destination;
  const std::size_t errors_before = field.report.errors().size();
  read_map(destination_table, destination, field.value, field.report, field.source,
           {"Unknown field ", " for mapping destination"});
  if (field.report.errors().size() != errors_before) {
    return std::nullopt;
  }
  if (!destination.weight) {
    field.error("Missing weight for mapping destination " + go_quote(destination.subject));
    return std::nullopt;
  }
  return destination;
}

void check_destinations(const Field& field, const std::string& subject,
                        const std::vector<MappingDestination>& destinations) {
  std::vector<std::pair<std::string, std::int64_t>> totals;  // per cluster
  for (const MappingDestination& destination : destinations) {
    const auto found = std::find_if(
        totals.begin(), totals.end(),
        [&destination](const auto& total) { return total.first == destination.cluster; });
    std::int64_t total = *destination.weight;
    if (found == totals.end()) {
      totals.emplace_back(destination.cluster, total);
    } else {
      found->second += total;
      total = found->second;
    }
    if (total > weight_total) {
      return field.error("Error adding mapping for " + go_quote(subject) +
                         " : total weight needs to be <= 100");
    }
  }
}

void check_mapping(const Field& field, const std::string& subject) {
  std::vector<MappingDestination> destinations;
  if (field.value.kind == ConfigKind::text) {
    return;
  }
  if (field.value.kind == ConfigKind::array) {
    for (const ConfigValue& item : field.value.items) {
      if (auto one = read_destination(Field{field.key, item, field.report, field.source})) {
        destinations.push_back(std::move(*one));
      }
    }
  } else if (auto one = read_destination(field)) {
    destinations.push_back(std::move(*one));
  }
  check_destinations(field, subject, destinations);
}

// ---- exports ------------------------------------------------------------------------------------

struct ExportReading {
  AccountExport exported;
  bool stream = false;
  std::vector<ConfigPlace> service_only;  // response, threshold, latency, allow_trace
  std::vector<std::string> service_only_texts;
};

void note_service_only(ExportReading& reading, const Field& field, std::string_view what) {
  reading.service_only.push_back(field.value.place);
  reading.service_only_texts.push_back("Detected " + std::string(what) +
                                       " directive on non-service");
}

void read_response(ExportReading& reading, const Field& field) {
  note_service_only(reading, field, "response");
  if (field.value.kind != ConfigKind::text) {
    return field.error("Expected response type to be string, got " +
                       std::string(go_type_name(field.value.kind)));
  }
  const std::string type = lower_case(field.value.text);
  if (!has_name("single singleton stream chunk chunked", type)) {
    field.error("Unknown response type: " + go_quote(field.value.text));
  }
}

void read_threshold(ExportReading& reading, const Field& field) {
  note_service_only(reading, field, "response");
  const std::string expected = "Expected response threshold to be a parseable time duration, got ";
  if (field.value.kind != ConfigKind::text) {
    return field.error(expected + std::string(go_type_name(field.value.kind)));
  }
  if (parse_duration(field.value.text).error) {
    field.error(expected + go_quote(field.value.text));
  }
}

void read_latency(ExportReading& reading, const Field& field) {
  note_service_only(reading, field, "latency");
  if (field.value.kind == ConfigKind::text) {
    return;
  }
  if (!expect_map(field, "Expected latency entry to be a map/struct or string")) {
    return;
  }
  const ConfigValue* const subject = field.value.find("subject");
  if (subject == nullptr) {
    return field.error("Latency subject required, but missing");
  }
  if (subject->kind != ConfigKind::text) {
    field.report.error(subject->place, "Expected latency subject to be a string, got " +
                                           std::string(go_type_name(subject->kind)));
  }
}

constexpr Directive<ExportReading> export_table[] = {
    {"stream",
     [](ExportReading& reading, const Field& field) {
       if (field.value.kind != ConfigKind::text) {
         return field.error("Expected stream name to be string, got " +
                            std::string(go_type_name(field.value.kind)));
       }
       reading.stream = true;
       reading.exported.subject = field.value.text;
     }},
    {"service",
     [](ExportReading& reading, const Field& field) {
       if (field.value.kind != ConfigKind::text) {
         return field.error("Expected service name to be string, got " +
                            std::string(go_type_name(field.value.kind)));
       }
       reading.exported.service = true;
       reading.exported.subject = field.value.text;
     }},
    {"response response_type", read_response},
    {"response_threshold threshold response_max_time response_time", read_threshold},
    {"accounts",
     [](ExportReading& reading, const Field& field) {
       if (std::optional<std::vector<std::string>> names = field.strings("accounts")) {
         reading.exported.accounts = std::move(*names);
       }
     }},
    {"latency", read_latency},
    {"account_token_position", [](ExportReading&, const Field& field) { field.integer(); }},
    {"allow_trace",
     [](ExportReading& reading, const Field& field) {
       field.boolean();
       note_service_only(reading, field, "allow_trace");
     }},
};

// ---- imports ------------------------------------------------------------------------------------

struct ImportReading {
  AccountImport import;
  bool stream = false;
  std::string prefix;
  std::string target;
};

struct ImportSource {
  std::string account;
  std::string subject;
};

void read_import_source(ImportReading& reading, const Field& field, bool service) {
  const std::string kind = service ? "Service" : "Stream";
  if (!expect_map(field, kind + " entry should be an account map")) {
    return;
  }
  static constexpr Directive<ImportSource> table[] = {
      {"account", [](ImportSource& source, const Field& part) { part.into(source.account); }},
      {"subject", [](ImportSource& source, const Field& part) { part.into(source.subject); }},
  };
  ImportSource source;
  read_map(table, source, field.value, field.report, field.source);
  if (source.account.empty() || source.subject.empty()) {
    return field.error("Expect an account name and a subject");
  }
  reading.import.service = service;
  reading.stream = !service;
  reading.import.account = source.account;
  reading.import.subject = source.subject;
}

constexpr Directive<ImportReading> import_table[] = {
    {"stream",
     [](ImportReading& reading, const Field& field) {
       if (reading.import.service) {
         return field.error("Detected stream but already saw a service");
       }
       read_import_source(reading, field, false);
     }},
    {"service",
     [](ImportReading& reading, const Field& field) {
       if (reading.stream) {
         return field.error("Detected service but already saw a stream");
       }
       read_import_source(reading, field, true);
     }},
    {"prefix", [](ImportReading& reading, const Field& field) { field.into(reading.prefix); }},
    {"to",
     [](ImportReading& reading, const Field& field) {
       field.into(reading.target);
       if (!reading.prefix.empty()) {
         field.error("Stream import can not have a 'prefix' and a 'to' property");
       }
     }},
    {"share", [](ImportReading&, const Field& field) { field.boolean(); }},
    {"allow_trace",
     [](ImportReading& reading, const Field& field) {
       field.boolean();
       if (reading.import.service) {
         field.error("Detected allow_trace directive on a non-stream");
       }
     }},
};

std::string expected_array(std::string_view what, ConfigKind kind) {
  return std::string(what) + " should be an array, got " + std::string(go_type_name(kind));
}

}  // namespace

bool check_mappings(const Field& field) {
  if (field.value.kind != ConfigKind::map) {
    field.report.wrong_type(field.value, ConfigKind::map);
    return false;
  }
  for (const ConfigEntry& entry : field.value.entries) {
    if (!is_valid_subject(entry.key)) {
      field.error("Subject " + go_quote(entry.key) + " is not a valid subject");
      continue;
    }
    check_mapping(Field{entry.key, entry.value, field.report, field.source}, entry.key);
  }
  return !field.value.entries.empty();
}

void read_mappings(ConfigReading&, const Field& field) {
  if (check_mappings(field)) {
    field.refuse();
  }
}

std::vector<AccountExport> check_exports(const Field& field) {
  std::vector<AccountExport> exports;
  if (field.value.kind != ConfigKind::array) {
    field.error(expected_array("Exports", field.value.kind));
    return exports;
  }
  for (const ConfigValue& item : field.value.items) {
    if (item.kind != ConfigKind::map) {
      field.report.error(item.place, "Export Items should be a map with type entry, got " +
                                         std::string(go_type_name(item.kind)));
      continue;
    }
    ExportReading reading;
    read_map(export_table, reading, item, field.report, field.source);
    if (reading.stream) {
      for (std::size_t i = 0; i < reading.service_only.size(); ++i) {
        field.report.error(reading.service_only[i], reading.service_only_texts[i]);
      }
    }
    exports.push_back(std::move(reading.exported));
  }
  return exports;
}

std::vector<AccountImport> check_imports(const Field& field) {
  std::vector<AccountImport> imports;
  if (field.value.kind != ConfigKind::array) {
    field.error(expected_array("Imports", field.value.kind));
    return imports;
  }
  for (const ConfigValue& item : field.value.items) {
    if (item.kind != ConfigKind::map) {
      field.report.error(item.place, "Import Items should be a map with type entry, got " +
                                         std::string(go_type_name(item.kind)));
      continue;
    }
    ImportReading reading;
    read_map(import_table, reading, item, field.report, field.source);
    imports.push_back(std::move(reading.import));
  }
  return imports;
}

}  // namespace rubus::io
