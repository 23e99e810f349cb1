#include "sim/event_queue.h"

#include <algorithm>

#include "engine/base/ensure.h"

namespace rubus::sim {

namespace {

bool is_later(const Event& a, const Event& b) {
  return a.at != b.at ? a.at > b.at : a.number > b.number;
}

}  // namespace

void EventQueue::push(Event event) {
  event.number = ++pushed_;
  heap_.push_back(event);
  std::push_heap(heap_.begin(), heap_.end(), is_later);
}

Event EventQueue::pop() {
  ensure(!heap_.empty(), "something is left to happen");
  std::pop_heap(heap_.begin(), heap_.end(), is_later);
  const Event event = heap_.back();
  heap_.pop_back();
  return event;
}

}  // namespace rubus::sim
