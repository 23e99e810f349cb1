// Operator mode (operator, resolver, trusted_keys …), proxies, OCSP: checked, not supported yet.
#include "engine/auth/nkey.h"
#include "io/config_reading.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

constexpr NkeyKind operator_kind{14U << 3U};  // 'O'

std::string unsupported(std::string_view what, ConfigKind kind) {
  return "error parsing " + std::string(what) + ": unsupported type " +
         std::string(go_type_name(kind));
}

// A JWT, in place or in a file. Its contents are not looked at here.
void check_operator_file(const Field& field, const std::string& written) {
  constexpr std::string_view jwt_header = "eyJ";
  if (written.substr(0, jwt_header.size()) == jwt_header) {
    return;
  }
  const FileReading reading = field.source.read_file ? field.source.read_file(written)
                                                     : FileReading{{},
                                                                   "open " + written +
                                                                       ": no such file or "
                                                                       "directory"};
  if (reading.error) {
    field.error("error parsing operator JWT: " + *reading.error);
  }
}

constexpr Directive<Checked> resolver_table[] = {
    {"dir", check_text},
    {"type", check_text},
    {"allow_delete", check_bool},
    {"hard_delete", check_bool},
    {"limit", check_integer},
    {"ttl", check_text_duration},
    {"interval", check_text_duration},
    {"timeout", check_text_duration},
};

constexpr std::string_view resolver_forms =
    "error parsing account resolver, should be MEM or  URL(\"url\") or a map containing dir and "
    "type state=[FULL|CACHE])";

bool is_resolver_word(const std::string& text) {
  const std::string lower = lower_case(text);
  return lower.find("mem") != std::string::npos || lower.find("url") != std::string::npos;
}

void check_resolver_map(const Field& field) {
  Checked checked;
  // Names it does not know are passed over, as in the reference.
  for (const ConfigEntry& entry : field.value.entries) {
    const Field part{entry.key, entry.value, field.report, field.source};
    for (const Directive<Checked>& directive : resolver_table) {
      if (directive.names == entry.key) {
        directive.read(checked, part);
      }
    }
  }
  const ConfigValue* const type = field.value.find("type");
  const std::string kind =
      type != nullptr && type->kind == ConfigKind::text ? lower_case(type->text) : "";
  if (!has_name("full cache mem memory", kind)) {
    return field.error(resolver_forms);
  }
  const ConfigValue* const directory = field.value.find("dir");
  if (has_name("full cache", kind) && (directory == nullptr || directory->text.empty())) {
    field.error("dir has no value and needs to point to a directory");
  }
}

}  // namespace

void read_operator(ConfigReading&, const Field& field) {
  if (field.value.kind == ConfigKind::text) {
    check_operator_file(field, field.value.text);
  } else if (field.value.kind == ConfigKind::array) {
    for (const ConfigValue& item : field.value.items) {
      if (item.kind != ConfigKind::text) {
        field.error(
            "error parsing operators: unsupported type *conf.token where string is expected");
        break;
      }
      check_operator_file(field, item.text);
    }
  } else {
    field.error(unsupported("operators", field.value.kind));
  }
  field.refuse();
}

void read_resolver(ConfigReading&, const Field& field) {
  if (field.value.kind == ConfigKind::text) {
    if (!is_resolver_word(field.value.text)) {
      field.error(resolver_forms);
    }
  } else if (field.value.kind == ConfigKind::map) {
    check_resolver_map(field);
  } else {
    field.error("error parsing operator resolver, wrong type " +
                std::string(go_type_name(field.value.kind)));
  }
  field.remark("has no effect without operator mode");
}

void read_resolver_tls(ConfigReading&, const Field& field) {
  Checked checked;
  check_tls(checked, field);
  field.remark("has no effect without operator mode");
}

