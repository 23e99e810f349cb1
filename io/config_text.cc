#include "io/config_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "io/config_value.h"

namespace rubus::io {

namespace {

constexpr std::uint32_t replacement_rune = 0xFFFD;

struct RuneShape {
  std::size_t width = 0;
  std::uint32_t lead_bits = 0;
  std::uint32_t smallest = 0;  // shorter encodings exist below it
};

RuneShape shape_of(unsigned char lead) {
  if (lead >= 0xC2 && lead <= 0xDF) {
    return {2, lead & 0x1Fu, 0x80};
  }
  if (lead >= 0xE0 && lead <= 0xEF) {
    return {3, lead & 0x0Fu, 0x800};
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    return {4, lead & 0x07u, 0x10000};
  }
  return {};
}

}  // namespace

DecodedRune decode_rune(std::string_view text) {
  if (text.empty()) {
    return {};
  }
  const unsigned char lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) {
    return {lead, 1, false};
  }
  const RuneShape shape = shape_of(lead);
  if (shape.width == 0 || text.size() < shape.width) {
    return {replacement_rune, 1, true};
  }
  std::uint32_t value = shape.lead_bits;
  for (std::size_t i = 1; i < shape.width; ++i) {
    const unsigned char next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) {
      return {replacement_rune, 1, true};
    }
    value = (value << 6) | (next & 0x3Fu);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < shape.smallest || value > 0x10FFFF || surrogate) {
    return {replacement_rune, 1, true};
  }
  return {value, shape.width, false};
}

void append_rune(std::string& text, std::uint32_t rune) {
  const auto push = [&text](std::uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (rune < 0x80) {
    push(rune);
  } else if (rune < 0x800) {
    push(0xC0 | (rune >> 6));
    push(0x80 | (rune & 0x3F));
  } else if (rune < 0x10000) {
    push(0xE0 | (rune >> 12));
    push(0x80 | ((rune >> 6) & 0x3F));
    push(0x80 | (rune & 0x3F));
  } else {
    push(0xF0 | (rune >> 18));
    push(0x80 | ((rune >> 12) & 0x3F));
    push(0x80 | ((rune >> 6) & 0x3F));
    push(0x80 | (rune & 0x3F));
  }
}

bool is_unicode_space(std::uint32_t rune) {
  return rune == ' ' || (rune >= '\t' && rune <= '\r') || rune == 0x85 || rune == 0xA0 ||
         rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200A) || rune == 0x2028 || rune == 0x2029 ||
         rune == 0x202F || rune == 0x205F || rune == 0x3000;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& letter : lower) {
    if (letter >= 'A' && letter <= 'Z') {
      letter = static_cast<char>(letter - 'A' + 'a');
    }
  }
  return lower;
}

int hex_digit(char letter) {
  if (letter >= '0' && letter <= '9') {
    return letter - '0';
  }
  if (letter >= 'a' && letter <= 'f') {
    return letter - 'a' + 10;
  }
  return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

std::optional<std::string> word_error(std::string_view what, std::string_view name) {
  for (const char letter : name) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte < 0x80 && is_unicode_space(byte)) {
      return std::string(what) + " cannot contain spaces";
    }
    if (byte < 0x20 || byte == 0x7F) {
      return std::string(what) + " cannot contain control characters";
    }
  }
  return std::nullopt;
}

std::string float_text(double value) {
  std::array<char, 32> digits{};
  const std::to_chars_result plain =
      std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return std::string(digits.data(), plain.ptr);
}

// ---- durations ----------------------------------------------------------------------------------

