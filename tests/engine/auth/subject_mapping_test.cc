// Mappings of an account: validity, weights, cluster filters, order.
#include "engine/auth/subject_mapping.h"

#include <gtest/gtest.h>

#include <map>

namespace rubus::test {
namespace {

std::string problem_of(const MappingOptions& options) {
  std::string error;
  return is_valid_mapping(options, error) ? "" : error;
}

SubjectMappings mappings_of(const std::vector<MappingOptions>& options,
                            std::string_view cluster = {}) {
  SubjectMappings mappings;
  mappings.set(options, cluster);
  return mappings;
}

// How often each subject came out of `rounds`; lost messages count under "".
std::map<std::string, int> outcomes(SubjectMappings& mappings, std::string_view subject,
                                    int rounds) {
  RandomStream random(3, "mapping");
  std::map<std::string, int> counts;
  for (int round = 0; round < rounds; ++round) {
    std::string result;
    const MappingOutcome outcome = mappings.map(subject, random, result);
    ++counts[outcome == MappingOutcome::unmapped ? std::string(subject) : result];
  }
  return counts;
}

TEST(SubjectMapping, says_what_is_wrong_as_nats_server_does) {
  EXPECT_EQ(problem_of({"a", {{"b", 60, ""}, {"c", 41, ""}}}), "total weight needs to be <= 100");
  EXPECT_EQ(problem_of({"a", {{"b", 60, ""}, {"c", 41, "x"}, {"d", 40, ""}}}), "");
  EXPECT_EQ(problem_of({"a", {{"b", 101, ""}}}), "individual weights need to be <= 100");
  EXPECT_EQ(problem_of({"a", {{"b", 10, ""}, {"b", 10, ""}}}), "duplicate entry for \"b\"");
  EXPECT_EQ(problem_of({"a..b", {{"b", 10, ""}}}), "invalid subject");
  EXPECT_EQ(problem_of({"a", {{"b.*", 10, ""}}}), "invalid subject");
  EXPECT_EQ(problem_of({"a.*", {{"b.$2", 10, ""}}}),
            "invalid mapping destination: wildcard index out of range in $2: [2]");
  EXPECT_EQ(problem_of({"a.*", {{"b.{{foo(1)}}", 10, ""}}}),
            "invalid mapping destination: unknown function in {{foo(1)}}");
  EXPECT_EQ(problem_of({"a", {{"b..c", 10, ""}}}),
            "invalid mapping destination: invalid transform");
  EXPECT_EQ(problem_of({"a.>", {{"b.>.c", 10, ""}}}),
            "invalid mapping destination: invalid transform in c");
  EXPECT_EQ(problem_of({"a", {{"b c", 10, ""}}}), "invalid mapping destination: invalid transform");
}

TEST(SubjectMapping, with_the_whole_weight_draws_nothing) {
  SubjectMappings mappings = mappings_of({{"old.*", {{"new.$1", 100, ""}}}});
  RandomStream random(3, "mapping");
  const std::uint64_t before = random.state();
  std::string result;
  EXPECT_EQ(mappings.map("old.x", random, result), MappingOutcome::mapped);
  EXPECT_EQ(result, "new.x");
  EXPECT_EQ(mappings.map("other", random, result), MappingOutcome::unmapped);
  EXPECT_EQ(random.state(), before);
}

TEST(SubjectMapping, leaves_the_rest_of_the_weight_to_the_source) {
  SubjectMappings mappings = mappings_of({{"w.*", {{"a.$1", 20, ""}, {"b.$1", 50, ""}}}});
  std::map<std::string, int> counts = outcomes(mappings, "w.1", 10'000);
  EXPECT_EQ(counts.size(), 3U);
  EXPECT_NEAR(counts["a.1"], 2000, 200);
  EXPECT_NEAR(counts["b.1"], 5000, 250);
  EXPECT_NEAR(counts["w.1"], 3000, 230);
}

TEST(SubjectMapping, that_names_its_source_loses_the_rest) {
  SubjectMappings mappings = mappings_of({{"w", {{"w", 80, ""}}}});
  std::map<std::string, int> counts = outcomes(mappings, "w", 10'000);
  EXPECT_NEAR(counts["w"], 8000, 200);
  EXPECT_NEAR(counts[""], 2000, 200);
}

TEST(SubjectMapping, of_weight_nothing_keeps_the_subject) {
  SubjectMappings mappings = mappings_of({{"drop", {{"d1", 0, ""}}}, {"none", {}}});
  EXPECT_EQ(outcomes(mappings, "drop", 500), (std::map<std::string, int>{{"drop", 500}}));
  EXPECT_EQ(outcomes(mappings, "none", 500), (std::map<std::string, int>{{"none", 500}}));
}

TEST(SubjectMapping, filtered_for_this_cluster_replaces_the_general_one) {
  const std::vector<MappingOptions> options{
      {"a", {{"general", 100, ""}, {"east", 100, "E"}, {"west", 50, "W"}}}};
  SubjectMappings east = mappings_of(options, "E");
  EXPECT_EQ(outcomes(east, "a", 100), (std::map<std::string, int>{{"east", 100}}));
  SubjectMappings west = mappings_of(options, "W");
  std::map<std::string, int> counts = outcomes(west, "a", 10'000);
  EXPECT_NEAR(counts["west"], 5000, 250);
  EXPECT_NEAR(counts["a"], 5000, 250);
  SubjectMappings elsewhere = mappings_of(options, "N");
  EXPECT_EQ(outcomes(elsewhere, "a", 100), (std::map<std::string, int>{{"general", 100}}));
  SubjectMappings alone = mappings_of(options);
  EXPECT_EQ(outcomes(alone, "a", 100), (std::map<std::string, int>{{"general", 100}}));
}

TEST(SubjectMapping, for_other_clusters_alone_changes_nothing_here) {
  SubjectMappings mappings = mappings_of({{"a", {{"east", 100, "E"}}}}, "W");
  EXPECT_EQ(outcomes(mappings, "a", 100), (std::map<std::string, int>{{"a", 100}}));
}

TEST(SubjectMappings, the_first_that_takes_the_subject_decides) {
  SubjectMappings mappings =
      mappings_of({{"a.b", {{"one", 100, ""}}}, {"a.*", {{"two.$1", 100, ""}}}});
  EXPECT_EQ(outcomes(mappings, "a.b", 10), (std::map<std::string, int>{{"one", 10}}));
  EXPECT_EQ(outcomes(mappings, "a.c", 10), (std::map<std::string, int>{{"two.c", 10}}));
  EXPECT_TRUE(mappings.concerns("a.>"));
  EXPECT_FALSE(mappings.concerns("a.b.c"));
}

TEST(SubjectMappings, leave_out_what_is_not_valid) {
  const SubjectMappings mappings =
      mappings_of({{"a", {{"b.*", 100, ""}}}, {"b", {{"c", 100, ""}}}});
  ASSERT_EQ(mappings.all().size(), 1U);
  EXPECT_EQ(mappings.all().front().source(), "b");
}

}  // namespace
}  // namespace rubus::test
