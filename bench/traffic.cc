#include "bench/traffic.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <limits>

#include "bench/interest.h"
#include "bench/stopwatch.h"

namespace rubus::load {

namespace {

// With a digit behind it where every publisher has its own; all are of one length then.
constexpr std::string_view common_subject = "load.test";
// Nothing sent and nothing received for this long ends a phase.
constexpr std::int64_t stall_limit = 5 * nanoseconds_per_second;
constexpr std::uint64_t window_messages_min = 64;

std::string build_frame(const std::string& subject, std::size_t payload_bytes) {
  std::string frame = "PUB " + subject + " " + std::to_string(payload_bytes) + "\r\n";
  for (std::size_t i = 0; i < payload_bytes; ++i) {
    frame += static_cast<char>('a' + i % 26);
  }
  return frame + "\r\n";
}

}  // namespace

Traffic::Traffic(const Shape& shape, const TrafficOptions& options)
    : shape_(shape), options_(options) {
  frame_bytes_ = build_frame(subject_of(0), options.payload_bytes).size();
  window_messages_ = std::max<std::uint64_t>(
      options.window_bytes / std::max<std::size_t>(options.payload_bytes, 1), window_messages_min);
}

std::string Traffic::subject_of(std::size_t index) const {
  return std::string(common_subject) + (shape_.own_subjects ? std::to_string(index) : "");
}

Failure Traffic::open(std::uint16_t publisher_port,
                      const std::vector<std::uint16_t>& subscriber_ports) {
  for (std::uint32_t i = 0; i < shape_.subscribers; ++i) {
    if (Failure failure = open_subscriber(subscriber_ports[i % subscriber_ports.size()])) {
      return failure;
    }
  }
  for (std::uint32_t i = 0; i < shape_.publishers; ++i) {
    if (Failure failure = open_publisher(publisher_port)) {
      return failure;
    }
  }
  for (Publisher& publisher : publishers_) {
    for (std::size_t i = 0; i < subscribers_.size(); ++i) {
      if (subscriber_ports[i % subscriber_ports.size()] == publisher_port) {
        continue;  // the PONG of its SUB has said so
      }
      if (Failure failure = wait_for_interest(subscribers_[i].connection, publisher.connection)) {
        return failure;
      }
    }
  }
  for (Publisher& publisher : publishers_) {
    if (Failure failure = publisher.connection.go_nonblocking()) {
      return failure;
    }
  }
  for (Subscriber& subscriber : subscribers_) {
    if (Failure failure = subscriber.connection.go_nonblocking()) {
      return failure;
    }
  }
  return std::nullopt;
}

Failure Traffic::open_subscriber(std::uint16_t port) {
  Subscriber subscriber;
  subscriber.counter = FrameCounter(options_.read_bytes);
  subscriber.counter.expect_payload_bytes(options_.payload_bytes);
  if (Failure failure = subscriber.connection.open(port)) {
    return failure;
  }
  const std::string group = shape_.queue_group ? "workers " : "";
  const std::string line = "SUB " + subject_of(subscribers_.size()) + " " + group + "1\r\n";
  if (Failure failure = subscriber.connection.send_and_sync(line)) {
    return failure;
  }
  subscribers_.push_back(std::move(subscriber));
  return std::nullopt;
}

Failure Traffic::open_publisher(std::uint16_t port) {
  Publisher publisher;
  const std::string frame = build_frame(subject_of(publishers_.size()), options_.payload_bytes);
  do {
    publisher.block += frame;
  } while (publisher.block.size() + frame.size() <= options_.write_bytes);
  if (Failure failure = publisher.connection.open(port)) {
    return failure;
  }
  publishers_.push_back(std::move(publisher));
  return std::nullopt;
}

Failure Traffic::run_phase(double seconds, std::uint64_t messages, PhaseResult& result) {
  const std::uint64_t delivered_before = delivered();
  const std::uint64_t published_before = published();
  begin_phase(messages);
  const std::int64_t started = monotonic_now();
  const std::int64_t deadline = started + from_seconds(seconds);
  std::int64_t moved_at = started;
  std::uint64_t moved = bytes_moved_;
  bool is_ending = false;
  while (!is_over()) {
    if (Failure failure = turn()) {
      return failure;
    }
    const std::int64_t now = monotonic_now();
    if (now >= deadline && !is_ending) {
      end_publishing();
      is_ending = true;
    }
    if (bytes_moved_ != moved) {
      moved = bytes_moved_;
      moved_at = now;
    } else if (now - moved_at > stall_limit) {
      return "nothing moved for 5 s: published " + std::to_string(published()) + ", due " +
             std::to_string(due()) + ", delivered " + std::to_string(delivered());
    }
  }
  result.wall_time = monotonic_now() - started;
  result.published = published() - published_before;
  result.delivered = delivered() - delivered_before;
  for (Publisher& publisher : publishers_) {
    publisher.sent_before += publisher.sent_bytes / frame_bytes_;
    publisher.sent_bytes = 0;
  }
  return complain_unless_exact();
}

Failure Traffic::confirm() {
  for (Subscriber& subscriber : subscribers_) {
    const std::uint64_t pongs_due = subscriber.counter.pongs() + 1;
    if (Failure failure = subscriber.connection.send_all("PING\r\n")) {
      return failure;
    }
    while (subscriber.counter.pongs() < pongs_due) {
      pollfd entry{subscriber.connection.fd(), POLLIN, 0};
      if (::poll(&entry, 1, 5000) != 1) {
        return "a subscriber's PING is not answered";
      }
      if (Failure failure = receive(subscriber.connection, subscriber.counter)) {
        return failure;
      }
    }
  }
  return complain_unless_exact();
}

Failure Traffic::complain_unless_exact() const {
  if (delivered() == due()) {
    return std::nullopt;
  }
  return "due " + std::to_string(due()) + " deliveries, received " + std::to_string(delivered());
}

void Traffic::begin_phase(std::uint64_t messages) {
  for (Publisher& publisher : publishers_) {
    publisher.sent_bytes = 0;
    publisher.limit_bytes =
        messages == 0 ? std::numeric_limits<std::uint64_t>::max() : messages * frame_bytes_;
    publisher.tail.clear();
    publisher.tail_is_built = false;
    publisher.pongs_due = publisher.counter.pongs() + 1;
  }
}

// The frame that is on its way is finished, no other is begun.
void Traffic::end_publishing() {
  for (Publisher& publisher : publishers_) {
    const std::uint64_t frames = (publisher.sent_bytes + frame_bytes_ - 1) / frame_bytes_;
    publisher.limit_bytes = std::min(publisher.limit_bytes, frames * frame_bytes_);
  }
}

Failure Traffic::turn() {
  fill_poll_entries();
  if (::poll(entries_.data(), entries_.size(), 100) < 0 && errno != EINTR) {
    return system_failure("poll");
  }
  std::size_t at = 0;
  for (Subscriber& subscriber : subscribers_) {
    if (entries_[at++].revents != 0) {
      if (Failure failure = receive(subscriber.connection, subscriber.counter)) {
        return failure;
      }
      if (Failure failure = answer_pings(subscriber)) {
        return failure;
      }
    }
  }
  for (Publisher& publisher : publishers_) {
    const short seen = entries_[at++].revents;
    if ((seen & (POLLIN | POLLERR | POLLHUP)) != 0) {
      if (Failure failure = receive(publisher.connection, publisher.counter)) {
        return failure;
      }
    }
    if ((seen & POLLOUT) != 0) {
      if (Failure failure = send_frames(publisher)) {
        return failure;
      }
    }
  }
  return std::nullopt;
}

void Traffic::fill_poll_entries() {
  entries_.clear();
  for (const Subscriber& subscriber : subscribers_) {
    entries_.push_back({subscriber.connection.fd(), POLLIN, 0});
  }
  for (std::size_t i = 0; i < publishers_.size(); ++i) {
    const Publisher& publisher = publishers_[i];
    const bool is_mid_frame = publisher.sent_bytes % frame_bytes_ != 0;
    const bool has_frames = publisher.sent_bytes < publisher.limit_bytes;
    const bool has_tail = !publisher.tail_is_built || !publisher.tail.empty();
    const bool may_send = has_frames ? (is_mid_frame || is_window_open(i)) : has_tail;
    entries_.push_back(
        {publisher.connection.fd(), static_cast<short>(may_send ? POLLIN | POLLOUT : POLLIN), 0});
  }
}

Failure Traffic::send_frames(Publisher& publisher) {
  if (publisher.sent_bytes >= publisher.limit_bytes) {
    return send_tail(publisher);
  }
  const std::size_t offset =
      static_cast<std::size_t>(publisher.sent_bytes % publisher.block.size());
  std::uint64_t room = publisher.limit_bytes - publisher.sent_bytes;
  room = std::min<std::uint64_t>(room, options_.write_bytes);
  std::array<iovec, 2> pieces{};
  const std::size_t first =
      static_cast<std::size_t>(std::min<std::uint64_t>(room, publisher.block.size() - offset));
  const std::size_t second =
      static_cast<std::size_t>(std::min<std::uint64_t>(room - first, publisher.block.size()));
  pieces[0] = {publisher.block.data() + offset, first};
  pieces[1] = {publisher.block.data(), second};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = second == 0 ? 1 : 2;
  const ssize_t sent = ::sendmsg(publisher.connection.fd(), &message, MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno == EAGAIN || errno == EINTR) {
      return std::nullopt;
    }
    return system_failure("cannot publish");
  }
  publisher.sent_bytes += static_cast<std::uint64_t>(sent);
  bytes_moved_ += static_cast<std::uint64_t>(sent);
  return std::nullopt;
}

