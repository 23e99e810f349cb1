// Wire: what every connection of a shard has, whatever is spoken on it: its outbound bytes, its
// keepalive, its timers, its traffic counts.
//
// It queues bytes and tells the shell once per step that there are some; it knows when a receiver
// is slow (too many bytes wait, or none left within the write deadline) but closes nothing: the
// session that owns it decides what that means. Invariant: at most one timer of a kind is armed,
// and none outlives the wire.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/base/byte_queue.h"
#include "engine/base/ids.h"
#include "engine/base/timer_queue.h"
#include "engine/client/keepalive.h"
#include "engine/engine_context.h"
#include "engine/monitor/counters.h"

namespace rubus {

enum class WriteVerdict : std::uint8_t { fine, slow };

class Wire {
 public:
  // Up to here a payload is copied behind its header; above, its block is referenced. A reference
  // saves a copy but costs the kernel two pieces per message: at 1 KiB copying gave 1.3 times the
  // deliveries of 1:8 and queue 1:4 per CPU-second, 1.1 of fan-in, 0.8 of 1:1 (rubus-load, x86-64).
  static constexpr std::size_t inline_body_max = 2048;
  // A queue up to here drains within a few writes; what it references is soon let go.
  static constexpr std::size_t pinning_queue_max = std::size_t{256} << 10U;

  Wire(EngineContext& context, ConnectionId id);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  ConnectionId id() const { return id_; }

  // Bytes out. reserve() gives contiguous room at the tail; commit() says how much was written.
  void send(std::string_view bytes);
  char* reserve(std::size_t bytes) {
    if (outbound_.empty()) {
      begin_waiting();
    }
    return outbound_.reserve(context_.pool, bytes);
  }
  void commit(std::size_t bytes) { outbound_.commit(bytes); }
  void append_slice(const Slice& slice) { outbound_.append_slice(slice); }
  // Whether a payload is to be copied behind its header rather than referenced. Pin rule: behind a
  // receiver that reads slowly a small part must not keep a large block.
  bool copies(std::size_t body_size, const Slice& source) const {
    return body_size <= inline_body_max ||
           (outbound_.size() > pinning_queue_max && body_size * 8 < source.block_capacity());
  }
  // To be called behind commit() and append_slice(): tells the shell, watches the deadline.
  void touch() {
    if (!is_touched_) {
      is_touched_ = true;
      context_.output->sendable.push_back(id_);
    }
    if (!is_armed(TimerKind::write_deadline)) [[unlikely]] {
      arm(TimerKind::write_deadline, write_deadline);
    }
  }
  void after_step() { is_touched_ = false; }
  void on_sent(std::uint64_t count);
  void clear() { outbound_.clear(); }
  const ByteQueue& outbound() const { return outbound_; }

  // More than max_pending waits.
  bool is_overfull() const {
    return static_cast<std::int64_t>(outbound_.size()) > context_.options->limits.max_pending;
  }
  // Of the write timer: slow, or looked at again later.
  WriteVerdict on_write_timer();

  void arm(TimerKind kind, Duration delay);
  void arm_ping(Duration interval);
  void disarm(TimerKind kind);
  void disarm_all();
  bool is_armed(TimerKind kind) const {
    return deadlines_[static_cast<std::size_t>(kind)] != Instant::never();
  }
  // To be called first when a timer of this connection fires.
  void note_fired(const Timer& timer);

  Keepalive keepalive;
  Traffic traffic;
  Duration write_deadline = seconds(10);

  template <class V>
  void visit(V& v) const {
    v("slot", id_.slot);
    v("generation", id_.generation);
    v("outbound", outbound_.size());
    v("in_messages", traffic.in_messages);
    v("in_bytes", traffic.in_bytes);
    v("out_messages", traffic.out_messages);
    v("out_bytes", traffic.out_bytes);
    keepalive.visit(v);
  }

 private:
  // An empty queue waits for nobody: the write deadline counts from its first byte.
  void begin_waiting();

  EngineContext& context_;
  const ConnectionId id_;
  ByteQueue outbound_;
  bool is_touched_ = false;
  Instant waiting_since_;                       // since the first byte, or the last progress
  std::uint64_t sent_total_ = 0;                // bytes that left, since the start
  std::uint64_t write_goal_ = 0;                // reaching it counts as progress
  std::array<Instant, timer_kinds> deadlines_;  // by TimerKind; never() when not armed
};

}  // namespace rubus
