#include "io/config_digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "io/config_text.h"

namespace rubus::io {

namespace {

void append_escaped(std::string& json, std::uint32_t rune) {
  json += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) {
    json.push_back("0123456789abcdef"[(rune >> shift) & 0xF]);
  }
}

void append_string(std::string& json, std::string_view text) {
  json.push_back('"');
  while (!text.empty()) {
    const DecodedRune rune = decode_rune(text);
    constexpr std::string_view named = "\"\\\b\f\n\r\t";
    const std::size_t name =
        rune.value < 0x80 ? named.find(static_cast<char>(rune.value)) : std::string_view::npos;
    // Go's encoder escapes what HTML or JavaScript would take for markup.
    const bool markup = rune.value == '<' || rune.value == '>' || rune.value == '&' ||
                        rune.value == 0x2028 || rune.value == 0x2029;
    if (name != std::string_view::npos) {
      json.push_back('\\');
      json.push_back("\"\\bfnrt"[name]);
    } else if (rune.invalid) {
      json += "\\ufffd";
    } else if (rune.value < 0x20 || markup) {
      append_escaped(json, rune.value);
    } else {
      json += text.substr(0, rune.width);
    }
    text.remove_prefix(rune.width);
  }
  json.push_back('"');
}

void append_float(std::string& json, double value) {
  const double size = std::fabs(value);
  const bool scientific = size != 0 && (size < 1e-6 || size >= 1e21);
  std::array<char, 400> digits{};
  const std::to_chars_result result =
      std::to_chars(digits.data(), digits.data() + digits.size(), value,
                    scientific ? std::chars_format::scientific : std::chars_format::fixed);
  std::string text(digits.data(), result.ptr);
  // "1e-07" is written "1e-7".
  const std::size_t exponent = text.find("e-0");
  if (exponent != std::string::npos) {
    text.erase(exponent + 2, 1);
  }
  json += text;
}

void append_value(std::string& json, const ConfigValue& value);

void append_map(std::string& json, const ConfigValue& map) {
  std::vector<const ConfigEntry*> sorted;
  for (const ConfigEntry& entry : map.entries) {
    sorted.push_back(&entry);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const ConfigEntry* a, const ConfigEntry* b) { return a->key < b->key; });
  json.push_back('{');
  for (const ConfigEntry* entry : sorted) {
    if (entry != sorted.front()) {
      json.push_back(',');
    }
    append_string(json, entry->key);
    json.push_back(':');
    append_value(json, entry->value);
  }
  json.push_back('}');
}

void append_value(std::string& json, const ConfigValue& value) {
  switch (value.kind) {
    case ConfigKind::boolean:
      json += value.boolean ? "true" : "false";
      return;
    case ConfigKind::integer:
      json += std::to_string(value.integer);
      return;
    case ConfigKind::floating:
      return append_float(json, value.floating);
    case ConfigKind::text:
    case ConfigKind::datetime:
      return append_string(json, value.text);
    case ConfigKind::array:
      json.push_back('[');
      for (const ConfigValue& item : value.items) {
        if (&item != &value.items.front()) {
          json.push_back(',');
        }
        append_value(json, item);
      }
      json.push_back(']');
      return;
    case ConfigKind::map:
      return append_map(json, value);
  }
}

}  // namespace

std::string config_json(const ConfigValue& root) {
  std::string json;
  append_value(json, root);
  return json;
}

std::string config_digest(const ConfigValue& root) {
  const std::string json = config_json(root) + "\n";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(json.data(), json.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    return {};
  }
  std::string text = "sha256:";
  for (unsigned int i = 0; i < size; ++i) {
    text.push_back("0123456789abcdef"[digest[i] >> 4]);
    text.push_back("0123456789abcdef"[digest[i] & 0xF]);
  }
  return text;
}

}  // namespace rubus::io
