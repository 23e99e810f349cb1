#include "sim/cluster/calm.h"

#include <algorithm>

namespace rubus::sim {

void Calm::disturb(std::uint32_t one, std::uint32_t other, Instant from, Instant to) {
  pairs_[one * nodes_ + other].disturbances.emplace_back(from, to);
  if (one != other) {
    pairs_[other * nodes_ + one].disturbances.emplace_back(from, to);
  }
  bump(one, other);
}

void Calm::disturb_node(std::uint32_t node, Instant from, Instant to) {
  for (std::uint32_t other = 0; other < nodes_; ++other) {
    disturb(node, other, from, to);
  }
}

void Calm::bump(std::uint32_t one, std::uint32_t other) {
  ++pairs_[one * nodes_ + other].generation;
  if (one != other) {
    ++pairs_[other * nodes_ + one].generation;
  }
}

Instant Calm::settled_after(Instant end) const {
  Instant settled = end + bound_;
  bool is_longer = true;
  while (is_longer) {
    is_longer = false;
    for (const auto& [from, to] : names_) {
      if (from < settled && to + bound_ > settled) {
        settled = to + bound_;
        is_longer = true;
      }
    }
  }
  return settled;
}

bool Calm::is_calm(std::uint32_t one, std::uint32_t other, Instant from, Instant to) const {
  const std::vector<std::pair<Instant, Instant>>& all = pairs_[one * nodes_ + other].disturbances;
  return std::none_of(all.begin(), all.end(), [&](const std::pair<Instant, Instant>& one_of) {
    return one_of.first <= to && settled_after(one_of.second) > from;
  });
}

Instant Calm::last_end() const {
  Instant last;
  for (const Pair& pair : pairs_) {
    for (const auto& [from, to] : pair.disturbances) {
      last = std::max(last, to);
    }
  }
  for (const auto& [from, to] : names_) {
    last = std::max(last, to);
  }
  return last;
}

}  // namespace rubus::sim
