// Goal: the model's own subject rules are those of the protocol sheet (§2).
#include "sim/model/naive_subject.h"

#include <gtest/gtest.h>

namespace rubus::sim {
namespace {

TEST(NaiveSubject, a_star_stands_for_exactly_one_token) {
  EXPECT_TRUE(is_match("a.*", "a.b"));
  EXPECT_FALSE(is_match("a.*", "a"));
  EXPECT_FALSE(is_match("a.*", "a.b.c"));
  EXPECT_FALSE(is_match("*", ""));
}

TEST(NaiveSubject, a_final_angle_stands_for_one_token_or_more) {
  EXPECT_TRUE(is_match("a.>", "a.b.c"));
  EXPECT_FALSE(is_match("a.>", "a"));
  EXPECT_TRUE(is_match(">", "a"));
}

TEST(NaiveSubject, wildcard_letters_inside_a_token_are_text) {
  EXPECT_TRUE(is_match("foo*", "foo*"));
  EXPECT_FALSE(is_match("foo*", "food"));
}

TEST(NaiveSubject, a_published_wildcard_is_an_ordinary_token) {
  EXPECT_TRUE(is_match("*", ">"));
  EXPECT_TRUE(is_match("a.>", "a.*"));
  EXPECT_FALSE(is_match("b", "*"));
}

TEST(NaiveSubject, an_empty_token_matches_nothing) {
  EXPECT_FALSE(is_match(">", "a..b"));
  EXPECT_FALSE(is_match("a.*.b", "a..b"));
  EXPECT_FALSE(is_valid_subject("a..b"));
  EXPECT_FALSE(is_valid_subject("a.>.b"));
  EXPECT_TRUE(is_valid_subject("a.*.>"));
}

TEST(NaiveSubject, a_subset_never_takes_more) {
  EXPECT_TRUE(is_subset("a.b", "a.*"));
  EXPECT_TRUE(is_subset("a.*", "a.>"));
  EXPECT_TRUE(is_subset(">", ">"));
  EXPECT_FALSE(is_subset("a.>", "a.*"));
  EXPECT_FALSE(is_subset("*", "a"));
}

}  // namespace
}  // namespace rubus::sim