namespace {

struct DurationUnit {
  std::string_view name;
  std::uint64_t nanoseconds;
};

constexpr std::array<DurationUnit, 8> duration_units = {{
    {"ns", 1},
    {"us", 1'000},
    {"\xC2\xB5s", 1'000},  // micro sign
    {"\xCE\xBCs", 1'000},  // Greek mu
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"m", 60'000'000'000},
    {"h", 3'600'000'000'000},
}};

constexpr std::uint64_t duration_limit = std::uint64_t{1} << 63;

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

// Leading digits as a number; nullopt when it exceeds the limit.
std::optional<std::uint64_t> take_digits(std::string_view& text) {
  std::uint64_t value = 0;
  while (!text.empty() && is_digit(text.front())) {
    if (value > duration_limit / 10) {
      return std::nullopt;
    }
    value = value * 10 + static_cast<std::uint64_t>(text.front() - '0');
    if (value > duration_limit) {
      return std::nullopt;
    }
    text.remove_prefix(1);
  }
  return value;
}

// Digits after the point; those that no longer fit are skipped, as they are below a nanosecond.
struct Fraction {
  std::uint64_t value = 0;
  double scale = 1;
};

Fraction take_fraction(std::string_view& text) {
  Fraction fraction;
  bool full = false;
  while (!text.empty() && is_digit(text.front())) {
    const std::uint64_t digit = static_cast<std::uint64_t>(text.front() - '0');
    full = full || fraction.value > (duration_limit - 1) / 10 ||
           fraction.value * 10 + digit > duration_limit;
    if (!full) {
      fraction.value = fraction.value * 10 + digit;
      fraction.scale *= 10;
    }
    text.remove_prefix(1);
  }
  return fraction;
}

DurationReading bad_duration(std::string_view what, std::string_view whole) {
  return {{}, "time: " + std::string(what) + " " + go_quote(whole)};
}

std::optional<std::uint64_t> in_nanoseconds(std::uint64_t whole, Fraction fraction,
                                            std::uint64_t unit) {
  if (whole > duration_limit / unit) {
    return std::nullopt;
  }
  const std::uint64_t value = whole * unit;
  // In floating point because Go does so: the last nanosecond depends on it.
  const double exact =
      static_cast<double>(fraction.value) * (static_cast<double>(unit) / fraction.scale);
  const std::uint64_t part = static_cast<std::uint64_t>(exact);
  return value + part > duration_limit ? std::nullopt : std::optional(value + part);
}

// One "12.5ms" of a duration; returns the error text's beginning, or empty.
std::string take_duration_part(std::string_view& text, std::uint64_t& total) {
  if (!(text.front() == '.' || is_digit(text.front()))) {
    return "invalid duration";
  }
  const std::size_t before = text.size();
  const std::optional<std::uint64_t> whole = take_digits(text);
  if (!whole) {
    return "invalid duration";
  }
  bool any_digit = text.size() != before;
  Fraction fraction;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    const std::size_t after_point = text.size();
    fraction = take_fraction(text);
    any_digit = any_digit || text.size() != after_point;
  }
  if (!any_digit) {
    return "invalid duration";
  }
  const std::size_t unit_size = std::min(text.size(), text.find_first_of(".0123456789"));
  if (unit_size == 0) {
    return "missing unit in duration";
  }
  const std::string_view name = text.substr(0, unit_size);
  text.remove_prefix(unit_size);
  const auto* const unit =
      std::find_if(duration_units.begin(), duration_units.end(),
                   [name](const DurationUnit& candidate) { return candidate.name == name; });
  if (unit == duration_units.end()) {
    return "unknown unit " + go_quote(name) + " in duration";
  }
  const std::optional<std::uint64_t> part = in_nanoseconds(*whole, fraction, unit->nanoseconds);
  if (!part || total + *part > duration_limit) {
    return "invalid duration";
  }
  total += *part;
  return {};
}

}  // namespace

DurationReading parse_duration(std::string_view whole) {
  std::string_view text = whole;
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text == "0") {
    return {};
  }
  if (text.empty()) {
    return bad_duration("invalid duration", whole);
  }
  std::uint64_t total = 0;
  while (!text.empty()) {
    const std::string error = take_duration_part(text, total);
    if (!error.empty()) {
      return bad_duration(error, whole);
    }
  }
  if (negative) {
    return {Duration{static_cast<std::int64_t>(~total + 1)}, std::nullopt};
  }
  if (total > duration_limit - 1) {
    return bad_duration("invalid duration", whole);
  }
  return {Duration{static_cast<std::int64_t>(total)}, std::nullopt};
}

namespace {

// `value` units of 10^-digits, without trailing zeros.
std::string decimal_text(std::uint64_t value, int digits) {
  std::uint64_t scale = 1;
  for (int i = 0; i < digits; ++i) {
    scale *= 10;
  }
  std::string text = std::to_string(value / scale);
  std::uint64_t rest = value % scale;
  if (rest != 0) {
    std::string fraction = std::to_string(rest);
    fraction.insert(0, static_cast<std::size_t>(digits) - fraction.size(), '0');
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += "." + fraction;
  }
  return text;
}

}  // namespace

std::string duration_text(Duration value) {
  const bool negative = value.nanoseconds < 0;
  std::uint64_t left = static_cast<std::uint64_t>(value.nanoseconds);
  if (negative) {
    left = ~left + 1;
  }
  std::string text;
  if (left == 0) {
    return "0s";
  }
  if (left < 1'000) {
    text = std::to_string(left) + "ns";
  } else if (left < 1'000'000) {
    text = decimal_text(left, 3) + "\xC2\xB5s";
  } else if (left < 1'000'000'000) {
    text = decimal_text(left, 6) + "ms";
  } else {
    constexpr std::uint64_t minute = 60'000'000'000;
    const std::uint64_t hours = left / (60 * minute);
    const std::uint64_t minutes = left / minute % 60;
    if (hours > 0) {
      text = std::to_string(hours) + "h";
    }
    if (hours > 0 || minutes > 0) {
      text += std::to_string(minutes) + "m";
    }
    text += decimal_text(left % minute, 9) + "s";
  }
  return negative ? "-" + text : text;
}

// ---- numbers ------------------------------------------------------------------------------------

IntegerReading parse_go_integer(std::string_view text, std::string_view function) {
  const auto failed = [&](std::string_view reason) {
    return IntegerReading{0, "strconv." + std::string(function) + ": parsing " + go_quote(text) +
                                 ": " + std::string(reason)};
  };
  std::string_view digits = text;
  if (!digits.empty() && digits.front() == '+') {
    digits.remove_prefix(1);
    if (!digits.empty() && digits.front() == '-') {
      return failed("invalid syntax");
    }
  }
  std::int64_t value = 0;
  const std::from_chars_result result =
      std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec == std::errc::invalid_argument || result.ptr != digits.data() + digits.size()) {
    return failed("invalid syntax");
  }
  if (result.ec == std::errc::result_out_of_range) {
    return failed("value out of range");
  }
  return {value, std::nullopt};
}

