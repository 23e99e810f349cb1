// MatchCache: remembers what SubjectIndex::match said for recent subjects.
//
// Invariant: find() equals a fresh match at every moment. A literal subscription invalidates the
// entry of its own subject, a wildcard one all entries (by generation). Bounded: at `entries_max`
// the cache starts anew. With `enabled` false every find() is a fresh match.
// An Entry pointer stays valid until epoch() changes, so a session may keep its last one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/lookup.h"
#include "engine/routing/subject_index.h"

namespace rubus {

class MatchCache {
 public:
  static constexpr std::size_t entries_max = 4096;

  struct Entry {
    std::string subject;
    MatchResult result;
    std::uint64_t wildcard_generation = 0;
  };

  explicit MatchCache(bool enabled) : enabled_(enabled) {}

  // The entry stays valid until the next change of the index or the next find() of another
  // subject, whichever epoch() reports.
  const Entry* find(const SubjectIndex& index, std::string_view subject);

  // To be told before a subscription enters or leaves the index.
  void on_change(std::string_view subject, bool is_wildcard);

  std::uint64_t epoch() const { return epoch_; }
  std::size_t size() const { return entries_.size(); }
  std::uint64_t lookups() const { return lookups_; }
  std::uint64_t hits() const { return hits_; }
  // Over the remembered results: their sizes together, and the largest since the cache began anew.
  std::uint64_t fanout_sum() const { return fanout_sum_; }
  std::uint64_t fanout_max() const { return fanout_max_; }
  void count_hit() {
    ++lookups_;
    ++hits_;
  }

 private:
  void count_fanout(const MatchResult& result);

  bool enabled_;
  LookupMap<std::string, std::unique_ptr<Entry>> entries_;
  Entry uncached_;
  std::uint64_t epoch_ = 1;
  std::uint64_t lookups_ = 0;
  std::uint64_t hits_ = 0;
  std::uint64_t fanout_sum_ = 0;
  std::uint64_t fanout_max_ = 0;
};

}  // namespace rubus
