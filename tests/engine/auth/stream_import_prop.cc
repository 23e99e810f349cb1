// Laws of imports: the common part of two patterns takes exactly what both take, and a wish in the
// exporting account brings exactly the messages that the original wish asks for by their own name.
#include "engine/auth/stream_import.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/auth/service_import.h"
#include "engine/routing/subject.h"

namespace rubus::test {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    text.append(text.empty() ? "" : ".").append(part);
  }
  return text;
}

std::vector<std::string> tokens_of(std::size_t most) {
  return *rc::gen::suchThat(
      rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>("a", "b", "c")),
      [most](const auto& all) { return !all.empty() && all.size() <= most; });
}

// Some tokens become stars, and the end perhaps '>'.
std::string pattern_from(std::vector<std::string> tokens) {
  for (std::string& token : tokens) {
    token = *rc::gen::arbitrary<bool>() ? token : "*";
  }
  if (*rc::gen::inRange(0, 3) == 0) {
    tokens.resize(*rc::gen::inRange<std::size_t>(1, tokens.size() + 1));
    tokens.back() = ">";
  }
  return joined(tokens);
}

RC_GTEST_PROP(CommonPattern, takes_what_both_take, ()) {
  const std::string a = pattern_from(tokens_of(4));
  const std::string b = pattern_from(tokens_of(4));
  const std::string literal = joined(tokens_of(5));
  const std::optional<std::string> common = common_pattern(a, b);
  const bool by_both = subject_matches(a, literal) && subject_matches(b, literal);
  RC_ASSERT((common.has_value() && subject_matches(*common, literal)) == by_both);
  RC_ASSERT(common.has_value() == subjects_overlap(a, b));
  RC_ASSERT(common_pattern(b, a) == common);
  RC_CLASSIFY(by_both, "taken by both");
}

RC_GTEST_PROP(StreamImportRule, brings_what_is_asked_for_under_its_name_here, ()) {
  const std::vector<std::string> subject = tokens_of(4);
  const std::string there = pattern_from(subject);
  const std::string here = *rc::gen::arbitrary<bool>() ? "in." + there : there;
  std::string error;
  const std::optional<StreamImportRule> rule = StreamImportRule::make({"A", there, here}, error);
  RC_ASSERT(rule.has_value());
  RC_ASSERT(rule->here() == here);
  // A message that the import lets through …
  const std::string published = joined(subject);
  const std::string called = rule->here_of(published);
  RC_ASSERT(subject_matches(here, called));
  // … reaches a wish here if and only if the wish there takes it.
  std::vector<std::string> wanted = tokens_of(4);
  if (*rc::gen::arbitrary<bool>()) {
    wanted = subject;
  }
  std::string wish = pattern_from(wanted);
  wish = *rc::gen::arbitrary<bool>() ? "in." + wish : wish;
  const std::optional<std::string> wish_there = rule->wish_there(wish);
  const bool arrives = wish_there.has_value() && subject_matches(*wish_there, published);
  RC_ASSERT(arrives == subject_matches(wish, called));
  RC_CLASSIFY(arrives, "arrives");
}

RC_GTEST_PROP(StreamImportRule, may_turn_wildcards_round, ()) {
  const std::string one = joined({*rc::gen::element<std::string>("a", "b", "c")});
  const std::string two = joined({*rc::gen::element<std::string>("a", "b", "c")});
  std::string error;
  const std::optional<StreamImportRule> rule =
      StreamImportRule::make({"A", "s.*.*", "t.$2.x.$1"}, error);
  RC_ASSERT(rule.has_value());
  RC_ASSERT(rule->here() == "t.*.x.*");
  RC_ASSERT(rule->here_of("s." + one + "." + two) == "t." + two + ".x." + one);
  RC_ASSERT(rule->wish_there("t." + two + ".*." + one) == "s." + one + "." + two);
  RC_ASSERT(rule->wish_there("t.>") == "s.*.*");
}

RC_GTEST_PROP(ServiceImportRule, asks_under_the_name_there, ()) {
  const std::string token = *rc::gen::element<std::string>("a", "b", "c");
  std::string error;
  const std::optional<ServiceImportRule> turned =
      ServiceImportRule::make({"A", "q.*.*", "ask.$2.$1", false}, error);
  RC_ASSERT(turned.has_value());
  RC_ASSERT(turned->here() == "ask.*.*");
  RC_ASSERT(turned->there_of("ask." + token + ".z") == "q.z." + token);
  const std::optional<ServiceImportRule> same =
      ServiceImportRule::make({"A", "q.>", "", false}, error);
  RC_ASSERT(same.has_value() && same->there_of("q." + token) == "q." + token);
  const std::optional<ServiceImportRule> fixed =
      ServiceImportRule::make({"A", "q", "ask.*", false}, error);
  RC_ASSERT(fixed.has_value() && fixed->there_of("ask." + token) == "q");
}

}  // namespace
}  // namespace rubus::test
