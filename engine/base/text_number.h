// Integers to text and back, without locale, allocation or exceptions.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rubus {

constexpr std::size_t number_text_size_max = 20;  // 2^64 - 1, and -2^63

// Writes `value` at `place` (room for number_text_size_max) and returns the end.
inline char* write_number(char* place, std::uint64_t value) {
  return std::to_chars(place, place + number_text_size_max, value).ptr;
}

inline void append_number(std::string& text, std::uint64_t value) {
  char digits[number_text_size_max];
  text.append(digits, write_number(digits, value));
}

inline void append_number(std::string& text, std::int64_t value) {
  char digits[number_text_size_max];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

inline std::string number_text(std::uint64_t value) {
  std::string text;
  append_number(text, value);
  return text;
}

// The protocol's size argument: 1 to 9 decimal digits and nothing else (client_protocol.md §1).
std::optional<std::uint32_t> parse_size(std::string_view digits);

// A whole signed or unsigned decimal number; anything else is nullopt.
std::optional<std::int64_t> parse_signed(std::string_view digits);
std::optional<std::uint64_t> parse_unsigned(std::string_view digits);

}  // namespace rubus
