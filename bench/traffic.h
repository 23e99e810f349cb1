// Publishers and subscribers on one thread: pub, pubsub, fanout, fanin, queue, pairs, cross.
//
// One poll loop. Publishers write a pre-built block of PUB frames over and over; subscribers only
// count. A phase ends when every publisher has its PONG (the server has parsed everything) and
// every delivery that is due has arrived, or when nothing has moved for a while: then messages are
// lost. Publishers never run further ahead of the slowest subscriber than the window, so that no
// server has a reason to call a subscriber slow.
#pragma once

#include <poll.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bench/connection.h"
#include "bench/failure.h"
#include "bench/frame_counter.h"
#include "bench/mode.h"

namespace rubus::load {

struct TrafficOptions {
  std::size_t payload_bytes = 128;
  std::size_t write_bytes = 256 * 1024;  // of one writev
  std::size_t read_bytes = 512 * 1024;   // of one recv
  std::size_t window_bytes = 4 << 20;    // payload on its way to one subscriber
};

struct PhaseResult {
  std::uint64_t published = 0;
  std::uint64_t delivered = 0;  // over all subscribers
  std::int64_t wall_time = 0;
};

class Traffic {
 public:
  Traffic(const Shape& shape, const TrafficOptions& options);

  // Subscribers take the ports in turn. With servers in a cluster it returns when every
  // publisher's server knows every subscriber.
  [[nodiscard]] Failure open(std::uint16_t publisher_port,
                             const std::vector<std::uint16_t>& subscriber_ports);
  // Publishes for `seconds`, or `messages` per publisher if that is reached first (0 = no bound).
  [[nodiscard]] Failure run_phase(double seconds, std::uint64_t messages, PhaseResult& result);
  // After the last phase: nothing more may be on its way to a subscriber.
  [[nodiscard]] Failure confirm();

 private:
  // Publishers receive INFO, PING and PONG only.
  static constexpr std::size_t publisher_read_bytes = 16 * 1024;

  struct Publisher {
    Connection connection;
    FrameCounter counter{publisher_read_bytes};
    std::uint64_t sent_bytes = 0;   // of this phase, whole and partial frames
    std::uint64_t limit_bytes = 0;  // of this phase
    std::uint64_t sent_before = 0;  // messages of earlier phases
    std::string block;              // whole frames
    std::string tail;               // PING after the last frame
    bool tail_is_built = false;
    std::uint64_t pongs_due = 0;
    std::uint64_t pongs_sent = 0;
    bool is_done() const { return tail_is_built && tail.empty() && counter.pongs() >= pongs_due; }
  };
  struct Subscriber {
    Connection connection;
    FrameCounter counter{0};
    std::uint64_t pongs_sent = 0;
  };

  void begin_phase(std::uint64_t messages);
  void end_publishing();
  [[nodiscard]] Failure open_subscriber(std::uint16_t port);
  [[nodiscard]] Failure open_publisher(std::uint16_t port);
  std::string subject_of(std::size_t index) const;
  void fill_poll_entries();
  [[nodiscard]] Failure turn();
  [[nodiscard]] Failure send_frames(Publisher& publisher);
  [[nodiscard]] Failure send_tail(Publisher& publisher);
  [[nodiscard]] Failure receive(const Connection& connection, FrameCounter& counter);
  [[nodiscard]] Failure answer_pings(Subscriber& subscriber);

  [[nodiscard]] Failure complain_unless_exact() const;
  std::uint64_t published() const;
  std::uint64_t delivered() const;
  std::uint64_t due() const;
  std::uint64_t slowest_subscriber() const;
  bool is_window_open(std::size_t publisher) const;
  bool is_over() const;

  Shape shape_;
  TrafficOptions options_;
  std::size_t frame_bytes_ = 0;
  std::uint64_t window_messages_ = 0;
  std::uint64_t bytes_moved_ = 0;  // either way; standing still means loss
  std::vector<Publisher> publishers_;
  std::vector<Subscriber> subscribers_;
  std::vector<pollfd> entries_;
};

}  // namespace rubus::load
