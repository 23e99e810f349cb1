// Transforms of subjects, against a table of what nats-server makes of each.
#include "engine/auth/subject_transform.h"

#include <gtest/gtest.h>

#include <fstream>

namespace rubus::test {
namespace {

std::string applied(const SubjectTransform& transform, std::string_view subject) {
  SubjectTransform::Tokens tokens;
  split_tokens(subject, tokens);
  RandomStream random(1, "transform");
  std::string result;
  transform.append(tokens, random, result);
  return result;
}

// One row as the table words it.
std::string verdict(const std::string& source, const std::string& destination,
                    const std::string& subject) {
  std::string error;
  const std::optional<SubjectTransform> transform =
      SubjectTransform::make(source, destination, TransformUse::mapping, error);
  if (!transform.has_value()) {
    return "! " + error;
  }
  SubjectTransform::Tokens tokens;
  split_tokens(subject, tokens);
  return transform->takes(tokens) ? "= " + applied(*transform, subject) : "-";
}

std::optional<SubjectTransform> import_of(std::string_view source, std::string_view destination,
                                          std::string& error) {
  return SubjectTransform::make(source, destination, TransformUse::import, error);
}

TEST(SubjectTransform, does_with_every_recorded_case_what_nats_server_did) {
  std::ifstream table(TRANSFORM_CASES);
  std::string line;
  int rows = 0;
  for (; std::getline(table, line); ++rows) {
    std::vector<std::string> columns(1);
    for (const char byte : line) {
      if (byte == '\t') {
        columns.emplace_back();
      } else {
        columns.back().push_back(byte);
      }
    }
    ASSERT_EQ(columns.size(), 4U) << line;
    EXPECT_EQ(verdict(columns[0], columns[1], columns[2]), columns[3]) << line;
  }
  EXPECT_GT(rows, 400);
}

TEST(SubjectTransform, draws_random_tokens_below_the_bound) {
  std::string error;
  const std::optional<SubjectTransform> transform =
      SubjectTransform::make("a.*", "r.{{random(3)}}.$1", TransformUse::mapping, error);
  ASSERT_TRUE(transform.has_value()) << error;
  SubjectTransform::Tokens tokens;
  split_tokens("a.x", tokens);
  RandomStream random(7, "transform");
  std::vector<int> seen(3);
  for (int round = 0; round < 300; ++round) {
    std::string result;
    transform->append(tokens, random, result);
    ASSERT_EQ(result.size(), 5U) << result;
    ASSERT_EQ(result.substr(3), ".x") << result;
    ++seen.at(static_cast<std::size_t>(result[2] - '0'));
  }
  for (const int count : seen) {
    EXPECT_GT(count, 50);
  }
}

TEST(SubjectTransform, of_an_import_may_use_wildcards_only_and_must_use_all) {
  std::string error;
  EXPECT_FALSE(import_of("a.*", "b.{{partition(3,1)}}", error).has_value());
  EXPECT_EQ(error,
            "invalid mapping destination: the only mapping function allowed for import transforms "
            "is {{Wildcard()}} in {{partition(3,1)}}");
  EXPECT_FALSE(import_of("a.*.*", "b.$1", error).has_value());
  EXPECT_EQ(error, "invalid mapping destination: not using all of the token wildcard(s) in b.$1");
  EXPECT_TRUE(import_of("a.*.*", "b.{{wildcard(2)}}.$1", error).has_value());
}

TEST(SubjectTransform, reversed_leads_back_even_from_a_rotation) {
  std::string error;
  const std::optional<SubjectTransform> there = import_of("a.*.*.*.>", "b.$2.c.$3.$1.>", error);
  ASSERT_TRUE(there.has_value()) << error;
  const std::optional<SubjectTransform> back = there->reversed();
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(applied(*there, "a.x.y.z.t.u"), "b.y.c.z.x.t.u");
  EXPECT_EQ(applied(*back, "b.y.c.z.x.t.u"), "a.x.y.z.t.u");
}

TEST(SubjectTransform, that_loses_a_wildcard_has_no_way_back) {
  std::string error;
  const std::optional<SubjectTransform> there = import_of("a.*.*", "b.$1.$1", error);
  ASSERT_TRUE(there.has_value()) << error;
  EXPECT_FALSE(there->reversed().has_value());
}

TEST(SubjectTransform, wildcards_of_a_published_subject_are_taken_by_wildcards_only) {
  EXPECT_EQ(verdict("foo.*", "bar.$1", "foo.*"), "= bar.*");
  EXPECT_EQ(verdict("foo.*", "bar.$1", "foo.>"), "-");
  EXPECT_EQ(verdict("foo.bar", "x", "foo.*"), "-");
  EXPECT_EQ(verdict("foo.*", "bar.$1", "foo."), "-");
}

TEST(NumberedWildcards, count_from_one) {
  EXPECT_EQ(numbered_wildcards("a.*.b.*.>"), "a.$1.b.$2.>");
  EXPECT_EQ(numbered_wildcards("*"), "$1");
  EXPECT_EQ(numbered_wildcards("a.b*"), "a.b*");
}

TEST(StarredPlaceholders, become_a_pattern) {
  EXPECT_EQ(starred_placeholders("a.$2.{{wildcard(1)}}.$SYS.>"), "a.*.*.$SYS.>");
  EXPECT_EQ(starred_placeholders("a"), "a");
}

}  // namespace
}  // namespace rubus::test
