#include "sim/sim_link.h"

#include <algorithm>

#include "engine/base/ensure.h"

namespace rubus::sim {

namespace {

constexpr std::size_t random_cut_max = 48;        // small enough to fall into every kind of line
constexpr std::size_t segment_bytes = 16384;      // a whole write still arrives in such pieces
constexpr std::size_t byte_mode_bytes_max = 512;  // beyond, byte by byte would only cost time

}  // namespace

SimPipe::SimPipe(const LinkShape& shape, std::uint64_t seed, std::string_view name)
    : shape_(shape),
      latency_(seed, std::string("latency ").append(name)),
      cuts_(seed, std::string("cuts ").append(name)) {}

std::size_t SimPipe::space() const {
  const std::size_t used = flight_bytes_ + arrived_bytes_;
  const std::size_t most = static_cast<std::size_t>(shape_.socket_bytes);
  return used >= most ? 0 : most - used;
}

Instant SimPipe::arrival_of_next(Instant now) {
  Instant at = now + microseconds(shape_.latency_us) + extra_latency_;
  if (shape_.jitter_us > 0) {
    const std::uint64_t jitter_us =
        latency_.below(static_cast<std::uint64_t>(shape_.jitter_us) + 1);
    at = at + microseconds(static_cast<std::int64_t>(jitter_us));
  }
  last_arrival_ = std::max(last_arrival_, at);
  return last_arrival_;
}

std::size_t SimPipe::next_cut(std::size_t left) {
  switch (shape_.split) {
    case SplitMode::whole:
      return std::min(left, segment_bytes);
    case SplitMode::random:
      return std::min<std::size_t>(left, 1 + cuts_.below(random_cut_max));
    case SplitMode::byte:
      return left > byte_mode_bytes_max ? left - byte_mode_bytes_max : 1;
  }
  return left;
}

std::size_t SimPipe::send(Instant now, std::string_view bytes) {
  const std::size_t accepted = std::min(bytes.size(), space());
  std::string_view left = bytes.substr(0, accepted);
  while (!left.empty()) {
    const std::size_t size = next_cut(left.size());
    flight_.push_back({arrival_of_next(now), std::string(left.substr(0, size)), false});
    left.remove_prefix(size);
  }
  flight_bytes_ += accepted;
  return accepted;
}

void SimPipe::send_end(Instant now) { flight_.push_back({arrival_of_next(now), {}, true}); }

Instant SimPipe::next_arrival() const {
  if (flight_.empty() || has_vanished_ || is_held_) {
    return Instant::never();
  }
  return std::max(flight_.front().at, stalled_until_);
}

bool SimPipe::arrive(Instant now) {
  bool is_news = false;
  while (!flight_.empty() && next_arrival() <= now) {
    Chunk& chunk = flight_.front();
    if (chunk.is_end) {
      end_arrived_ = true;
    } else {
      flight_bytes_ -= chunk.bytes.size();
      arrived_bytes_ += chunk.bytes.size();
      arrived_.push_back(std::move(chunk.bytes));
    }
    flight_.pop_front();
    is_news = true;
  }
  return is_news;
}

std::string SimPipe::take(std::size_t most) {
  ensure(!arrived_.empty() && most > 0, "only what has arrived is read");
  std::string& first = arrived_.front();
  std::string taken;
  if (first.size() <= most) {
    taken = std::move(first);
    arrived_.pop_front();
  } else {
    taken = first.substr(0, most);
    first.erase(0, most);
  }
  arrived_bytes_ -= taken.size();
  return taken;
}

}  // namespace rubus::sim
