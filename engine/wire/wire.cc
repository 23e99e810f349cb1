#include "engine/wire/wire.h"

#include <algorithm>

#include "engine/base/ensure.h"

namespace rubus {

namespace {

constexpr std::uint64_t progress_min = std::uint64_t{64} << 10U;

}  // namespace

Wire::Wire(EngineContext& context, ConnectionId id)
    : keepalive(context.now), context_(context), id_(id), waiting_since_(context.now) {
  deadlines_.fill(Instant::never());
}

Wire::~Wire() { disarm_all(); }

void Wire::send(std::string_view bytes) {
  if (outbound_.empty()) {
    begin_waiting();
  }
  outbound_.append(context_.pool, bytes);
  touch();
}

void Wire::on_sent(std::uint64_t count) {
  outbound_.consume(count);
  sent_total_ += count;
  if (sent_total_ >= write_goal_) {
    begin_waiting();
  }
}

void Wire::begin_waiting() {
  waiting_since_ = context_.now;
  write_goal_ = sent_total_ + progress_min;
}

// Slow is who takes less than `progress_min` bytes, and less than all that waits, within the
// deadline. Why not any progress: a byte now and then would hold a full queue for ever.
WriteVerdict Wire::on_write_timer() {
  if (outbound_.empty()) {
    return WriteVerdict::fine;
  }
  const Duration waited = context_.now - waiting_since_;
  if (waited < write_deadline) {
    arm(TimerKind::write_deadline, {write_deadline.nanoseconds - waited.nanoseconds});
    return WriteVerdict::fine;
  }
  return WriteVerdict::slow;
}

void Wire::arm(TimerKind kind, Duration delay) {
  disarm(kind);
  const Instant deadline = context_.now + delay;
  deadlines_[static_cast<std::size_t>(kind)] = deadline;
  context_.timers.arm({deadline, id_, kind});
}

// Why a bound: a zero or negative interval must not ping without end within one step.
void Wire::arm_ping(Duration interval) {
  arm(TimerKind::ping, std::max(interval, milliseconds(1)));
}

void Wire::disarm(TimerKind kind) {
  Instant& armed = deadlines_[static_cast<std::size_t>(kind)];
  if (armed != Instant::never()) {
    context_.timers.disarm({armed, id_, kind});
    armed = Instant::never();
  }
}

void Wire::disarm_all() {
  for (std::size_t kind = 0; kind < deadlines_.size(); ++kind) {
    disarm(static_cast<TimerKind>(kind));
  }
}

void Wire::note_fired(const Timer& timer) {
  Instant& armed = deadlines_[static_cast<std::size_t>(timer.kind)];
  ensure(armed == timer.deadline, "a timer fires at the deadline it was armed for");
  armed = Instant::never();
}

}  // namespace rubus
