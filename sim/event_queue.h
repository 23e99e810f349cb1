// EventQueue: what will happen in the world, by virtual time; ties are broken by insertion number,
// so the order never depends on a container or an address.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/time.h"

namespace rubus::sim {

enum class EventKind : std::uint8_t {
  step,            // detail: index of the scenario step
  server_arrival,  // bytes or an end reach the server's socket of `client`
  client_arrival,  // bytes or an end reach the client
  turn,            // the server's shell hands over what it has collected
  wake,            // the server asked to be stepped; detail: which request
  job,             // detail: index of the job
  restart,         // the server process comes back
};

struct Event {
  Instant at;
  std::uint64_t number = 0;  // set by the queue
  EventKind kind = EventKind::step;
  std::uint32_t client = 0;
  std::uint64_t detail = 0;
};

class EventQueue {
 public:
  void push(Event event);
  bool empty() const { return heap_.empty(); }
  const Event& top() const { return heap_.front(); }
  Event pop();

 private:
  std::vector<Event> heap_;
  std::uint64_t pushed_ = 0;
};

}  // namespace rubus::sim
