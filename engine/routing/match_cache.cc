#include "engine/routing/match_cache.h"

#include <algorithm>

#include "engine/base/checksum.h"

namespace rubus {

namespace {

// What an entry keeps for its next subject; more is given back.
constexpr std::size_t kept_subject_bytes = 256;
constexpr std::size_t kept_fanout = 64;

void match_anew(const SubjectIndex& index, MatchCache::Entry& entry) {
  entry.result.clear();
  entry.wildcard_generation = index.wildcard_generation();
  index.match(entry.subject, entry.result);
}

}  // namespace

MatchCache::Entry* MatchCache::known(std::string_view subject, std::uint64_t hash) const {
  if (table_.empty()) {
    return nullptr;
  }
  for (const Place& place : table_[hash % sets].places) {
    if (place.entry != nullptr && place.hash == hash && place.entry->is_used &&
        place.entry->subject == subject) {
      return place.entry.get();
    }
  }
  return nullptr;
}

const MatchCache::Entry* MatchCache::find(const SubjectIndex& index, std::string_view subject) {
  ++lookups_;
  if (!enabled_) {
    ++epoch_;
    uncached_.subject.assign(subject);
    match_anew(index, uncached_);
    return &uncached_;
  }
  const std::uint64_t hash = hash_of(subject);
  Entry* entry = known(subject, hash);
  if (entry != nullptr) {
    if (entry->wildcard_generation == index.wildcard_generation()) {
      ++hits_;
    } else {
      match_anew(index, *entry);
    }
    return entry;
  }
  entry = make_room(hash);
  entry->subject.assign(subject);
  entry->is_used = true;
  ++size_;
  match_anew(index, *entry);
  return entry;
}

// An unused entry in the set of `hash`: a free one, or the one that was made longest ago.
MatchCache::Entry* MatchCache::make_room(std::uint64_t hash) {
  if (table_.empty()) {
    table_.resize(sets);
  }
  Set& set = table_[hash % sets];
  Place* chosen = nullptr;
  for (Place& place : set.places) {
    if (chosen == nullptr && (place.entry == nullptr || !place.entry->is_used)) {
      chosen = &place;
    }
  }
  if (chosen == nullptr) {
    chosen = &set.places[set.oldest];
    set.oldest = (set.oldest + 1) % ways;
    ++epoch_;
    --size_;
  }
  chosen->hash = hash;
  if (chosen->entry == nullptr) {
    chosen->entry = std::make_unique<Entry>();
  }
  Entry& entry = *chosen->entry;
  if (entry.subject.capacity() > kept_subject_bytes) {
    entry.subject = {};
  }
  if (entry.result.plain.capacity() > kept_fanout) {
    entry.result.plain = {};
  }
  return &entry;
}

void MatchCache::on_change(std::string_view subject, bool is_wildcard) {
  ++epoch_;
  if (is_wildcard || !enabled_) {
    return;
  }
  if (Entry* const entry = known(subject, hash_of(subject)); entry != nullptr) {
    entry->is_used = false;
    --size_;
  }
}

std::uint64_t MatchCache::fanout_sum() const {
  std::uint64_t sum = 0;
  for (const Set& set : table_) {
    for (const Place& place : set.places) {
      if (place.entry != nullptr && place.entry->is_used) {
        sum += place.entry->result.fanout();
      }
    }
  }
  return sum;
}

std::uint64_t MatchCache::fanout_max() const {
  std::uint64_t largest = 0;
  for (const Set& set : table_) {
    for (const Place& place : set.places) {
      if (place.entry != nullptr && place.entry->is_used) {
        largest = std::max<std::uint64_t>(largest, place.entry->result.fanout());
      }
    }
  }
  return largest;
}

}  // namespace rubus
