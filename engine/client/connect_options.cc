#include "engine/client/connect_options.h"

#include <array>

#include "engine/base/json_reader.h"

namespace rubus {

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& byte : result) {
    if (byte >= 'A' && byte <= 'Z') {
      byte = static_cast<char>(byte + 32);
    }
  }
  return result;
}

struct Field {
  std::string_view key;
  bool* truth;
  std::string* text;
  std::int64_t* number;
};

bool read_field(JsonReader& reader, const Field& field) {
  if (reader.peek() == JsonKind::null) {
    return reader.read_null();
  }
  if (field.truth != nullptr) {
    return reader.read_boolean(*field.truth);
  }
  if (field.number != nullptr) {
    return reader.read_integer(*field.number);
  }
  return reader.read_string(*field.text);
}

}  // namespace

bool merge_connect_options(std::string_view json, ConnectOptions& options) {
  JsonReader reader(json);
  if (reader.peek() == JsonKind::null) {
    return reader.read_null() && reader.at_end();
  }
  bool tls_required = false;
  std::string unused;
  Credentials& given = options.credentials;
  // Keys that are checked for their type though their value decides nothing here: jwt is
  // discarded outside operator mode, proxy_sig without trusted proxies.
  const std::array<Field, 20> fields = {{
      {"verbose", &options.verbose, nullptr, nullptr},
      {"pedantic", &options.pedantic, nullptr, nullptr},
      {"echo", &options.echo, nullptr, nullptr},
      {"headers", &options.headers, nullptr, nullptr},
      {"no_responders", &options.no_responders, nullptr, nullptr},
      {"tls_required", &tls_required, nullptr, nullptr},
      {"new_account", &options.new_account, nullptr, nullptr},
      {"protocol", nullptr, nullptr, &options.protocol},
      {"name", nullptr, &options.name, nullptr},
      {"lang", nullptr, &options.lang, nullptr},
      {"version", nullptr, &options.version, nullptr},
      {"account", nullptr, &options.account, nullptr},
      {"auth_token", nullptr, &given.token, nullptr},
      {"user", nullptr, &given.username, nullptr},
      {"pass", nullptr, &given.password, nullptr},
      {"nkey", nullptr, &given.nkey, nullptr},
      {"sig", nullptr, &given.signature, nullptr},
      {"jwt", nullptr, &unused, nullptr},
      {"proxy_sig", nullptr, &unused, nullptr},
      {"remote_account", nullptr, &unused, nullptr},
  }};
  if (!reader.begin_object()) {
    return false;
  }
  std::string key;
  while (reader.next_member(key)) {
    const std::string wanted = lower(key);
    const Field* known = nullptr;
    for (const Field& field : fields) {
      known = field.key == wanted ? &field : known;
    }
    if (known == nullptr ? !reader.skip_value() : !read_field(reader, *known)) {
      return false;
    }
  }
  return reader.at_end();
}

bool is_json_object(std::string_view json) {
  JsonReader reader(json);
  const JsonKind kind = reader.peek();
  return (kind == JsonKind::object || kind == JsonKind::null) && reader.skip_value() &&
         reader.at_end();
}

}  // namespace rubus
