#include "io/config_field.h"

#include <algorithm>
#include <set>

#include "io/config_text.h"

namespace rubus::io {

namespace {

// "host:port", "[::1]:port", ":port".
std::optional<std::pair<std::string, std::string>> split_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view host = text.substr(0, colon);
  if (!host.empty() && host.front() == '[') {
    if (host.back() != ']') {
      return std::nullopt;
    }
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view port = text.substr(colon + 1);
  if (host.find_first_of("[]") != std::string_view::npos ||
      port.find_first_of("[]") != std::string_view::npos) {
    return std::nullopt;
  }
  return std::make_pair(std::string(host), std::string(port));
}

template <class Value>
void assign(const std::optional<Value>& value, Value& target) {
  if (value) {
    target = *value;
  }
}

}  // namespace

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
  // Beyond 32 bits it is as invalid as any number above 65535; the start will say so.
  address.port = static_cast<std::int32_t>(std::clamp<std::int64_t>(port, INT32_MIN, INT32_MAX));
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

void check_compression(Checked& block, const Field& field) {
  if (field.value.kind == ConfigKind::text || field.value.kind == ConfigKind::boolean) {
    return;
  }
  if (field.value.kind != ConfigKind::map) {
    return field.error("field " + go_quote(field.key) +
                       " should be a boolean or a structure, got " +
                       std::string(go_type_name(field.value.kind)));
  }
  static constexpr Directive<Checked> table[] = {
      {"mode", check_text},
      {"rtt_thresholds thresholds rtts rtt",
       [](Checked& inner, const Field& list) {
         if (list.value.kind != ConfigKind::array) {
           return list.report.wrong_type(list.value, ConfigKind::array);
         }
         for (const ConfigValue& item : list.value.items) {
           check_text_duration(inner, Field{list.key, item, list.report, list.source});
         }
       }},
  };
  read_map(table, block, field.value, field.report, field.source);
}

void check_write_timeout(Checked&, const Field& field) {
  const std::optional<std::string> policy = field.text();
  if (policy && *policy != "default" && *policy != "close" && *policy != "retry") {
    field.error("write_timeout must be 'default', 'close' or 'retry'");
  }
}

void check_url(const ConfigValue& value, std::string_view kind, ConfigReport& report) {
  if (value.kind != ConfigKind::text) {
    return report.wrong_type(value, ConfigKind::text);
  }
  // Go's parser refuses control characters, a missing scheme, a blank in the host, and a port that
  // is no number. More than that cannot be wrong with the URLs of a configuration.
  const std::string_view text = value.text;
  const bool control = std::any_of(text.begin(), text.end(), [](char letter) {
    return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F;
  });
  const bool no_scheme = !text.empty() && text.front() == ':';
  const std::size_t authority = text.find("://");
  bool bad_host = false;
  if (authority != std::string_view::npos) {
    std::string_view host = text.substr(authority + 3);
    host = host.substr(0, host.find_first_of("/?#"));
    host = host.substr(host.rfind('@') == std::string_view::npos ? 0 : host.rfind('@') + 1);
    const std::size_t bracket = host.find(']');
    const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
    const std::string_view port =
        colon == std::string_view::npos ? std::string_view() : host.substr(colon + 1);
    bad_host = host.find(' ') != std::string_view::npos ||
               port.find_first_not_of("0123456789") != std::string_view::npos;
  }
  if (control || no_scheme || bad_host) {
    report.error(value.place,
                 "error parsing " + std::string(kind) + " url [" + go_quote(text) + "]");
  }
}

void check_urls(const Field& field, std::string_view kind) {
  if (field.value.kind != ConfigKind::array) {
    return field.report.wrong_type(field.value, ConfigKind::array);
  }
  std::set<std::string> seen;
  for (const ConfigValue& item : field.value.items) {
    if (item.kind == ConfigKind::text && !seen.insert(item.text).second) {
      field.report.warning(item.place, item.text,
                           "Duplicate " + std::string(kind) + " entry detected");
      continue;
    }
    check_url(item, kind, field.report);
  }
}

bool expect_map(const Field& field, std::string_view what) {
  if (field.value.kind == ConfigKind::map) {
    return true;
  }
  field.error(std::string(what) + ", got " + std::string(go_type_name(field.value.kind)));
  return false;
}

}  // namespace rubus::io
