// SortedMap, SortedSet: the only maps of the pure folders that may be iterated. Their order is the
// order of their keys, which are values, so every run and every machine sees the same order.
#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>

#include <functional>

namespace rubus {

template <class Key, class Value, class Before = std::less<>>
using SortedMap = absl::btree_map<Key, Value, Before>;

template <class Key>
using SortedSet = absl::btree_set<Key, std::less<>>;

}  // namespace rubus
