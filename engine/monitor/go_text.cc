#include "engine/monitor/go_text.h"

#include <array>
#include <limits>

#include "engine/base/text_number.h"

namespace rubus {

namespace {

constexpr std::int64_t per_second = 1'000'000'000;

void append_padded(std::string& text, std::int64_t value, std::size_t width) {
  std::string digits;
  append_number(digits, value);
  text.append(width > digits.size() ? width - digits.size() : 0, '0').append(digits);
}

// ".80267" for 802670000 of 9 digits; nothing for 0.
void append_fraction(std::string& text, std::int64_t fraction, std::size_t width) {
  if (fraction == 0) {
    return;
  }
  text.push_back('.');
  append_padded(text, fraction, width);
  while (text.back() == '0') {
    text.pop_back();
  }
}

struct Date {
  std::int64_t year = 0;
  std::int64_t month = 0;
  std::int64_t day = 0;
};

// Proleptic Gregorian calendar. Years are counted from March, so that the leap day is the last day
// of a year and a 400-year era always has 146097 days.
Date date_of(std::int64_t days_since_1970) {
  constexpr std::int64_t days_per_era = 146'097;
  const std::int64_t days = days_since_1970 + 719'468;  // since 0000-03-01
  const std::int64_t era = (days >= 0 ? days : days - (days_per_era - 1)) / days_per_era;
  const std::int64_t of_era = days - era * days_per_era;
  const std::int64_t year_of_era =
      (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const std::int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * of_year + 2) / 153;
  Date date;
  date.day = of_year - (153 * month_from_march + 2) / 5 + 1;
  date.month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  date.year = era * 400 + year_of_era + (date.month <= 2 ? 1 : 0);
  return date;
}

// One character of UTF-8 text; size 0: not UTF-8.
struct Character {
  std::uint32_t point = 0;
  std::size_t size = 0;
};

Character first_character(std::string_view text) {
  const auto byte = [text](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at]));
  };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) {
    return {lead, 1};
  }
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) {
    return {};
  }
  std::uint32_t point = lead & (0x7FU >> size);
  for (std::size_t at = 1; at < size; ++at) {
    if ((byte(at) & 0xC0U) != 0x80U) {
      return {};
    }
    point = (point << 6U) | (byte(at) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (point < smallest[size] || point > 0x10FFFF || is_surrogate) {
    return {};
  }
  return {point, size};
}

bool is_printable(std::uint32_t point) {
  if (point < 0x7F) {
    return point >= 0x20;
  }
  const bool is_invisible =
      point <= 0xA0 || point == 0xAD || point == 0x1680 || (point >= 0x2000 && point <= 0x200F) ||
      (point >= 0x2028 && point <= 0x202F) || (point >= 0x205F && point <= 0x206F) ||
      point == 0x3000 || (point >= 0xE000 && point <= 0xF8FF) || point == 0xFEFF ||
      (point >= 0xFFF0 && point <= 0xFFFB) || point == 0xFFFE || point == 0xFFFF ||
      point >= 0xE0000;
  return !is_invisible;
}

void append_hex(std::string& text, std::uint32_t value, unsigned digits) {
  constexpr std::string_view hex = "0123456789abcdef";
  while (digits > 0) {
    --digits;
    text.push_back(hex[(value >> (4U * digits)) & 0xFU]);
  }
}

void append_quoted(std::string& text, Character character, char byte) {
  constexpr std::string_view named = "\a\b\f\n\r\t\v";
  constexpr std::string_view letters = "abfnrtv";
  if (character.size == 1 && (byte == '"' || byte == '\\')) {
    text.push_back('\\');
    text.push_back(byte);
  } else if (character.size == 1 && named.find(byte) != std::string_view::npos) {
    text.push_back('\\');
    text.push_back(letters[named.find(byte)]);
  } else if (character.size <= 1 && (character.size == 0 || !is_printable(character.point))) {
    text.append("\\x");
    append_hex(text, static_cast<unsigned char>(byte), 2);
  } else if (character.point < 0x10000) {
    text.append("\\u");
    append_hex(text, character.point, 4);
  } else {
    text.append("\\U");
    append_hex(text, character.point, 8);
  }
}

}  // namespace

std::string go_time_text(WallTime time) {
  constexpr std::int64_t per_day = 86'400;
  std::int64_t whole = time.nanoseconds / per_second;
  std::int64_t fraction = time.nanoseconds % per_second;
  if (fraction < 0) {
    fraction += per_second;
    --whole;
  }
  std::int64_t days = whole / per_day;
  std::int64_t second = whole % per_day;
  if (second < 0) {
    second += per_day;
    --days;
  }
  const Date date = date_of(days);
  std::string text;
  append_padded(text, date.year, 4);
  text.push_back('-');
  append_padded(text, date.month, 2);
  text.push_back('-');
  append_padded(text, date.day, 2);
  text.push_back('T');
  append_padded(text, second / 3600, 2);
  text.push_back(':');
  append_padded(text, second / 60 % 60, 2);
  text.push_back(':');
  append_padded(text, second % 60, 2);
  append_fraction(text, fraction, 9);
  text.push_back('Z');
  return text;
}

