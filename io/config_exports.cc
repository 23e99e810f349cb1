// exports [] and imports [] of an account, each entry for itself; whether they fit together is
// settled in config_imports.cc.
#include <algorithm>

#include "engine/routing/subject.h"
#include "io/config_reading.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

// ---- exports ------------------------------------------------------------------------------------

struct ExportReading {
  bool is_stream = false;
  bool is_service = false;
  ServiceExport entry;                    // a stream's too
  std::vector<ConfigPlace> service_only;  // response, threshold, latency, allow_trace
  std::vector<std::string> service_only_texts;
};

void note_service_only(ExportReading& reading, const Field& field, std::string_view what) {
  reading.service_only.push_back(field.value.place);
  reading.service_only_texts.push_back("Detected " + std::string(what) +
                                       " directive on non-service");
}

// "stream: foo" or "service: foo"; an entry is one of both.
void read_subject(ExportReading& reading, const Field& field, std::string_view what,
                  std::string_view other, bool& is_what, bool is_other) {
  if (is_other) {
    return field.error("Detected " + std::string(what) + " " + go_quote(go_print(field.value)) +
                       " but already saw a " + std::string(other));
  }
  if (field.value.kind != ConfigKind::text) {
    return field.error("Expected " + std::string(what) + " name to be string, got " +
                       std::string(go_type_name(field.value.kind)));
  }
  is_what = true;
  reading.entry.subject = field.value.text;
}

void read_response(ExportReading& reading, const Field& field) {
  note_service_only(reading, field, "response");
  if (field.value.kind != ConfigKind::text) {
    return field.error("Expected response type to be string, got " +
                       std::string(go_type_name(field.value.kind)));
  }
  const std::string type = lower_case(field.value.text);
  if (has_name("single singleton", type)) {
    reading.entry.response_type = ResponseType::singleton;
  } else if (type == "stream") {
    reading.entry.response_type = ResponseType::stream;
  } else if (has_name("chunk chunked", type)) {
    reading.entry.response_type = ResponseType::chunked;
  } else {
    field.error("Unknown response type: " + go_quote(field.value.text));
  }
}

void read_threshold(ExportReading& reading, const Field& field) {
  note_service_only(reading, field, "response");
  const std::string expected = "Expected response threshold to be a parseable time duration, got ";
  if (field.value.kind != ConfigKind::text) {
    return field.error(expected + std::string(go_type_name(field.value.kind)));
  }
  const DurationReading threshold = parse_duration(field.value.text);
  if (threshold.error) {
    return field.error(expected + go_quote(field.value.text));
  }
  if (threshold.value != Duration{}) {
    reading.entry.response_threshold = threshold.value;
  }
}

// A share of the requests, "headers" (those that ask for it), or what is wrong.
std::optional<std::string> sampling_error(const ConfigValue& value) {
  const std::string bad = "bad sampling percentage, should be 1-100";
  std::int64_t percent = value.integer;
  if (value.kind == ConfigKind::text) {
    if (lower_case(value.text) == "headers") {
      return std::nullopt;
    }
    std::string_view digits = value.text;
    if (!digits.empty() && digits.back() == '%') {
      digits.remove_suffix(1);
    }
    const IntegerReading number = parse_go_integer(digits, "Atoi");
    if (number.error) {
      return "Failed to parse latency sample: " + *number.error;
    }
    percent = number.value;
  } else if (value.kind != ConfigKind::integer) {
    return "Expected latency sample to be a string or map/struct, got " +
           std::string(go_type_name(value.kind));
  }
  constexpr std::int64_t percent_max = 100;
  return percent < 1 || percent > percent_max ? std::optional(bad) : std::nullopt;
}

