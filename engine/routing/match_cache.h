// MatchCache: remembers what SubjectIndex::match said for recent subjects.
//
// Invariant: find() equals a fresh match at every moment. A literal subscription invalidates the
// entry of its own subject, a wildcard one all entries (by generation). Bounded: a subject may lie
// in one of `ways` places of its set; when they are taken, the oldest gives way and its memory
// serves the new one, so that requests with ever new inboxes allocate nothing. With `enabled` false
// every find() is a fresh match.
// An Entry pointer stays valid until epoch() changes, so a session may keep its last one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/routing/subject_index.h"

namespace rubus {

class MatchCache {
 public:
  static constexpr std::size_t ways = 4;
  static constexpr std::size_t sets = 1024;
  static constexpr std::size_t entries_max = ways * sets;

  struct Entry {
    std::string subject;
    MatchResult result;
    std::uint64_t wildcard_generation = 0;
    bool is_used = false;
  };

  explicit MatchCache(bool enabled) : enabled_(enabled) {}

  // The entry stays valid until the next change of the index or the next find() of another
  // subject, whichever epoch() reports.
  const Entry* find(const SubjectIndex& index, std::string_view subject);

  // To be told before a subscription enters or leaves the index.
  void on_change(std::string_view subject, bool is_wildcard);

  std::uint64_t epoch() const { return epoch_; }
  std::size_t size() const { return size_; }
  std::uint64_t lookups() const { return lookups_; }
  std::uint64_t hits() const { return hits_; }
  // Over the remembered results: their sizes together, and the largest. Walks all of them.
  std::uint64_t fanout_sum() const;
  std::uint64_t fanout_max() const;
  void count_hit() {
    ++lookups_;
    ++hits_;
  }

 private:
  struct Place {
    std::uint64_t hash = 0;
    std::unique_ptr<Entry> entry;  // stays when its subject leaves
  };
  struct Set {
    std::array<Place, ways> places;
    std::size_t oldest = 0;
  };

  Entry* known(std::string_view subject, std::uint64_t hash) const;
  Entry* make_room(std::uint64_t hash);

  bool enabled_;
  std::vector<Set> table_;  // empty until the first find()
  Entry uncached_;
  std::uint64_t epoch_ = 1;
  std::size_t size_ = 0;
  std::uint64_t lookups_ = 0;
  std::uint64_t hits_ = 0;
};

}  // namespace rubus