std::string go_duration_text(Duration duration) {
  if (duration.nanoseconds == 0) {
    return "0s";
  }
  std::string text = duration.nanoseconds < 0 ? "-" : "";
  const std::uint64_t size = duration.nanoseconds < 0
                                 ? ~static_cast<std::uint64_t>(duration.nanoseconds) + 1
                                 : static_cast<std::uint64_t>(duration.nanoseconds);
  const auto append_unit = [&text, size](std::uint64_t unit, std::size_t width,
                                         std::string_view name) {
    append_number(text, size / unit);
    append_fraction(text, static_cast<std::int64_t>(size % unit), width);
    text.append(name);
  };
  if (size < 1'000) {
    append_unit(1, 0, "ns");
  } else if (size < 1'000'000) {
    append_unit(1'000, 3, "\u00b5s");
  } else if (size < 1'000'000'000) {
    append_unit(1'000'000, 6, "ms");
  } else {
    const std::uint64_t whole = size / 1'000'000'000;
    if (whole >= 3600) {
      append_number(text, whole / 3600);
      text.push_back('h');
    }
    if (whole >= 60) {
      append_number(text, whole / 60 % 60);
      text.push_back('m');
    }
    append_number(text, whole % 60);
    append_fraction(text, static_cast<std::int64_t>(size % 1'000'000'000), 9);
    text.push_back('s');
  }
  return text;
}

std::string round_trip_text(Duration duration) {
  if (duration > microseconds(1) && duration < milliseconds(1)) {
    return go_duration_text(microseconds(duration.nanoseconds / 1'000));
  }
  return go_duration_text(duration);
}

std::string age_text(Duration duration) {
  const std::int64_t whole = duration.nanoseconds / per_second;
  const std::int64_t minutes = whole / 60;
  const std::int64_t hours = minutes / 60;
  const std::int64_t days = hours / 24;
  const std::int64_t years = days / 365;
  std::string text;
  const auto append_part = [&text](std::int64_t value, char unit) {
    append_number(text, value);
    text.push_back(unit);
  };
  if (years > 0) {
    append_part(years, 'y');
  }
  if (days > 0) {
    append_part(days % 365, 'd');
  }
  if (hours > 0) {
    append_part(hours % 24, 'h');
  }
  if (minutes > 0) {
    append_part(minutes % 60, 'm');
  }
  append_part(whole % 60, 's');
  return text;
}

std::string go_quoted(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    const Character character = first_character(text);
    const std::string_view whole = text.substr(0, character.size);
    const bool is_escaped = text[0] == '"' || text[0] == '\\';
    if (character.size > 0 && !is_escaped && is_printable(character.point)) {
      quoted.append(whole);
    } else {
      append_quoted(quoted, character, text[0]);
    }
    text.remove_prefix(character.size == 0 ? 1 : character.size);
  }
  return quoted.append("\"");
}

NumberFault go_parse_boolean(std::string_view text, bool& value) {
  static constexpr std::array<std::string_view, 6> truths = {"1", "t", "T", "true", "TRUE", "True"};
  for (const std::string_view word : truths) {
    if (text == word) {
      value = true;
      return NumberFault::none;
    }
  }
  static constexpr std::array<std::string_view, 6> falsehoods = {"0",     "f",     "F",
                                                                 "false", "FALSE", "False"};
  for (const std::string_view word : falsehoods) {
    if (text == word) {
      value = false;
      return NumberFault::none;
    }
  }
  return NumberFault::syntax;
}

// Digits are judged one by one, so whichever fault comes first is told.
NumberFault go_parse_unsigned(std::string_view text, std::uint64_t& value) {
  constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
  if (text.empty()) {
    return NumberFault::syntax;
  }
  std::uint64_t number = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') {
      return NumberFault::syntax;
    }
    const std::uint64_t added = static_cast<std::uint64_t>(digit - '0');
    if (number > largest / 10 || number * 10 > largest - added) {
      return NumberFault::range;
    }
    number = number * 10 + added;
  }
  value = number;
  return NumberFault::none;
}

NumberFault go_parse_integer(std::string_view text, std::int64_t& value) {
  const bool is_negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    text.remove_prefix(1);
  }
  std::uint64_t size = 0;
  if (const NumberFault fault = go_parse_unsigned(text, size); fault != NumberFault::none) {
    return fault;
  }
  constexpr std::uint64_t half = std::uint64_t{1} << 63U;
  if (is_negative ? size > half : size >= half) {
    return NumberFault::range;
  }
  value = static_cast<std::int64_t>(is_negative ? ~size + 1 : size);
  return NumberFault::none;
}

}  // namespace rubus
