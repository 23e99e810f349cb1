// SubjectTransform: one source pattern and one destination; rewrites the subjects that it takes.
//
// Invariants: a made transform can be applied to every subject that it takes; the destination has
// '>' if and only if the source has one, and what '>' took is carried over. Random tokens are
// drawn from the stream that is passed in. A destination may have empty tokens ("{{split(1,-)}}"
// of "-"); such a subject is wanted by nobody.
// Does not choose between transforms; see SubjectMappings.
// Source: behaviour of nats-server 2.15 (tests/engine/auth/transform_cases.tsv).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/auth/transform_function.h"
#include "engine/base/random.h"

namespace rubus {

// Imports must be reversible: wildcards only, and every wildcard of the source is used.
enum class TransformUse : std::uint8_t { mapping, import };

class SubjectTransform {
 public:
  using Tokens = std::vector<std::string_view>;

  // An empty source is '>'. No value: the reason is in `error`.
  static std::optional<SubjectTransform> make(std::string_view source, std::string_view destination,
                                              TransformUse use, std::string& error);

  // The tokens of a subject as publishers give it; wildcards in it are taken by wildcards only.
  bool takes(const Tokens& subject) const;
  // Adds what becomes of `subject`, which must be one that this transform takes.
  void append(const Tokens& subject, RandomStream& random, std::string& result) const;
  // The way back; none if a wildcard of the source cannot be found again in the destination.
  std::optional<SubjectTransform> reversed() const;

  const std::string& source() const { return source_; }
  const std::string& destination() const { return destination_; }

 private:
  struct Step {
    TransformFunction function;
    std::vector<std::size_t> places;  // of the tokens it takes, in the source
  };

  bool add_step(std::string_view token, std::size_t wildcards, TransformUse use,
                std::string& error);

  std::string source_;
  std::string destination_;
  std::vector<std::string> source_tokens_;
  std::vector<std::size_t> wildcard_places_;
  std::vector<Step> steps_;
  bool carries_tail_ = false;  // ends with '>'
};

// Splits at every '.'; an empty subject is one empty token.
void split_tokens(std::string_view subject, SubjectTransform::Tokens& tokens);

// "a.*.*" becomes "a.$1.$2".
std::string numbered_wildcards(std::string_view pattern);

// "a.$2.{{wildcard(1)}}" becomes "a.*.*".
std::string starred_placeholders(std::string_view destination);

}  // namespace rubus
