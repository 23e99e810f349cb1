// Laws of fractions without floating point: the C++ library prints the same shortest digits.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <charconv>

#include "engine/monitor/go_text.h"

namespace rubus::test {
namespace {

std::string library_text(std::uint64_t numerator, std::uint64_t denominator) {
  const double value = static_cast<double>(numerator) / static_cast<double>(denominator);
  char digits[400];
  const std::chars_format format =
      value < 1e-6 ? std::chars_format::scientific : std::chars_format::fixed;
  std::string text(digits, std::to_chars(digits, digits + sizeof digits, value, format).ptr);
  // Go writes e-7 where the C++ library writes e-07.
  if (const std::size_t exponent = text.find("e-0"); exponent != std::string::npos) {
    text.erase(exponent + 2, 1);
  }
  return text;
}

RC_GTEST_PROP(GoFraction, agrees_with_the_library_for_counts_of_any_size, ()) {
  constexpr std::uint64_t end = std::uint64_t{1} << 53U;
  const unsigned shift_a = *rc::gen::inRange(0U, 53U);
  const unsigned shift_b = *rc::gen::inRange(0U, 53U);
  const std::uint64_t a = (*rc::gen::arbitrary<std::uint64_t>() % end >> shift_a) + 1;
  const std::uint64_t b = (*rc::gen::arbitrary<std::uint64_t>() % end >> shift_b) + 1;
  RC_PRE(a < end && b < end);
  RC_ASSERT(go_fraction_text(a, b) == library_text(a, b));
}

RC_GTEST_PROP(GoFraction, agrees_with_the_library_for_small_counts, ()) {
  const std::uint64_t a = *rc::gen::inRange<std::uint64_t>(1, 2000);
  const std::uint64_t b = *rc::gen::inRange<std::uint64_t>(1, 2000);
  RC_ASSERT(go_fraction_text(a, b) == library_text(a, b));
}

RC_GTEST_PROP(GoParseInteger, reads_back_what_was_written, (std::int64_t number)) {
  std::int64_t value = 0;
  RC_ASSERT(go_parse_integer(std::to_string(number), value) == NumberFault::none);
  RC_ASSERT(value == number);
}

}  // namespace
}  // namespace rubus::test
