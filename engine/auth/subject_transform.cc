#include "engine/auth/subject_transform.h"

#include "engine/base/ensure.h"
#include "engine/base/text_number.h"
#include "engine/routing/subject.h"

namespace rubus {

namespace {

constexpr std::string_view one_token = "*";
constexpr std::string_view all_tokens = ">";
constexpr std::string_view invalid_subject = "invalid subject";
constexpr std::string_view out_of_range = "wildcard index out of range";

struct Shape {
  bool is_valid = true;
  std::size_t wildcards = 0;
  bool has_tail = false;
};

// Blanks and line ends are no concern here: functions may have them.
Shape shape_of(const SubjectTransform::Tokens& tokens) {
  Shape shape;
  for (const std::string_view token : tokens) {
    if (token.empty() || shape.has_tail) {
      shape.is_valid = false;
    }
    shape.has_tail = shape.has_tail || token == all_tokens;
    shape.wildcards += token == one_token ? 1 : 0;
  }
  return shape;
}

std::uint32_t fnv1a(std::string_view text, std::uint32_t hash) {
  for (const char byte : text) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 16'777'619U;
  }
  return hash;
}

std::uint32_t hash_tokens(const SubjectTransform::Tokens& subject,
                          const std::vector<std::size_t>& places) {
  constexpr std::uint32_t offset_basis = 2'166'136'261U;
  std::uint32_t hash = offset_basis;
  for (const std::size_t place : places) {
    hash = fnv1a(subject[place], hash);
  }
  for (std::size_t at = 0; places.empty() && at < subject.size(); ++at) {
    hash = fnv1a(subject[at], at == 0 ? hash : fnv1a(".", hash));
  }
  return hash;
}

// A negative number of partitions is the large unsigned one of the same bits.
std::uint64_t partition_of(std::uint32_t hash, std::int32_t partitions) {
  return partitions == 0 ? 0 : hash % static_cast<std::uint32_t>(partitions);
}

std::uint64_t draw(RandomStream& random, std::int32_t outcomes) {
  const std::int64_t bound = outcomes < 0 ? -std::int64_t{outcomes} : outcomes;
  return bound == 0 ? 0 : random.below(static_cast<std::uint64_t>(bound));
}

// In pieces of `size`; the shorter piece, if any, is the first or the last.
void append_slices(std::string_view token, std::size_t size, bool short_first,
                   std::string& result) {
  std::size_t piece = short_first ? token.size() % size : 0;
  piece = piece == 0 ? size : piece;
  while (token.size() > piece) {
    result.append(token.substr(0, piece)).append(".");
    token.remove_prefix(piece);
    piece = size;
  }
  result.append(token);
}

// Bytes of the UTF-8 character that `text` begins with; 1 where it is none.
std::size_t character_size(std::string_view text) {
  const auto byte = [text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  const std::size_t size = first >= 0xF0 && first <= 0xF4   ? 4
                           : first >= 0xE0 && first <= 0xEF ? 3
                           : first >= 0xC2 && first <= 0xDF ? 2
                                                            : 1;
  if (size > text.size()) {
    return 1;
  }
  for (std::size_t at = 1; at < size; ++at) {
    if ((byte(at) & 0xC0U) != 0x80) {
      return 1;
    }
  }
  // Overlong forms, surrogates, and what lies beyond the last plane.
  const bool is_refused = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ||
                          (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F);
  return is_refused ? 1 : size;
}

std::vector<std::string_view> split_at(std::string_view token, std::string_view delimiter) {
  std::vector<std::string_view> parts;
  if (delimiter.empty()) {
    while (!token.empty()) {
      parts.push_back(token.substr(0, character_size(token)));
      token.remove_prefix(parts.back().size());
    }
    return parts;
  }
  for (;;) {
    const std::size_t end = token.find(delimiter);
    parts.push_back(token.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    token.remove_prefix(end + delimiter.size());
  }
}

// Empty parts vanish, except that two delimiters in front leave one empty token.
void append_split(std::string_view token, std::string_view delimiter, std::string& result) {
  const std::vector<std::string_view> parts = split_at(token, delimiter);
  for (std::size_t at = 0; at < parts.size(); ++at) {
    result.append(parts[at]);
    const bool is_leading_gap = at == 0 && parts[at].empty();
    if (at + 1 < parts.size() && !parts[at + 1].empty() && !is_leading_gap) {
      result.append(".");
    }
  }
}

// The functions of one token and a size; a token that is too short stays whole.
void append_sized(TransformKind kind, std::string_view token, std::int32_t number,
                  std::string& result) {
  if (number <= 0 || static_cast<std::size_t>(number) >= token.size()) {
    result.append(token);
    return;
  }
  const std::size_t size = static_cast<std::size_t>(number);
  switch (kind) {
    case TransformKind::split_from_left:
      result.append(token.substr(0, size)).append(".").append(token.substr(size));
      return;
    case TransformKind::split_from_right:
      result.append(token.substr(0, token.size() - size)).append(".");
      result.append(token.substr(token.size() - size));
      return;
    case TransformKind::slice_from_left:
    case TransformKind::slice_from_right:
      append_slices(token, size, kind == TransformKind::slice_from_right, result);
      return;
    case TransformKind::left:
      result.append(token.substr(0, size));
      return;
    case TransformKind::right:
      result.append(token.substr(token.size() - size));
      return;
    case TransformKind::text:
    case TransformKind::wildcard:
    case TransformKind::partition:
    case TransformKind::split:
    case TransformKind::random:
      break;
  }
  ensure(false, "only functions of a token and a size come here");
}

}  // namespace

void split_tokens(std::string_view subject, SubjectTransform::Tokens& tokens) {
  tokens.clear();
  TokenCursor cursor(subject);
  std::string_view token;
  while (cursor.next(token)) {
    tokens.push_back(token);
  }
}

std::string numbered_wildcards(std::string_view pattern) {
  std::string numbered;
  std::uint64_t wildcards = 0;
  TokenCursor cursor(pattern);
  std::string_view token;
  while (cursor.next(token)) {
    if (token == one_token) {
      numbered.append("$");
      append_number(numbered, ++wildcards);
    } else {
      numbered.append(token);
    }
    numbered.append(cursor.is_last() ? "" : ".");
  }
  return numbered;
}

std::string starred_placeholders(std::string_view destination) {
  std::string starred;
  TokenCursor cursor(destination);
  std::string_view token;
  while (cursor.next(token)) {
    TransformFunction function;
    std::string error;
    const bool is_placeholder =
        read_transform_function(token, function, error) && function.kind == TransformKind::wildcard;
    starred.append(is_placeholder ? one_token : token);
    starred.append(cursor.is_last() ? "" : ".");
  }
  return starred;
}

std::optional<SubjectTransform> SubjectTransform::make(std::string_view source,
                                                       std::string_view destination,
                                                       TransformUse use, std::string& error) {
  SubjectTransform made;
  made.source_ = source.empty() ? all_tokens : source;
  made.destination_ = destination;
  Tokens tokens;
  split_tokens(made.source_, tokens);
  const Shape source_shape = shape_of(tokens);
  made.source_tokens_.assign(tokens.begin(), tokens.end());
  for (std::size_t at = 0; at < tokens.size(); ++at) {
    if (tokens[at] == one_token) {
      made.wildcard_places_.push_back(at);
    }
  }
  split_tokens(destination, tokens);
  const Shape shape = shape_of(tokens);
  if (!source_shape.is_valid || !shape.is_valid || shape.wildcards > 0 ||
      shape.has_tail != source_shape.has_tail) {
    error = invalid_subject;
    return std::nullopt;
  }
  made.carries_tail_ = shape.has_tail;
  std::size_t used = 0;
  for (const std::string_view token : tokens) {
    if (!made.add_step(token, source_shape.wildcards, use, error)) {
      return std::nullopt;
    }
    used += made.steps_.back().places.size();
  }
  if (use == TransformUse::import && used < source_shape.wildcards) {
    error = transform_error("not using all of the token wildcard(s)", destination);
    return std::nullopt;
  }
  return made;
}

bool SubjectTransform::add_step(std::string_view token, std::size_t wildcards, TransformUse use,
                                std::string& error) {
  Step step;
  if (!read_transform_function(token, step.function, error)) {
    return false;
  }
  const TransformKind kind = step.function.kind;
  const bool has_pattern = wildcards > 0 || carries_tail_;
  if (!has_pattern && kind != TransformKind::text && kind != TransformKind::random &&
      kind != TransformKind::partition) {
    error = transform_error(out_of_range, token);
    return false;
  }
  if (has_pattern && use == TransformUse::import && kind != TransformKind::text &&
      kind != TransformKind::wildcard) {
    error = transform_error(
        "the only mapping function allowed for import transforms is {{Wildcard()}}", token);
    return false;
  }
  for (const std::int64_t wildcard : step.function.wildcards) {
    if (!has_pattern) {
      break;  // the partition of a fixed subject looks at the whole of it
    }
    if (wildcard > static_cast<std::int64_t>(wildcards)) {
      std::string place(token);
      place.append(": [");
      append_number(place, wildcard);
      error = transform_error(out_of_range, place.append("]"));
      return false;
    }
    // nats-server takes the first token for numbers below 1.
    step.places.push_back(wildcard < 1 ? 0
                                       : wildcard_places_[static_cast<std::size_t>(wildcard) - 1]);
  }
  steps_.push_back(std::move(step));
  return true;
}

bool SubjectTransform::takes(const Tokens& subject) const {
  for (std::size_t at = 0; at < source_tokens_.size(); ++at) {
    if (at >= subject.size()) {
      return false;
    }
    const std::string_view wanted = source_tokens_[at];
    if (wanted == all_tokens) {
      return true;
    }
    const std::string_view token = subject[at];
    if (token.empty() || token == all_tokens || (wanted != one_token && wanted != token)) {
      return false;
    }
  }
  return subject.size() == source_tokens_.size();
}

void SubjectTransform::append(const Tokens& subject, RandomStream& random,
                              std::string& result) const {
  const std::size_t steps = steps_.size() - (carries_tail_ ? 1 : 0);
  for (std::size_t at = 0; at < steps; ++at) {
    const TransformFunction& function = steps_[at].function;
    const std::vector<std::size_t>& places = steps_[at].places;
    if (at > 0) {
      result.append(".");
    }
    switch (function.kind) {
      case TransformKind::text:
        result.append(function.text);
        break;
      case TransformKind::wildcard:
        result.append(subject[places[0]]);
        break;
      case TransformKind::partition:
        append_number(result, partition_of(hash_tokens(subject, places), function.number));
        break;
      case TransformKind::random:
        append_number(result, draw(random, function.number));
        break;
      case TransformKind::split:
        append_split(subject[places[0]], function.text, result);
        break;
      case TransformKind::split_from_left:
      case TransformKind::split_from_right:
      case TransformKind::slice_from_left:
      case TransformKind::slice_from_right:
      case TransformKind::left:
      case TransformKind::right:
        append_sized(function.kind, subject[places[0]], function.number, result);
        break;
    }
  }
  if (carries_tail_) {
    bool is_first = steps == 0;
    for (std::size_t at = source_tokens_.size() - 1; at < subject.size(); ++at) {
      result.append(is_first ? "" : ".").append(subject[at]);
      is_first = false;
    }
  }
}

std::optional<SubjectTransform> SubjectTransform::reversed() const {
  // Which token of the destination, counted in stars, holds each wildcard of the source.
  std::vector<std::uint64_t> star_of(source_tokens_.size(), 0);
  std::uint64_t stars = 0;
  for (const Step& step : steps_) {
    if (step.function.kind == TransformKind::wildcard) {
      star_of[step.places[0]] = ++stars;
    } else if (step.function.kind != TransformKind::text) {
      return std::nullopt;
    }
  }
  std::string destination;
  for (std::size_t at = 0; at < source_tokens_.size(); ++at) {
    destination.append(at == 0 ? "" : ".");
    if (source_tokens_[at] != one_token) {
      destination.append(source_tokens_[at]);
    } else if (star_of[at] != 0) {
      destination.append("$");
      append_number(destination, star_of[at]);
    } else {
      return std::nullopt;
    }
  }
  std::string error;
  return make(starred_placeholders(destination_), destination, TransformUse::import, error);
}

}  // namespace rubus
