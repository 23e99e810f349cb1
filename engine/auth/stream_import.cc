#include "engine/auth/stream_import.h"

#include "engine/routing/subject.h"

namespace rubus {

namespace {

constexpr std::string_view one_token = "*";
constexpr std::string_view all_tokens = ">";

// Imports draw nothing; a stream that nobody reads satisfies append().
std::string transformed(const SubjectTransform& transform, std::string_view subject) {
  SubjectTransform::Tokens tokens;
  split_tokens(subject, tokens);
  RandomStream unused(0, "import");
  std::string result;
  transform.append(tokens, unused, result);
  return result;
}

void add_token(std::string& pattern, std::string_view token) {
  pattern.append(pattern.empty() ? "" : ".").append(token);
}

}  // namespace

std::optional<std::string> common_pattern(std::string_view a, std::string_view b) {
  TokenCursor lefts(a);
  TokenCursor rights(b);
  std::string_view left;
  std::string_view right;
  bool left_is_open = false;  // its '>' has been reached and takes whatever comes
  bool right_is_open = false;
  std::string common;
  for (;;) {
    const bool has_left = !left_is_open && lefts.next(left);
    const bool has_right = !right_is_open && rights.next(right);
    left_is_open = left_is_open || (has_left && left == all_tokens && lefts.is_last());
    right_is_open = right_is_open || (has_right && right == all_tokens && rights.is_last());
    if (left_is_open && right_is_open) {
      add_token(common, all_tokens);
      return common;
    }
    if ((!has_left && !left_is_open) || (!has_right && !right_is_open)) {
      // Here both must end; an open side has ended once it has taken a token before.
      return has_left || has_right ? std::nullopt : std::optional(common);
    }
    if (left_is_open || (!right_is_open && left == one_token)) {
      add_token(common, right);
    } else if (right_is_open || right == one_token || left == right) {
      add_token(common, left);
    } else {
      return std::nullopt;
    }
  }
}

std::optional<StreamImportRule> StreamImportRule::make(const StreamImport& import,
                                                       std::string& error) {
  StreamImportRule rule;
  rule.account_ = import.account;
  rule.there_ = import.subject;
  rule.here_ = import.to.empty() ? import.subject : import.to;
  if (!has_wildcard(rule.there_) || rule.there_ == rule.here_) {
    return rule;
  }
  std::string problem;
  rule.to_here_ = SubjectTransform::make(rule.there_, numbered_wildcards(rule.here_),
                                         TransformUse::import, problem);
  if (rule.to_here_.has_value()) {
    rule.to_there_ = rule.to_here_->reversed();
    problem = "a wildcard of the subject is used twice and another not at all";
  }
  if (!rule.to_there_.has_value()) {
    error = "failed to create mapping transform for stream import subject from \"" + rule.there_ +
            "\" to \"" + rule.here_ + "\": " + problem;
    return std::nullopt;
  }
  rule.here_ = starred_placeholders(numbered_wildcards(rule.here_));
  return rule;
}

std::optional<std::string> StreamImportRule::wish_there(std::string_view subject) const {
  std::optional<std::string> met = common_pattern(subject, here_);
  if (!met.has_value()) {
    return std::nullopt;
  }
  if (to_there_.has_value()) {
    return transformed(*to_there_, *met);
  }
  return there_ == here_ ? met : std::optional(there_);
}

std::string StreamImportRule::here_of(std::string_view subject) const {
  if (to_here_.has_value()) {
    return transformed(*to_here_, subject);
  }
  return there_ == here_ ? std::string(subject) : here_;
}

}  // namespace rubus