IntegerReading parse_storage_size(std::string_view text) {
  if (text.empty()) {
    return {};
  }
  IntegerReading number = parse_go_integer(text.substr(0, text.size() - 1), "ParseInt");
  if (number.error) {
    return number;
  }
  constexpr std::string_view suffixes = "KMGT";
  const std::size_t power = suffixes.find(text.back());
  if (power == std::string_view::npos) {
    return {0, "sizes defined as strings must end in K, M, G, T"};
  }
  // Wraps around like the reference's, without the undefined overflow of signed numbers.
  number.value =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(number.value) << (10 * (power + 1)));
  return number;
}

// ---- near names ---------------------------------------------------------------------------------

namespace {

// Insertions, deletions, replacements, and swaps of neighbours ("prot" is one from "port").
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before, above);
    std::swap(above, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({changed, above[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::string> nearest_name(std::string_view asked,
                                        const std::vector<std::string_view>& known) {
  constexpr std::size_t distance_max = 2;
  const std::string lower = lower_case(asked);
  std::size_t best = distance_max + 1;
  std::string_view name;
  for (const std::string_view candidate : known) {
    const std::size_t longer = std::max(candidate.size(), lower.size());
    const std::size_t shorter = std::min(candidate.size(), lower.size());
    if (longer - shorter > distance_max || candidate.size() > 64) {
      continue;
    }
    const std::size_t distance = edit_distance(lower, candidate);
    // Why the second condition: "x" is two edits from every name of two letters.
    if (distance > 0 && distance < best && distance * 2 < longer) {
      best = distance;
      name = candidate;
    }
  }
  return name.empty() ? std::nullopt : std::optional<std::string>(name);
}

}  // namespace rubus::io
