// Goal: the cache stays right and bounded when more subjects come than it holds.
#include "engine/routing/match_cache.h"

#include <gtest/gtest.h>

#include "engine/auth/account.h"

namespace rubus::test {
namespace {

std::string numbered(std::size_t number) { return "subject." + std::to_string(number); }

TEST(MatchCache, remembers_no_more_than_its_places_and_every_answer_stays_right) {
  Account account("A", true, false);
  Subscription* subscription = Subscription::create(nullptr, numbered(7), {}, "1");
  account.insert(subscription);
  MatchCache& cache = account.cache();
  for (std::size_t round = 0; round < 2; ++round) {
    for (std::size_t number = 0; number < 3 * MatchCache::entries_max; ++number) {
      const MatchCache::Entry* entry = cache.find(account.index(), numbered(number));
      ASSERT_EQ(entry->subject, numbered(number));
      ASSERT_EQ(entry->result.plain.size(), number == 7 ? 1U : 0U);
    }
  }
  EXPECT_LE(cache.size(), MatchCache::entries_max);
  EXPECT_GT(cache.size(), MatchCache::entries_max / 2);
  EXPECT_LT(cache.hits(), 100U) << "nearly every subject had given way when it came again";
  account.remove(subscription);
  Subscription::destroy(subscription);
}

TEST(MatchCache, an_entry_that_gives_way_changes_the_epoch) {
  Account account("A", true, false);
  MatchCache& cache = account.cache();
  const MatchCache::Entry* first = cache.find(account.index(), numbered(0));
  const std::uint64_t epoch = cache.epoch();
  std::size_t number = 0;
  while (first->subject == numbered(0) && number < 100 * MatchCache::entries_max) {
    cache.find(account.index(), numbered(++number));
  }
  EXPECT_NE(first->subject, numbered(0));
  EXPECT_NE(cache.epoch(), epoch);
}

TEST(MatchCache, a_subject_whose_subscription_left_is_no_longer_counted) {
  Account account("A", true, false);
  Subscription* subscription = Subscription::create(nullptr, "a", {}, "1");
  account.insert(subscription);
  account.cache().find(account.index(), "a");
  EXPECT_EQ(account.cache().size(), 1U);
  EXPECT_EQ(account.cache().fanout_sum(), 1U);
  account.remove(subscription);
  EXPECT_EQ(account.cache().size(), 0U);
  EXPECT_EQ(account.cache().fanout_max(), 0U);
  EXPECT_TRUE(account.cache().find(account.index(), "a")->result.empty());
  Subscription::destroy(subscription);
}

}  // namespace
}  // namespace rubus::test
