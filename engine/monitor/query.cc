#include "engine/monitor/query.h"

#include <algorithm>
#include <optional>

#include "engine/monitor/go_text.h"

namespace rubus {

namespace {

std::optional<unsigned> hex_value(char digit) {
  if (digit >= '0' && digit <= '9') {
    return static_cast<unsigned>(digit - '0');
  }
  if (digit >= 'a' && digit <= 'f') {
    return static_cast<unsigned>(digit - 'a') + 10;
  }
  if (digit >= 'A' && digit <= 'F') {
    return static_cast<unsigned>(digit - 'A') + 10;
  }
  return std::nullopt;
}

std::optional<std::string> decoded(std::string_view encoded) {
  std::string text;
  for (std::size_t at = 0; at < encoded.size(); ++at) {
    if (encoded[at] == '+') {
      text.push_back(' ');
    } else if (encoded[at] != '%') {
      text.push_back(encoded[at]);
    } else {
      if (encoded.size() - at < 3) {
        return std::nullopt;
      }
      const std::optional<unsigned> high = hex_value(encoded[at + 1]);
      const std::optional<unsigned> low = hex_value(encoded[at + 2]);
      if (!high.has_value() || !low.has_value()) {
        return std::nullopt;
      }
      text.push_back(static_cast<char>(static_cast<unsigned char>(*high * 16 + *low)));
      at += 2;
    }
  }
  return text;
}

std::string complaint(std::string_view type, std::string_view name, std::string_view function,
                      std::string_view value, NumberFault fault) {
  std::string text = "Error decoding ";
  text.append(type).append(" for '").append(name).append("': strconv.").append(function);
  text.append(": parsing ").append(go_quoted(value));
  return text.append(fault == NumberFault::range ? ": value out of range" : ": invalid syntax");
}

}  // namespace

Query::Query(std::string_view encoded) {
  while (!encoded.empty()) {
    const std::size_t end = std::min(encoded.find('&'), encoded.size());
    const std::string_view pair = encoded.substr(0, end);
    encoded.remove_prefix(std::min(end + 1, encoded.size()));
    if (pair.empty() || pair.find(';') != std::string_view::npos) {
      continue;
    }
    const std::size_t equals = std::min(pair.find('='), pair.size());
    std::optional<std::string> name = decoded(pair.substr(0, equals));
    std::optional<std::string> value = decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (name.has_value() && value.has_value()) {
      pairs_.emplace_back(std::move(*name), std::move(*value));
    }
  }
}

std::string_view Query::text(std::string_view name) const {
  for (const auto& [known, value] : pairs_) {
    if (known == name) {
      return value;
    }
  }
  return {};
}

void Query::refuse(std::string text) {
  if (fault_.empty()) {
    fault_ = std::move(text);
  }
}

bool Query::truth(std::string_view name) {
  const std::string_view value = text(name);
  bool result = false;
  if (!value.empty()) {
    if (const NumberFault fault = go_parse_boolean(value, result); fault != NumberFault::none) {
      refuse(complaint("boolean", name, "ParseBool", value, fault));
    }
  }
  return result;
}

std::int64_t Query::integer(std::string_view name) {
  const std::string_view value = text(name);
  std::int64_t result = 0;
  if (!value.empty()) {
    if (const NumberFault fault = go_parse_integer(value, result); fault != NumberFault::none) {
      refuse(complaint("int", name, "Atoi", value, fault));
    }
  }
  return result;
}

std::uint64_t Query::unsigned_integer(std::string_view name) {
  const std::string_view value = text(name);
  std::uint64_t result = 0;
  if (!value.empty()) {
    if (const NumberFault fault = go_parse_unsigned(value, result); fault != NumberFault::none) {
      refuse(complaint("uint64", name, "ParseUint", value, fault));
    }
  }
  return result;
}

ListsAsked ListsAsked::read(Query& query) {
  std::string value(query.text("subs"));
  for (char& byte : value) {
    byte = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
  }
  ListsAsked asked;
  asked.details = value == "detail";
  asked.lists = !asked.details && query.truth("subs");
  return asked;
}

PageAsked PageAsked::read(Query& query) {
  PageAsked asked;
  asked.offset = std::max<std::int64_t>(query.integer("offset"), 0);
  asked.limit = query.integer("limit");
  if (asked.limit <= 0) {
    asked.limit = page_limit_default;
  }
  return asked;
}

Page PageAsked::of(std::size_t size) const {
  const std::size_t first = std::min(static_cast<std::size_t>(offset), size);
  return {first, first + std::min(static_cast<std::size_t>(limit), size - first)};
}

}  // namespace rubus
