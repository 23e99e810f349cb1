#include "engine/routing/subject.h"

#include <gtest/gtest.h>

namespace rubus::test {
namespace {

TEST(Subject, only_whole_tokens_are_wildcards) {
  for (const char* literal : {"foo*", "*bar", "f>o", "a.b*.c", ">>"}) {
    EXPECT_FALSE(has_wildcard(literal)) << literal;
    EXPECT_TRUE(is_valid_literal(literal)) << literal;
  }
  for (const char* wild : {"*", ">", "a.*", "a.>", "*.b"}) {
    EXPECT_TRUE(has_wildcard(wild)) << wild;
  }
}

TEST(Subject, empty_tokens_blanks_and_tokens_behind_greater_are_invalid) {
  for (const char* bad :
       {"", ".", "a.", ".a", "a..b", "a.>.b", ">.a", "a b", "a\tb", "a\n", "a\f"}) {
    EXPECT_FALSE(is_valid_subject(bad)) << bad;
  }
}

TEST(Subject, greater_needs_at_least_one_more_token) {
  EXPECT_FALSE(subject_matches("foo.>", "foo"));
  EXPECT_TRUE(subject_matches("foo.>", "foo.a.b"));
  EXPECT_FALSE(subject_matches("foo.*", "foo.a.b"));
}

TEST(Subject, a_wildcard_in_a_published_subject_counts_as_text) {
  EXPECT_TRUE(subject_matches("foo.*", "foo.*"));
  EXPECT_FALSE(subject_matches("foo.bar", "foo.*"));
}

TEST(Subject, subsets_and_overlaps) {
  EXPECT_TRUE(is_subset("foo.*", "foo.>"));
  EXPECT_FALSE(is_subset("foo.>", "foo.*"));
  EXPECT_TRUE(subjects_overlap("foo.*", "*.bar"));
  EXPECT_FALSE(subjects_overlap("foo.a", "foo.b"));
  EXPECT_FALSE(subjects_overlap("foo", "foo.>"));
}

}  // namespace
}  // namespace rubus::test
