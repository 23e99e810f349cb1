#include "engine/base/text_number.h"

namespace rubus {

namespace {

constexpr std::size_t size_digits_max = 9;

template <class Number>
std::optional<Number> parse_whole(std::string_view digits) {
  Number value = 0;
  const char* end = digits.data() + digits.size();
  const std::from_chars_result result = std::from_chars(digits.data(), end, value);
  if (digits.empty() || result.ec != std::errc() || result.ptr != end) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::optional<std::uint32_t> parse_size(std::string_view digits) {
  if (digits.empty() || digits.size() > size_digits_max) {
    return std::nullopt;
  }
  std::uint32_t value = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') {
      return std::nullopt;
    }
    value = value * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  return value;
}

std::optional<std::int64_t> parse_signed(std::string_view digits) {
  return parse_whole<std::int64_t>(digits);
}

std::optional<std::uint64_t> parse_unsigned(std::string_view digits) {
  return parse_whole<std::uint64_t>(digits);
}

}  // namespace rubus
