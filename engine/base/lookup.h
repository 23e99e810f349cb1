// LookupMap, LookupSet: hash tables that can be asked but not walked.
//
// Abseil's tables salt their order with an address even under a fixed hash function, so iteration
// would leak the address into decisions; here begin() and end() do not exist. The hash is fixed
// (XXH3 for text), never Abseil's default, which is seeded by an address.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/checksum.h"

namespace rubus {

struct FixedHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return hash_of(text); }
  std::size_t operator()(std::uint64_t value) const { return hash_of(value); }
};

struct FixedEqual {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return a == b; }
  bool operator()(std::uint64_t a, std::uint64_t b) const { return a == b; }
};

template <class Key, class Value, class Hash = FixedHash, class Equal = FixedEqual>
class LookupMap {
 public:
  template <class Asked>
  Value* find(const Asked& key) {
    const auto found = table_.find(key);
    return found == table_.end() ? nullptr : &found->second;
  }
  template <class Asked>
  const Value* find(const Asked& key) const {
    const auto found = table_.find(key);
    return found == table_.end() ? nullptr : &found->second;
  }
  // Returns the value and whether it is new.
  template <class Made>
  std::pair<Value*, bool> insert(Made&& key, Value value) {
    const auto [place, added] = table_.try_emplace(std::forward<Made>(key), std::move(value));
    return {&place->second, added};
  }
  template <class Asked>
  bool erase(const Asked& key) {
    const auto found = table_.find(key);
    if (found == table_.end()) {
      return false;
    }
    table_.erase(found);
    return true;
  }
  void clear() { table_ = {}; }
  std::size_t size() const { return table_.size(); }
  bool empty() const { return table_.empty(); }

 private:
  absl::flat_hash_map<Key, Value, Hash, Equal> table_;
};

template <class Key, class Hash, class Equal>
class LookupSet {
 public:
  template <class Asked>
  const Key* find(const Asked& key) const {
    const auto found = table_.find(key);
    return found == table_.end() ? nullptr : &*found;
  }
  bool insert(Key key) { return table_.insert(std::move(key)).second; }
  template <class Asked>
  bool erase(const Asked& key) {
    const auto found = table_.find(key);
    if (found == table_.end()) {
      return false;
    }
    table_.erase(found);
    return true;
  }
  std::size_t size() const { return table_.size(); }
  bool empty() const { return table_.empty(); }

 private:
  absl::flat_hash_set<Key, Hash, Equal> table_;
};

}  // namespace rubus
