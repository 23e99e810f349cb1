// Goal: the first differing part and field of two descriptions are named.
#include "sim/describe_difference.h"

#include <gtest/gtest.h>

namespace rubus::sim {
namespace {

TEST(DescribeDifference, names_part_and_field) {
  EXPECT_EQ(first_difference("engine 1 now=5 jobs=0 \nclient[3] 7 a=1 pending=12 \n",
                             "engine 1 now=5 jobs=0 \nclient[3] 9 a=1 pending=40 \n"),
            "client[3] pending: 12 against 40");
}

TEST(DescribeDifference, equal_descriptions_have_none) {
  EXPECT_EQ(first_difference("engine 1 now=5 \n", "engine 1 now=5 \n"), "");
}

TEST(DescribeDifference, a_part_that_only_one_has_is_named) {
  EXPECT_EQ(first_difference("engine 1 a=1 \nclient[1] 2 b=1 \n", "engine 1 a=1 \n"),
            "client[1] is only in the first");
  EXPECT_EQ(first_difference("client[1] 2 b=1 \n", "client[2] 2 b=1 \n"),
            "client[1] against client[2]");
}

TEST(DescribeDifference, says_so_if_only_the_digest_differs) {
  EXPECT_EQ(first_difference("engine 1 a=1 \n", "engine 2 a=1 \n"),
            "engine differs in a field that is not described");
}

}  // namespace
}  // namespace rubus::sim