// Answers to the server's PINGs wait for the end of the phase: between frames is the only place
// for them, and no server gives up on a client within one phase.
Failure Traffic::send_tail(Publisher& publisher) {
  if (!publisher.tail_is_built) {
    for (; publisher.pongs_sent < publisher.counter.pings(); ++publisher.pongs_sent) {
      publisher.tail += "PONG\r\n";
    }
    publisher.tail += "PING\r\n";
    publisher.tail_is_built = true;
  }
  const ssize_t sent =
      ::send(publisher.connection.fd(), publisher.tail.data(), publisher.tail.size(), MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno == EAGAIN || errno == EINTR) {
      return std::nullopt;
    }
    return system_failure("cannot send PING");
  }
  publisher.tail.erase(0, static_cast<std::size_t>(sent));
  bytes_moved_ += static_cast<std::uint64_t>(sent);
  return std::nullopt;
}

Failure Traffic::receive(const Connection& connection, FrameCounter& counter) {
  const std::span<char> space = counter.space();
  const ssize_t count = ::recv(connection.fd(), space.data(), space.size(), 0);
  if (count == 0) {
    return "the server closed a connection; delivered " + std::to_string(delivered()) + " of " +
           std::to_string(due());
  }
  if (count < 0) {
    if (errno == EAGAIN || errno == EINTR) {
      return std::nullopt;
    }
    return system_failure("cannot receive");
  }
  bytes_moved_ += static_cast<std::uint64_t>(count);
  if (!counter.received(static_cast<std::size_t>(count))) {
    return "the server sent: " + counter.complaint();
  }
  return std::nullopt;
}

