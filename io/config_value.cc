#include "io/config_value.h"

#include <algorithm>
#include <charconv>

#include "io/config_text.h"

namespace rubus::io {

namespace {

void append_hex(std::string& text, std::uint32_t value, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    text.push_back("0123456789abcdef"[(value >> shift) & 0xF]);
  }
}

// What Go's quoting shows as itself. Its tables are Unicode's; here only the ranges that occur in
// practice are known: controls, soft hyphen, format and separator characters, byte order mark.
bool is_printable(std::uint32_t rune) {
  if (rune < 0x20 || (rune >= 0x7F && rune <= 0xA0) || rune == 0xAD) {
    return false;
  }
  const bool separator = rune >= 0x2000 && rune <= 0x200F;
  const bool format = rune >= 0x2028 && rune <= 0x202F;
  const bool invisible = rune >= 0x205F && rune <= 0x206F;
  const bool private_use = rune >= 0xE000 && rune <= 0xF8FF;
  return !(separator || format || invisible || private_use || rune == 0xFEFF || rune == 0x3000 ||
           rune == 0xFFFE || rune == 0xFFFF);
}

void append_quoted_rune(std::string& text, const DecodedRune& rune, std::string_view bytes) {
  if (rune.invalid) {
    text += "\\x";
    append_hex(text, static_cast<unsigned char>(bytes.front()), 2);
  } else if (is_printable(rune.value)) {
    text += bytes;
  } else if (rune.value < 0x80) {
    text += "\\x";
    append_hex(text, rune.value, 2);
  } else if (rune.value < 0x10000) {
    text += "\\u";
    append_hex(text, rune.value, 4);
  } else {
    text += "\\U";
    append_hex(text, rune.value, 8);
  }
}

}  // namespace

std::string place_text(const ConfigPlace& place) {
  std::string text = place.file ? *place.file : std::string();
  text += ':' + std::to_string(place.line) + ':' + std::to_string(place.column);
  return text;
}

const ConfigValue* ConfigValue::find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [key](const ConfigEntry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &found->value;
}

std::string_view go_type_name(ConfigKind kind) {
  switch (kind) {
    case ConfigKind::boolean:
      return "bool";
    case ConfigKind::integer:
      return "int64";
    case ConfigKind::floating:
      return "float64";
    case ConfigKind::text:
      return "string";
    case ConfigKind::datetime:
      return "time.Time";
    case ConfigKind::array:
      return "[]interface {}";
    case ConfigKind::map:
      return "map[string]interface {}";
  }
  return "";
}

std::string go_print(const ConfigValue& value) {
  switch (value.kind) {
    case ConfigKind::boolean:
      return value.boolean ? "true" : "false";
    case ConfigKind::integer:
      return std::to_string(value.integer);
    case ConfigKind::floating:
      return float_text(value.floating);
    case ConfigKind::text:
    case ConfigKind::datetime:
      return value.text;
    case ConfigKind::array: {
      std::string text = "[";
      for (const ConfigValue& item : value.items) {
        text += (text.size() > 1 ? " " : "") + go_print(item);
      }
      return text + "]";
    }
    case ConfigKind::map: {
      std::vector<const ConfigEntry*> sorted;
      for (const ConfigEntry& entry : value.entries) {
        sorted.push_back(&entry);
      }
      std::sort(sorted.begin(), sorted.end(),
                [](const ConfigEntry* a, const ConfigEntry* b) { return a->key < b->key; });
      std::string text = "map[";
      for (const ConfigEntry* entry : sorted) {
        text += (text.size() > 4 ? " " : "") + entry->key + ":" + go_print(entry->value);
      }
      return text + "]";
    }
  }
  return {};
}

std::string go_quote(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    const DecodedRune rune = decode_rune(text);
    const std::string_view bytes = text.substr(0, rune.width);
    constexpr std::string_view named = "\a\b\f\n\r\t\v\\\"";
    const std::size_t place =
        rune.value < 0x80 ? named.find(static_cast<char>(rune.value)) : std::string_view::npos;
    if (place != std::string_view::npos) {
      quoted.push_back('\\');
      quoted.push_back("abfnrtv\\\""[place]);
    } else {
      append_quoted_rune(quoted, rune, bytes);
    }
    text.remove_prefix(rune.width);
  }
  quoted.push_back('"');
  return quoted;
}

}  // namespace rubus::io
