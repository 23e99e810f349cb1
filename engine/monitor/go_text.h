// Go's text forms, which monitoring documents and their error texts are made of: times, durations,
// quoted strings, fractions and integer parsing with its complaints.
//
// Pure arithmetic, no libc time and no floating point. A fraction is given as two integers and
// printed with the digits Go prints for float64(a)/float64(b): the shortest ones that read back as
// the same IEEE double. Quoting treats every valid character from U+00A1 on as printable but the
// few invisible ones listed in go_text.cc; Go has full Unicode tables.
// Source: the Go documentation of time, strconv and encoding/json; checked on a running server.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/time.h"

namespace rubus {

// RFC3339Nano in UTC: "2026-11-23T04:12:38.80267Z", no trailing zeros.
std::string go_time_text(WallTime time);

// Duration.String: "447µs", "153.561288ms", "1m30s", "0s".
std::string go_duration_text(Duration duration);

// How monitoring shows a round trip: below a millisecond in whole microseconds.
std::string round_trip_text(Duration duration);

// How monitoring shows ages: "9s", "1d2h3m4s", "1y0d0h0m1s".
std::string age_text(Duration duration);

// strconv.Quote.
std::string go_quoted(std::string_view text);

// The JSON number of numerator/denominator; 0 if the denominator is 0.
std::string go_fraction_text(std::uint64_t numerator, std::uint64_t denominator);

enum class NumberFault : std::uint8_t { none, syntax, range };

// strconv.ParseBool, Atoi (64 bit) and ParseUint(text, 10, 64).
NumberFault go_parse_boolean(std::string_view text, bool& value);
NumberFault go_parse_integer(std::string_view text, std::int64_t& value);
NumberFault go_parse_unsigned(std::string_view text, std::uint64_t& value);

}  // namespace rubus
