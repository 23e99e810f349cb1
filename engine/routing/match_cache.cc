#include "engine/routing/match_cache.h"

#include <algorithm>

namespace rubus {

const MatchCache::Entry* MatchCache::find(const SubjectIndex& index, std::string_view subject) {
  ++lookups_;
  if (!enabled_) {
    ++epoch_;
    uncached_.result.clear();
    uncached_.subject.assign(subject);
    index.match(subject, uncached_.result);
    return &uncached_;
  }
  if (std::unique_ptr<Entry>* found = entries_.find(subject); found != nullptr) {
    Entry& entry = **found;
    if (entry.wildcard_generation == index.wildcard_generation()) {
      ++hits_;
      return &entry;
    }
    fanout_sum_ -= entry.result.fanout();
    entry.result.clear();
    entry.wildcard_generation = index.wildcard_generation();
    index.match(subject, entry.result);
    count_fanout(entry.result);
    return &entry;
  }
  if (entries_.size() >= entries_max) {
    entries_.clear();
    fanout_sum_ = 0;
    fanout_max_ = 0;
    ++epoch_;
  }
  std::unique_ptr<Entry> made = std::make_unique<Entry>();
  made->subject.assign(subject);
  made->wildcard_generation = index.wildcard_generation();
  index.match(subject, made->result);
  count_fanout(made->result);
  const Entry* entry = made.get();
  entries_.insert(std::string(subject), std::move(made));
  return entry;
}

void MatchCache::on_change(std::string_view subject, bool is_wildcard) {
  ++epoch_;
  if (is_wildcard) {
    return;
  }
  if (const std::unique_ptr<Entry>* found = entries_.find(subject); found != nullptr) {
    fanout_sum_ -= (*found)->result.fanout();
    entries_.erase(subject);
  }
}

void MatchCache::count_fanout(const MatchResult& result) {
  fanout_sum_ += result.fanout();
  fanout_max_ = std::max<std::uint64_t>(fanout_max_, result.fanout());
}

}  // namespace rubus
