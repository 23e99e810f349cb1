// Calm: when the path between two nodes was undisturbed, as far as a model may rely on it.
//
// A disturbance is an interval of virtual time of a pair of nodes (or of one node: the pair with
// itself). It counts until `bound` after its end: by then the servers must have found each other
// and told each other their interest. Trouble with names prolongs the disturbances it meets.
// `generation` changes whenever something may have made a message overtake another.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/base/time.h"

namespace rubus::sim {

class Calm {
 public:
  Calm(std::size_t nodes, Duration bound) : nodes_(nodes), bound_(bound), pairs_(nodes * nodes) {}

  void disturb(std::uint32_t one, std::uint32_t other, Instant from, Instant to);
  // All pairs of `node`, and the node itself.
  void disturb_node(std::uint32_t node, Instant from, Instant to);
  void disturb_names(Instant from, Instant to) { names_.emplace_back(from, to); }
  void bump(std::uint32_t one, std::uint32_t other);

  // Undisturbed, and long enough after the last disturbance, all the time.
  bool is_calm(std::uint32_t one, std::uint32_t other, Instant from, Instant to) const;
  std::uint64_t generation(std::uint32_t one, std::uint32_t other) const {
    return pairs_[one * nodes_ + other].generation;
  }
  Duration bound() const { return bound_; }
  // The end of the last disturbance of all, without the bound.
  Instant last_end() const;

 private:
  struct Pair {
    std::vector<std::pair<Instant, Instant>> disturbances;
    std::uint64_t generation = 0;
  };
  Instant settled_after(Instant end) const;

  std::size_t nodes_;
  Duration bound_;
  std::vector<Pair> pairs_;
  std::vector<std::pair<Instant, Instant>> names_;
};

}  // namespace rubus::sim
