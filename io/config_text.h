// Text as the configuration language sees it: runes, Go durations, Go numbers, near names.
//
// The reference reads its configuration with Go's libraries, so what counts as a space, a duration
// or a number is Go's definition, and error texts are Go's. Pure functions only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"

namespace rubus::io {

struct DecodedRune {
  std::uint32_t value = 0;  // U+FFFD for a byte that is not UTF-8
  std::size_t width = 0;    // 0 only for empty text
  bool invalid = false;
};

DecodedRune decode_rune(std::string_view text);
void append_rune(std::string& text, std::uint32_t rune);
bool is_unicode_space(std::uint32_t rune);

std::string lower_case(std::string_view text);

// 0 to 15; -1 for what is no hexadecimal digit.
int hex_digit(char letter);

// What is against `name` as a word of a line, which is what servers say it in to each other:
// "server name cannot contain spaces". `what` is what the text calls it.
std::optional<std::string> word_error(std::string_view what, std::string_view name);

// A value, or the reason why there is none; never both.
struct DurationReading {
  Duration value;
  std::optional<std::string> error;  // Go's text: `time: missing unit in duration "10"`
};

// "1h15m30.5s", "-100ms", "0".
DurationReading parse_duration(std::string_view text);

// As Go prints it: "2m0s", "1.5s", "100ms", "0s".
std::string duration_text(Duration value);

// The shortest decimal that reads back the same, in Go's %v layout.
std::string float_text(double value);

struct IntegerReading {
  std::int64_t value = 0;
  std::optional<std::string> error;  // `strconv.ParseInt: parsing "x": invalid syntax`
};

// Optional sign and decimal digits. `function` is the Go function that the error names.
IntegerReading parse_go_integer(std::string_view text, std::string_view function);

// A storage size: "10K", "10M", "10G", "10T" (powers of 1024); empty is 0.
IntegerReading parse_storage_size(std::string_view text);

// The name of `known` nearest to `asked` by edit distance, if that distance is 1 or 2 and smaller
// than the name itself.
std::optional<std::string> nearest_name(std::string_view asked,
                                        const std::vector<std::string_view>& known);

}  // namespace rubus::io
