// Laws of routing: the index equals the brute-force matcher, with the cache on and off, whatever
// the order of inserts and removes.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/auth/account.h"
#include "engine/routing/subject.h"

namespace rubus::test {
namespace {

// Few tokens, so that subjects meet often.
rc::Gen<std::string> subject(const std::vector<std::string>& tokens) {
  return rc::gen::map(
      rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(tokens))),
      [](const std::vector<std::string>& parts) {
        std::string text;
        for (std::size_t at = 0; at < std::min<std::size_t>(parts.size(), 4); ++at) {
          text += (at == 0 ? "" : ".") + parts[at];
        }
        return text;
      });
}

// The obvious matcher on vectors of tokens, sharing no code with the engine.
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> tokens(1);
  for (const char byte : text) {
    if (byte == '.') {
      tokens.emplace_back();
    } else {
      tokens.back().push_back(byte);
    }
  }
  return tokens;
}

bool wants(const std::string& pattern, const std::string& literal) {
  const std::vector<std::string> wanted = split(pattern);
  const std::vector<std::string> given = split(literal);
  for (const std::string& token : given) {
    if (token.empty()) {
      return false;
    }
  }
  for (std::size_t at = 0; at < wanted.size(); ++at) {
    if (wanted[at] == ">") {
      return given.size() > at;
    }
    if (at >= given.size() || (wanted[at] != "*" && wanted[at] != given[at])) {
      return false;
    }
  }
  return wanted.size() == given.size();
}

struct Made {
  Subscription* subscription;
  std::string subject;
  std::string queue;
};

std::multiset<const Subscription*> flat(const MatchResult& result) {
  std::multiset<const Subscription*> all(result.plain.begin(), result.plain.end());
  for (const QueueMatch& queue : result.queues) {
    RC_ASSERT(!queue.members.empty());
    for (const Subscription* member : queue.members) {
      RC_ASSERT(member->queue() == queue.name);
      all.insert(member);
    }
  }
  return all;
}

void check(Account& account, const std::vector<Made>& live, const std::string& literal) {
  std::multiset<const Subscription*> expected;
  std::set<std::string> queues;
  for (const Made& made : live) {
    if (wants(made.subject, literal)) {
      expected.insert(made.subscription);
      if (!made.queue.empty()) {
        queues.insert(made.queue);
      }
    }
  }
  const MatchResult& found = account.cache().find(account.index(), literal)->result;
  RC_ASSERT(flat(found) == expected);
  RC_ASSERT(found.queues.size() == queues.size());
}

void churn(bool cached) {
  Account account("A", cached, false);
  std::vector<Made> live;
  const std::size_t moves = *rc::gen::inRange<std::size_t>(1, 60);
  for (std::size_t move = 0; move < moves; ++move) {
    const int kind = *rc::gen::inRange(0, 4);
    if (kind == 0 && !live.empty()) {
      const std::size_t at = *rc::gen::inRange<std::size_t>(0, live.size());
      account.remove(live[at].subscription);
      Subscription::destroy(live[at].subscription);
      live.erase(live.begin() + static_cast<std::ptrdiff_t>(at));
    } else if (kind == 1) {
      const std::string pattern = *subject({"a", "b", "*", ">", "a*"});
      if (is_valid_subject(pattern)) {
        const std::string queue = *rc::gen::elementOf(std::vector<std::string>{"", "", "q", "r"});
        Subscription* made = Subscription::create(nullptr, pattern, queue, std::to_string(move));
        account.insert(made);
        live.push_back({made, pattern, queue});
      }
    } else {
      check(account, live, *subject({"a", "b", "c", "*", ">", "a*", ""}));
    }
  }
  for (const Made& made : live) {
    account.remove(made.subscription);
    Subscription::destroy(made.subscription);
  }
  RC_ASSERT(account.index().size() == 0U);
}

RC_GTEST_PROP(SubjectIndex, agrees_with_the_naive_matcher_through_the_cache, ()) { churn(true); }

RC_GTEST_PROP(SubjectIndex, agrees_with_the_naive_matcher_without_a_cache, ()) { churn(false); }

RC_GTEST_PROP(Subject, a_subset_matches_nothing_that_its_superset_does_not, ()) {
  const std::string inner = *subject({"a", "b", "*", ">"});
  const std::string outer = *subject({"a", "b", "*", ">"});
  const std::string literal = *subject({"a", "b", "c"});
  RC_PRE(is_valid_subject(inner) && is_valid_subject(outer));
  if (is_subset(inner, outer) && wants(inner, literal)) {
    RC_ASSERT(wants(outer, literal));
  }
  if (wants(inner, literal) && wants(outer, literal)) {
    RC_ASSERT(subjects_overlap(inner, outer));
  }
  RC_ASSERT(subject_matches(inner, literal) == wants(inner, literal));
}

}  // namespace
}  // namespace rubus::test