void read_latency(ExportReading& reading, const Field& field) {
  note_service_only(reading, field, "latency");
  if (field.value.kind == ConfigKind::text) {
    return field.refuse();
  }
  if (!expect_map(field, "Expected latency entry to be a map/struct or string")) {
    return;
  }
  if (const ConfigValue* const sampling = field.value.find("sampling")) {
    if (const std::optional<std::string> error = sampling_error(*sampling)) {
      return field.report.error(sampling->place, *error);
    }
  }
  const ConfigValue* const subject = field.value.find("subject");
  if (subject == nullptr) {
    return field.error("Latency subject required, but missing");
  }
  if (subject->kind != ConfigKind::text) {
    return field.report.error(subject->place, "Expected latency subject to be a string, got " +
                                                  std::string(go_type_name(subject->kind)));
  }
  field.refuse();
}

void read_approved(ExportReading& reading, const Field& field) {
  if (field.value.kind != ConfigKind::array) {
    return field.report.wrong_type(field.value, ConfigKind::array);
  }
  for (const ConfigValue& item : field.value.items) {
    if (item.kind != ConfigKind::text) {
      field.report.wrong_type(item, ConfigKind::text);
      continue;
    }
    reading.entry.accounts.push_back(item.text);
  }
}

// 0: no token. Below it nothing can be meant, and an export without a token is open to everybody.
void read_token_position(ExportReading& reading, const Field& field) {
  const std::optional<std::int64_t> position = field.integer();
  if (position && *position < 0) {
    return field.error(std::string(field.key) + " value can not be negative");
  }
  if (position) {
    field.into(reading.entry.account_token_position);
  }
}

void remark_on_trace(const Field& field) {
  if (field.boolean().value_or(false)) {
    field.remark("has no effect: message tracing is not supported yet");
  }
}

constexpr Directive<ExportReading> export_table[] = {
    {"stream",
     [](ExportReading& r, const Field& field) {
       read_subject(r, field, "stream", "service", r.is_stream, r.is_service);
     }},
    {"service",
     [](ExportReading& r, const Field& field) {
       read_subject(r, field, "service", "stream", r.is_service, r.is_stream);
     }},
    {"response response_type", read_response},
    {"response_threshold threshold response_max_time response_time", read_threshold},
    {"accounts", read_approved},
    {"latency", read_latency},
    {"account_token_position", read_token_position},
    {"allow_trace",
     [](ExportReading& reading, const Field& field) {
       remark_on_trace(field);
       note_service_only(reading, field, "allow_trace");
     }},
};

void take_export(AccountOptions& account, ExportReading reading, const Field& field) {
  ServiceExport& entry = reading.entry;
  entry.is_private = !entry.accounts.empty();
  if (reading.is_service) {
    account.service_exports.push_back(std::move(entry));
    return;
  }
  if (!reading.is_stream) {
    return;
  }
  for (std::size_t i = 0; i < reading.service_only.size(); ++i) {
    field.report.error(reading.service_only[i], reading.service_only_texts[i]);
  }
  account.stream_exports.push_back({std::move(entry.subject), entry.is_private,
                                    std::move(entry.accounts), entry.account_token_position});
}

// ---- imports ------------------------------------------------------------------------------------

struct ImportReading {
  bool is_stream = false;
  bool is_service = false;
  std::string account;
  std::string subject;
  std::string prefix;
  std::string target;
  std::optional<ConfigPlace> target_place;
  std::optional<ConfigPlace> trace_place;
  bool share = false;
};

void read_import_source(ImportReading& reading, const Field& field, bool& is_what) {
  const std::string kind = &is_what == &reading.is_service ? "Service" : "Stream";
  if (!expect_map(field, kind + " entry should be an account map")) {
    return;
  }
  static constexpr Directive<ImportReading> table[] = {
      {"account", [](ImportReading& source, const Field& part) { part.into(source.account); }},
      {"subject", [](ImportReading& source, const Field& part) { part.into(source.subject); }},
  };
  read_map(table, reading, field.value, field.report, field.source);
  if (reading.account.empty() || reading.subject.empty()) {
    return field.error("Expect an account name and a subject");
  }
  is_what = true;
}

