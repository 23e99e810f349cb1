// Fractions as Go prints a float64, without a float: nearest double by long division, then its
// shortest decimal by comparing whole numbers (the method of Steele and White).
#include "engine/base/text_number.h"
#include "engine/monitor/go_text.h"

namespace rubus {

namespace {

// Every number below stays under 2^116: a quotient is at least 2^-53, so scale is at most 2^108.
__extension__ typedef unsigned __int128 Wide;

constexpr unsigned mantissa_bits = 53;
constexpr std::uint64_t mantissa_end = std::uint64_t{1} << mantissa_bits;

// mantissa * 2^-shift, mantissa of exactly 53 bits.
struct Binary {
  std::uint64_t mantissa = 0;
  unsigned shift = 0;
};

// The double nearest to numerator/denominator, ties to even. Both are at least 1 and below 2^53.
Binary nearest_binary(std::uint64_t numerator, std::uint64_t denominator) {
  Binary binary{numerator / denominator, 0};
  std::uint64_t rest = numerator % denominator;
  while (binary.mantissa < mantissa_end / 2) {
    rest *= 2;
    const bool bit = rest >= denominator;
    binary.mantissa = binary.mantissa * 2 + (bit ? 1 : 0);
    rest -= bit ? denominator : 0;
    ++binary.shift;
  }
  const bool is_tie = rest * 2 == denominator;
  if (rest * 2 > denominator || (is_tie && binary.mantissa % 2 == 1)) {
    ++binary.mantissa;
    if (binary.mantissa == mantissa_end) {
      binary.mantissa /= 2;
      --binary.shift;
    }
  }
  return binary;
}

// 0.DIGITS * 10^point
struct Decimal {
  std::string digits;
  int point = 0;
};

void add_one(Decimal& decimal) {
  std::size_t at = decimal.digits.size();
  while (at > 0 && decimal.digits[at - 1] == '9') {
    --at;
  }
  decimal.digits.resize(at);
  if (at == 0) {
    decimal.digits = "1";
    ++decimal.point;
  } else {
    ++decimal.digits[at - 1];
  }
}

// The fewest digits that lie closer to `binary` than half the way to its neighbours;
// of two equally near ones the even, as Go and the C++ library choose.
Decimal shortest_decimal(Binary binary) {
  Wide value = Wide{binary.mantissa} * 4;
  Wide scale = Wide{4} << binary.shift;
  Wide above = 2;
  // Below a power of two the next double is only half as far away.
  Wide below = binary.mantissa == mantissa_end / 2 ? 1 : 2;
  const bool is_even = binary.mantissa % 2 == 0;  // then the interval includes its ends
  Decimal decimal;
  const auto reaches = [is_even](Wide left, Wide right) {
    return is_even ? left >= right : left > right;
  };
  while (reaches(value + above, scale)) {
    scale *= 10;
    ++decimal.point;
  }
  while (!reaches((value + above) * 10, scale)) {
    value *= 10;
    above *= 10;
    below *= 10;
    --decimal.point;
  }
  for (;;) {
    value *= 10;
    above *= 10;
    below *= 10;
    char digit = '0';
    while (value >= scale) {
      value -= scale;
      ++digit;
    }
    decimal.digits.push_back(digit);
    const bool low_is_in = reaches(below, value);
    const bool high_is_in = reaches(value + above, scale);
    if (low_is_in || high_is_in) {
      const bool is_nearer_above =
          value * 2 > scale || (value * 2 == scale && (digit - '0') % 2 == 1);
      if (high_is_in && (!low_is_in || is_nearer_above)) {
        add_one(decimal);
      }
      return decimal;
    }
  }
}

std::string text_of(const Decimal& decimal) {
  const std::string& digits = decimal.digits;
  if (decimal.point < -5) {
    // encoding/json changes to exponents below 1e-6.
    std::string text(1, digits[0]);
    if (digits.size() > 1) {
      text.append(".").append(digits, 1);
    }
    text.append("e-");
    append_number(text, static_cast<std::int64_t>(1 - decimal.point));
    return text;
  }
  if (decimal.point <= 0) {
    return "0." + std::string(static_cast<std::size_t>(-decimal.point), '0') + digits;
  }
  const std::size_t point = static_cast<std::size_t>(decimal.point);
  if (digits.size() <= point) {
    return digits + std::string(point - digits.size(), '0');
  }
  return digits.substr(0, point) + "." + digits.substr(point);
}

}  // namespace

std::string go_fraction_text(std::uint64_t numerator, std::uint64_t denominator) {
  // Why halving: counts beyond 2^53 are no exact doubles either; one unit in 2^52 is lost.
  while (numerator >= mantissa_end || denominator >= mantissa_end) {
    numerator /= 2;
    denominator /= 2;
  }
  if (numerator == 0 || denominator == 0) {
    return "0";
  }
  return text_of(shortest_decimal(nearest_binary(numerator, denominator)));
}

}  // namespace rubus
