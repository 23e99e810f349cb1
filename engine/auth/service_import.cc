#include "engine/auth/service_import.h"

#include "engine/routing/subject.h"

namespace rubus {

namespace {

std::string quoted_pair(std::string_view from, std::string_view to) {
  std::string text = "\"";
  return text.append(from).append("\" to \"").append(to).append("\"");
}

}  // namespace

std::optional<ServiceImportRule> ServiceImportRule::make(const ServiceImport& import,
                                                         std::string& error) {
  ServiceImportRule rule;
  rule.account_ = import.account;
  rule.there_ = import.subject;
  rule.here_ = import.to.empty() ? import.subject : import.to;
  rule.shares_ = import.share;
  if (!is_valid_subject(rule.there_) || !is_valid_subject(rule.here_)) {
    error = "invalid subject";
    return std::nullopt;
  }
  if (!has_wildcard(rule.there_) || rule.there_ == rule.here_) {
    return rule;
  }
  rule.there_ = starred_placeholders(rule.there_);
  const std::string failed = "failed to create mapping transform for service import subject from " +
                             quoted_pair(rule.here_, rule.there_) + ": ";
  std::string problem;
  const std::optional<SubjectTransform> to_here = SubjectTransform::make(
      rule.there_, numbered_wildcards(rule.here_), TransformUse::import, problem);
  if (!to_here.has_value()) {
    error = failed + problem;
    return std::nullopt;
  }
  rule.to_there_ = to_here->reversed();
  if (!rule.to_there_.has_value()) {
    error = failed + "a wildcard of the subject is used twice and another not at all";
    return std::nullopt;
  }
  rule.here_ = starred_placeholders(numbered_wildcards(rule.here_));
  return rule;
}

std::string ServiceImportRule::there_of(std::string_view subject) const {
  if (to_there_.has_value()) {
    SubjectTransform::Tokens tokens;
    split_tokens(subject, tokens);
    RandomStream unused(0, "import");
    std::string result;
    to_there_->append(tokens, unused, result);
    return result;
  }
  return has_wildcard(there_) ? std::string(subject) : there_;
}

}  // namespace rubus
