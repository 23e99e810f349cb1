// SimPipe: one direction of a TCP connection; SimLink: both.
//
// Bytes arrive in order, after a latency with jitter, cut into chunks as the link's split mode
// says. At most `socket_bytes` are on their way or waiting to be read; the sender then has to wait,
// which is how back-pressure and slow consumers come about. A stalled pipe holds everything back
// for a while; a vanished one (half-open) swallows bytes until it is full and never says so.
// A held pipe carries nothing until it is released (a partition); what was on its way then follows.
// Latency and cuts come from streams named after the link, so they do not depend on other links.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "engine/base/random.h"
#include "engine/base/time.h"
#include "sim/scenario.h"

namespace rubus::sim {

class SimPipe {
 public:
  SimPipe(const LinkShape& shape, std::uint64_t seed, std::string_view name);

  std::size_t space() const;
  // Takes at most space() bytes; returns how many.
  std::size_t send(Instant now, std::string_view bytes);
  // Nothing is sent after the end. The end takes no space.
  void send_end(Instant now);

  // When the next chunk arrives; never() if none is on its way.
  Instant next_arrival() const;
  // Moves what is due to the arrived chunks; true if there was something.
  bool arrive(Instant now);

  bool has_arrived() const { return !arrived_.empty(); }
  std::size_t arrived_bytes() const { return arrived_bytes_; }
  // The end is the last thing read.
  bool is_at_end() const { return arrived_.empty() && end_arrived_; }
  // Takes the first chunk, at most `most` bytes of it.
  std::string take(std::size_t most);

  void stall_until(Instant until) { stalled_until_ = std::max(stalled_until_, until); }
  void vanish() { has_vanished_ = true; }
  void hold() { is_held_ = true; }
  void release(Instant first_arrival) {
    is_held_ = false;
    stall_until(first_arrival);
  }
  // From now on everything takes that much longer.
  void set_extra_latency(Duration extra) { extra_latency_ = extra; }
  bool is_armed = false;  // the world has an event for next_arrival()

 private:
  struct Chunk {
    Instant at;
    std::string bytes;
    bool is_end = false;
  };

  Instant arrival_of_next(Instant now);
  std::size_t next_cut(std::size_t left);

  LinkShape shape_;
  RandomStream latency_;
  RandomStream cuts_;
  std::deque<Chunk> flight_;
  std::deque<std::string> arrived_;
  std::size_t flight_bytes_ = 0;
  std::size_t arrived_bytes_ = 0;
  Instant last_arrival_;
  Instant stalled_until_;
  bool end_arrived_ = false;
  bool has_vanished_ = false;
  bool is_held_ = false;
  Duration extra_latency_;
};

struct SimLink {
  SimLink(const LinkShape& shape, std::uint64_t seed, const std::string& name)
      : to_server(shape, seed, name + " to server"), to_client(shape, seed, name + " to client") {}
  SimPipe to_server;
  SimPipe to_client;
};

}  // namespace rubus::sim