constexpr Directive<ImportReading> import_table[] = {
    {"stream",
     [](ImportReading& reading, const Field& field) {
       if (reading.is_service) {
         return field.error("Detected stream but already saw a service");
       }
       read_import_source(reading, field, reading.is_stream);
     }},
    {"service",
     [](ImportReading& reading, const Field& field) {
       if (reading.is_stream) {
         return field.error("Detected service but already saw a stream");
       }
       read_import_source(reading, field, reading.is_service);
     }},
    {"prefix", [](ImportReading& reading, const Field& field) { field.into(reading.prefix); }},
    {"to",
     [](ImportReading& reading, const Field& field) {
       field.into(reading.target);
       reading.target_place = field.value.place;
     }},
    {"share", [](ImportReading& reading, const Field& field) { field.into(reading.share); }},
    {"allow_trace",
     [](ImportReading& reading, const Field& field) {
       remark_on_trace(field);
       reading.trace_place = field.value.place;
     }},
};

// What is imported here already from the same account under the same subject.
const ServiceImport* find_duplicate(const AccountOptions& account, const ServiceImport& import) {
  const auto here = [](const ServiceImport& each) -> const std::string& {
    return each.to.empty() ? each.subject : each.to;
  };
  for (const ServiceImport& other : account.service_imports) {
    if (other.account == import.account && here(other) == here(import)) {
      return &other;
    }
  }
  return nullptr;
}

void take_service_import(AccountReading& account, ImportReading reading, const ConfigValue& item,
                         const Field& field) {
  ServiceImport import{reading.account, reading.subject, reading.target, reading.share};
  if (const ServiceImport* const other = find_duplicate(account.options, import)) {
    return field.report.error(
        item.place, "Duplicate service import subject " +
                        go_quote(import.to.empty() ? import.subject : import.to) +
                        ", previously used in import for account " + go_quote(other->account) +
                        ", subject " + go_quote(other->subject));
  }
  account.options.service_imports.push_back(std::move(import));
}

void take_import(AccountReading& account, ImportReading reading, const ConfigValue& item,
                 const Field& field) {
  if (reading.is_service) {
    if (reading.trace_place) {
      return field.report.error(*reading.trace_place,
                                "Detected allow_trace directive on a non-stream");
    }
    return take_service_import(account, std::move(reading), item, field);
  }
  if (!reading.is_stream) {
    return;
  }
  if (!reading.prefix.empty() && !reading.target.empty()) {
    return field.report.error(*reading.target_place,
                              "Stream import can not have a 'prefix' and a 'to' property");
  }
  account.options.stream_imports.push_back({reading.account, reading.subject, reading.target});
  account.prefixes.push_back(std::move(reading.prefix));
}

// Calls `read_item` for each map of the array.
template <class ReadItem>
void read_items(const Field& field, std::string_view what, ReadItem read_item) {
  if (field.value.kind != ConfigKind::array) {
    return field.error(std::string(what) + "s should be an array, got " +
                       std::string(go_type_name(field.value.kind)));
  }
  for (const ConfigValue& item : field.value.items) {
    if (item.kind != ConfigKind::map) {
      field.report.error(item.place, std::string(what) +
                                         " Items should be a map with type entry, got " +
                                         std::string(go_type_name(item.kind)));
      continue;
    }
    read_item(item);
  }
}

}  // namespace

void read_exports(AccountReading& account, const Field& field) {
  read_items(field, "Export", [&account, &field](const ConfigValue& item) {
    ExportReading reading;
    read_map(export_table, reading, item, field.report, field.source);
    take_export(account.options, std::move(reading), field);
  });
}

void read_imports(AccountReading& account, const Field& field) {
  read_items(field, "Import", [&account, &field](const ConfigValue& item) {
    ImportReading reading;
    read_map(import_table, reading, item, field.report, field.source);
    take_import(account, std::move(reading), item, field);
  });
}

}  // namespace rubus::io
