// order_stably(): sorts a short list and keeps equals as they came.
//
// By insertion, in place: std::stable_sort asks the heap for room without saying so when there is
// none, which the purity fences refuse. Quadratic; for lists of a configuration.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace rubus {

template <class T, class Before>
void order_stably(std::vector<T>& values, const Before& is_before) {
  for (std::size_t at = 1; at < values.size(); ++at) {
    for (std::size_t to = at; to > 0 && is_before(values[to], values[to - 1]); --to) {
      std::swap(values[to], values[to - 1]);
    }
  }
}

}  // namespace rubus