void read_resolver_preload(ConfigReading&, const Field& field) {
  if (field.value.kind != ConfigKind::map) {
    return field.error("preload should be a map of account_public_key:account_jwt");
  }
  for (const ConfigEntry& entry : field.value.entries) {
    if (entry.value.kind != ConfigKind::text) {
      field.report.error(entry.value.place, "preload map value should be a string JWT");
    }
  }
  field.remark("has no effect without operator mode");
}

void read_resolver_pinned_accounts(ConfigReading&, const Field& field) {
  field.strings("resolver_pinned_accounts");
  field.remark("has no effect without operator mode");
}

void read_trusted_keys(ConfigReading&, const Field& field) {
  const std::optional<std::vector<std::string>> keys = field.strings("trusted");
  if (!keys) {
    return;
  }
  for (const std::string& key : *keys) {
    if (!decode_nkey(operator_kind, key)) {
      field.error("trust key " + go_quote(key) + " required to be a valid public operator nkey");
    }
  }
  if (!keys->empty()) {
    field.refuse();
  }
}

// ---- proxies ------------------------------------------------------------------------------------

namespace {

bool is_public_nkey(const std::string& key) {
  for (const NkeyKind kind :
       {NkeyKind::user, NkeyKind::server, NkeyKind::account, NkeyKind::curve, operator_kind}) {
    if (decode_nkey(kind, key)) {
      return true;
    }
  }
  return false;
}

void check_trusted_proxies(Checked& block, const Field& field) {
  static constexpr Directive<Checked> table[] = {
      {"key public_key",
       [](Checked&, const Field& key_field) {
         const std::optional<std::string> key = key_field.text();
         if (key && !is_public_nkey(*key)) {
           key_field.error("invalid proxy key " + go_quote(*key));
         }
       }},
  };
  if (field.value.kind != ConfigKind::array) {
    return field.error("expected proxies' trusted field to be an array, got " +
                       std::string(go_type_name(field.value.kind)));
  }
  for (const ConfigValue& item : field.value.items) {
    ++block.remotes;
    if (item.kind != ConfigKind::map) {
      field.report.error(item.place, "expected proxies' trusted entry to be a map/struct, got " +
                                         std::string(go_type_name(item.kind)));
      continue;
    }
    read_map(table, block, item, field.report, field.source);
  }
}

}  // namespace

void read_proxies(ConfigReading&, const Field& field) {
  static constexpr Directive<Checked> table[] = {{"trusted", check_trusted_proxies}};
  if (!expect_map(field, "expected proxies to be a map/struct")) {
    return;
  }
  Checked block;
  read_map(table, block, field.value, field.report, field.source);
  if (block.remotes > 0) {
    field.refuse();
  }
}

// ---- OCSP ---------------------------------------------------------------------------------------

void read_ocsp(ConfigReading&, const Field& field) {
  if (field.value.kind == ConfigKind::boolean) {
    if (field.value.boolean) {
      field.refuse();
    }
    return;
  }
  if (field.value.kind != ConfigKind::map) {
    return field.error("error parsing ocsp config: unsupported type " +
                       std::string(go_type_name(field.value.kind)));
  }
  bool never = false;
  for (const ConfigEntry& entry : field.value.entries) {
    if (entry.key == "mode") {
      const Field mode_field{entry.key, entry.value, field.report, field.source};
      const std::optional<std::string> mode = mode_field.text();
      const std::string word = mode ? lower_case(*mode) : "auto";
      never = word == "never";
      if (!has_name("always must never auto", word)) {
        mode_field.error("error parsing ocsp config: unsupported ocsp mode string");
      }
    } else if (entry.key != "urls" && entry.key != "url") {
      field.report.error(entry.value.place, "error parsing ocsp config: unsupported field string");
    }
  }
  if (!never) {
    field.refuse();
  }
}

void read_ocsp_cache(ConfigReading&, const Field& field) {
  if (field.value.kind != ConfigKind::boolean && field.value.kind != ConfigKind::map) {
    return field.error(unsupported("tags", field.value.kind));
  }
  field.remark("has no effect without ocsp");
}

}  // namespace rubus::io
