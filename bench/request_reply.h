// Request-reply through the server: requesters with one outstanding request each, one responder.
//
// Each requester subscribes once to an inbox wildcard and gives every request a reply subject of
// its own, as client libraries do; a server cannot answer from a cache of reply subjects. The
// latency is from before the request is written until the reply has been read, so it holds the
// generator's own turn; that part is the same for every server.
#pragma once

#include <poll.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bench/connection.h"
#include "bench/failure.h"
#include "bench/frame_buffer.h"

namespace rubus::load {

class RequestReply {
 public:
  RequestReply(std::uint32_t requesters, std::size_t payload_bytes);

  [[nodiscard]] Failure open(std::uint16_t port);
  // Runs for `seconds`, then waits for the replies still due. Latencies of earlier runs are gone.
  [[nodiscard]] Failure run(double seconds);

  // Nanoseconds, one for each reply.
  std::vector<std::int64_t>& latencies() { return latencies_; }

 private:
  struct Requester {
    Connection connection;
    FrameBuffer frames;
    std::string inbox;  // without the token
    std::uint64_t token = 0;
    std::int64_t sent_at = 0;
    bool is_waiting = false;
  };

  [[nodiscard]] Failure turn(bool may_send);
  [[nodiscard]] Failure send_request(Requester& requester);
  [[nodiscard]] Failure take_reply(Requester& requester, bool may_send);
  [[nodiscard]] Failure answer_requests();
  std::uint32_t waiting() const;

  std::uint32_t count_;
  std::string payload_;  // with CRLF
  std::vector<Requester> requesters_;
  Connection responder_;
  FrameBuffer responder_frames_;
  std::string answers_;
  std::vector<pollfd> entries_;
  std::vector<std::int64_t> latencies_;
};

// The value below which `share` of the numbers lie; reorders them. 0 when there are none.
std::int64_t percentile(std::vector<std::int64_t>& numbers, double share);

}  // namespace rubus::load
