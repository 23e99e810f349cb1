#include "io/config_field.h"

#include <algorithm>
#include <set>

#include "io/config_text.h"
#include "io/config_url.h"

namespace rubus::io {

namespace {

template <class Value>
void assign(const std::optional<Value>& value, Value& target) {
  if (value) {
    target = *value;
  }
}

}  // namespace

std::int32_t port_number(std::int64_t port) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(port, INT32_MIN, INT32_MAX));
}

std::string lowered(std::string_view key) { return lower_case(key); }

bool has_name(std::string_view names, std::string_view key) {
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(' '), names.size());
    if (names.substr(0, end) == key) {
      return true;
    }
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

void add_names(std::string_view names, std::vector<std::string_view>& list) {
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(' '), names.size());
    list.push_back(names.substr(0, end));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
}

// ---- typed getters ------------------------------------------------------------------------------

std::string Field::lower_key() const { return lower_case(key); }

std::optional<bool> Field::boolean() const {
  if (value.kind != ConfigKind::boolean) {
    report.wrong_type(value, ConfigKind::boolean);
    return std::nullopt;
  }
  return value.boolean;
}

std::optional<std::int64_t> Field::integer() const {
  if (value.kind != ConfigKind::integer) {
    report.wrong_type(value, ConfigKind::integer);
    return std::nullopt;
  }
  return value.integer;
}

std::optional<std::string> Field::text() const {
  if (value.kind != ConfigKind::text) {
    report.wrong_type(value, ConfigKind::text);
    return std::nullopt;
  }
  return value.text;
}

std::optional<Duration> Field::duration(std::string_view name) const {
  if (value.kind != ConfigKind::text) {
    report.warning(value.place, name, std::string(name) + " should be converted to a duration");
    const std::optional<std::int64_t> whole = integer();
    if (!whole) {
      return std::nullopt;
    }
    constexpr std::int64_t seconds_max = INT64_MAX / 1'000'000'000;
    if (*whole > seconds_max || *whole < -seconds_max) {
      error(std::string(name) + " value is too big");
      return std::nullopt;
    }
    return seconds(*whole);
  }
  return text_duration("error parsing " + std::string(name) + ": ");
}

std::optional<Duration> Field::text_duration(std::string_view error_prefix) const {
  const std::optional<std::string> written = text();
  if (!written) {
    return std::nullopt;
  }
  const DurationReading reading = parse_duration(*written);
  if (reading.error) {
    error(std::string(error_prefix) + *reading.error);
    return std::nullopt;
  }
  return reading.value;
}

std::optional<ListenAddress> Field::listen() const {
  ListenAddress address;
  address.host.clear();
  std::int64_t port = 0;
  if (value.kind == ConfigKind::integer) {
    port = value.integer;
  } else if (value.kind == ConfigKind::text) {
    const auto parts = split_host_port(value.text);
    if (!parts) {
      error("could not parse address string " + go_quote(value.text));
      return std::nullopt;
    }
    const IntegerReading number = parse_go_integer(parts->second, "Atoi");
    if (number.error) {
      error("could not parse port " + go_quote(parts->second));
      return std::nullopt;
    }
    address.host = parts->first;
    port = number.value;
  } else {
    error("expected port or host:port, got " + std::string(go_type_name(value.kind)));
    return std::nullopt;
  }
  address.port = port_number(port);
  return address;
}

std::optional<std::vector<std::string>> Field::strings(std::string_view name) const {
  if (value.kind == ConfigKind::text) {
    return std::vector<std::string>{value.text};
  }
  if (value.kind != ConfigKind::array) {
    error("error parsing " + std::string(name) + ": unsupported type " +
          std::string(go_type_name(value.kind)));
    return std::nullopt;
  }
  std::vector<std::string> list;
  for (const ConfigValue& item : value.items) {
    if (item.kind != ConfigKind::text) {
      report.error(item.place, "error parsing " + std::string(name) +
                                   ": unsupported type in array " +
                                   std::string(go_type_name(item.kind)));
      continue;
    }
    list.push_back(item.text);
  }
  return list;
}

void Field::into(bool& target) const { assign(boolean(), target); }
void Field::into(std::string& target) const { assign(text(), target); }
void Field::into(std::int64_t& target) const { assign(integer(), target); }
void Field::into(Duration& target, std::string_view name) const { assign(duration(name), target); }
void Field::into_port(std::int32_t& target) const {
  if (const std::optional<std::int64_t> port = integer()) {
    target = port_number(*port);
  }
}
void Field::into(std::uint32_t& target) const {
  if (const std::optional<std::int64_t> number = integer()) {
    target = static_cast<std::uint32_t>(std::clamp<std::int64_t>(*number, 0, UINT32_MAX));
  }
}
void Field::into(std::optional<std::int64_t>& target) const {
  if (const std::optional<std::int64_t> number = integer()) {
    target = number;
  }
}

// ---- checks without use -------------------------------------------------------------------------

void check_bool(Checked&, const Field& field) { field.boolean(); }
void check_integer(Checked&, const Field& field) { field.integer(); }
void check_text(Checked&, const Field& field) { field.text(); }
void check_duration(Checked&, const Field& field) { field.duration(field.key); }
void check_text_duration(Checked&, const Field& field) { field.text_duration(""); }
void check_strings(Checked&, const Field& field) { field.strings(field.key); }

void check_listen(Checked& block, const Field& field) {
  if (const std::optional<ListenAddress> address = field.listen()) {
    block.listens = address->port != 0;
  }
}

void check_port(Checked& block, const Field& field) {
  if (const std::optional<std::int64_t> port = field.integer()) {
    block.listens = *port != 0;
  }
}

void check_write_timeout(Checked&, const Field& field) {
  const std::optional<std::string> policy = field.text();
  if (policy && *policy != "default" && *policy != "close" && *policy != "retry") {
    field.error("write_timeout must be 'default', 'close' or 'retry'");
  }
}

std::optional<ParsedUrl> read_url(const ConfigValue& value, std::string_view kind,
                                  ConfigReport& report) {
  if (value.kind != ConfigKind::text) {
    report.wrong_type(value, ConfigKind::text);
    return std::nullopt;
  }
  UrlReading reading = parse_url(value.text);
  if (reading.error || !has_dialable_port(reading.url)) {
    report.error(value.place,
                 "error parsing " + std::string(kind) + " url [" + go_quote(value.text) + "]");
    return std::nullopt;
  }
  return std::move(reading.url);
}

std::vector<ParsedUrl> read_urls(const Field& field, std::string_view kind) {
  std::vector<ParsedUrl> urls;
  if (field.value.kind != ConfigKind::array) {
    field.report.wrong_type(field.value, ConfigKind::array);
    return urls;
  }
  std::set<std::string> seen;
  for (const ConfigValue& item : field.value.items) {
    if (item.kind == ConfigKind::text && !seen.insert(item.text).second) {
      field.report.warning(item.place, item.text,
                           "Duplicate " + std::string(kind) + " entry detected");
      continue;
    }
    if (std::optional<ParsedUrl> url = read_url(item, kind, field.report)) {
      urls.push_back(std::move(*url));
    }
  }
  return urls;
}

bool expect_map(const Field& field, std::string_view what) {
  if (field.value.kind == ConfigKind::map) {
    return true;
  }
  field.error(std::string(what) + ", got " + std::string(go_type_name(field.value.kind)));
  return false;
}

}  // namespace rubus::io
