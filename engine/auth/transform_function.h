// TransformFunction: one token of a transform's destination, as text or as a function.
//
// "$1" and "{{wildcard(1)}}" take a wildcard of the source; the other functions cut, hash or draw.
// Names are matched as nats-server does: the first letter of each word in either case. A token
// that starts with "$" but is no number is plain text. Decides only the form; whether the wildcard
// exists is decided by SubjectTransform.
// Source: behaviour of nats-server 2.15 (tests/engine/auth/transform_cases.tsv).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rubus {

enum class TransformKind : std::uint8_t {
  text,
  wildcard,
  partition,
  split_from_left,
  split_from_right,
  slice_from_left,
  slice_from_right,
  right,
  left,
  split,
  random,
};

struct TransformFunction {
  TransformKind kind = TransformKind::text;
  std::vector<std::int64_t> wildcards;  // as written, from 1
  std::int32_t number = 0;              // of partitions, bytes or outcomes
  std::string text;                     // the token itself, or the delimiter of split
};

// False, with the reason in `error`, if `token` looks like a function but is none.
bool read_transform_function(std::string_view token, TransformFunction& function,
                             std::string& error);

// The token stands in doubled braces.
bool looks_like_function(std::string_view token);

// It names a known function with an argument list of whatever content.
bool names_function(std::string_view token);

// "invalid mapping destination: <problem> in <token>"; an empty token is not mentioned.
std::string transform_error(std::string_view problem, std::string_view token);

}  // namespace rubus
