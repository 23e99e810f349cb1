// Agenda: what will happen in a world of many parts, by virtual time. Ties are broken by insertion
// number, so the order never depends on a container or an address.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "engine/base/time.h"

namespace rubus::sim {

class Agenda {
 public:
  void add(Instant at, std::function<void()> what);
  bool empty() const { return heap_.empty(); }
  Instant next() const { return heap_.front().at; }
  // Takes the first entry off; its time is next() as it was before.
  std::function<void()> take();

 private:
  struct Entry {
    Instant at;
    std::uint64_t number = 0;
    std::function<void()> what;
  };
  static bool is_later(const Entry& a, const Entry& b) {
    return a.at != b.at ? a.at > b.at : a.number > b.number;
  }

  std::vector<Entry> heap_;
  std::uint64_t added_ = 0;
};

}  // namespace rubus::sim
