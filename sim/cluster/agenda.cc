#include "sim/cluster/agenda.h"

#include <algorithm>

namespace rubus::sim {

void Agenda::add(Instant at, std::function<void()> what) {
  heap_.push_back({at, ++added_, std::move(what)});
  std::push_heap(heap_.begin(), heap_.end(), is_later);
}

std::function<void()> Agenda::take() {
  std::pop_heap(heap_.begin(), heap_.end(), is_later);
  std::function<void()> what = std::move(heap_.back().what);
  heap_.pop_back();
  return what;
}

}  // namespace rubus::sim