Failure Traffic::answer_pings(Subscriber& subscriber) {
  for (; subscriber.pongs_sent < subscriber.counter.pings(); ++subscriber.pongs_sent) {
    if (Failure failure = subscriber.connection.send_all("PONG\r\n")) {
      return failure;
    }
  }
  return std::nullopt;
}

std::uint64_t Traffic::published() const {
  std::uint64_t messages = 0;
  for (const Publisher& publisher : publishers_) {
    messages += publisher.sent_before + publisher.sent_bytes / frame_bytes_;
  }
  return messages;
}

std::uint64_t Traffic::delivered() const {
  std::uint64_t messages = 0;
  for (const Subscriber& subscriber : subscribers_) {
    messages += subscriber.counter.messages();
  }
  return messages;
}

std::uint64_t Traffic::due() const {
  if (shape_.subscribers == 0) {
    return 0;
  }
  const bool is_heard_once = shape_.queue_group || shape_.own_subjects;
  return published() * (is_heard_once ? 1 : shape_.subscribers);
}

std::uint64_t Traffic::slowest_subscriber() const {
  std::uint64_t slowest = std::numeric_limits<std::uint64_t>::max();
  for (const Subscriber& subscriber : subscribers_) {
    slowest = std::min(slowest, subscriber.counter.messages());
  }
  return slowest;
}

bool Traffic::is_window_open(std::size_t publisher) const {
  if (shape_.subscribers == 0) {
    return true;
  }
  if (shape_.own_subjects) {
    const Publisher& own = publishers_[publisher];
    return own.sent_before + own.sent_bytes / frame_bytes_ <
           subscribers_[publisher].counter.messages() + window_messages_;
  }
  const std::uint64_t received = shape_.queue_group ? delivered() : slowest_subscriber();
  return published() < received + window_messages_;
}

bool Traffic::is_over() const {
  for (const Publisher& publisher : publishers_) {
    if (!publisher.is_done()) {
      return false;
    }
  }
  return delivered() >= due();
}

}  // namespace rubus::load
