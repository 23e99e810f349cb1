#include "bench/request_reply.h"

#include <sys/socket.h>

#include <algorithm>

#include "bench/stopwatch.h"

namespace rubus::load {

namespace {

constexpr std::string_view subject = "load.request";
constexpr std::size_t buffer_bytes = 64 * 1024;
constexpr int reply_ms_max = 5000;

// Third of "MSG subject sid reply size"; empty when there is no reply subject.
std::string_view reply_subject(std::string_view line) {
  std::size_t begin = 0;
  std::size_t words = 0;
  std::string_view word;
  std::string_view fourth;
  while (begin < line.size()) {
    const std::size_t end = std::min(line.find(' ', begin), line.size());
    word = line.substr(begin, end - begin);
    begin = end + 1;
    if (++words == 4) {
      fourth = word;
    }
  }
  return words == 5 ? fourth : std::string_view();
}

Failure receive(const Connection& connection, FrameBuffer& frames) {
  const std::span<char> space = frames.space();
  const ssize_t count = ::recv(connection.fd(), space.data(), space.size(), 0);
  if (count > 0) {
    frames.received(static_cast<std::size_t>(count));
    return std::nullopt;
  }
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    return std::nullopt;
  }
  return count == 0 ? Failure("the server closed a connection") : system_failure("cannot receive");
}

}  // namespace

RequestReply::RequestReply(std::uint32_t requesters, std::size_t payload_bytes)
    : count_(requesters), payload_(payload_bytes, 'r'), responder_frames_(buffer_bytes) {
  payload_ += "\r\n";
}

Failure RequestReply::open(std::uint16_t port) {
  if (Failure failure = responder_.open(port)) {
    return failure;
  }
  const std::string line = "SUB " + std::string(subject) + " 1\r\n";
  if (Failure failure = responder_.send_and_sync(line)) {
    return failure;
  }
  if (Failure failure = responder_.go_nonblocking()) {
    return failure;
  }
  for (std::uint32_t i = 0; i < count_; ++i) {
    Requester requester{Connection(), FrameBuffer(buffer_bytes), "_INBOX.load" + std::to_string(i)};
    requester.inbox += ".";
    if (Failure failure = requester.connection.open(port)) {
      return failure;
    }
    if (Failure failure =
            requester.connection.send_and_sync("SUB " + requester.inbox + "* 1\r\n")) {
      return failure;
    }
    if (Failure failure = requester.connection.go_nonblocking()) {
      return failure;
    }
    requesters_.push_back(std::move(requester));
  }
  return std::nullopt;
}

Failure RequestReply::run(double seconds) {
  latencies_.clear();
  const std::int64_t deadline = monotonic_now() + from_seconds(seconds);
  for (Requester& requester : requesters_) {
    if (Failure failure = send_request(requester)) {
      return failure;
    }
  }
  while (waiting() > 0) {
    if (Failure failure = turn(monotonic_now() < deadline)) {
      return failure;
    }
  }
  return std::nullopt;
}

Failure RequestReply::turn(bool may_send) {
  entries_.clear();
  entries_.push_back({responder_.fd(), POLLIN, 0});
  for (const Requester& requester : requesters_) {
    entries_.push_back({requester.connection.fd(), POLLIN, 0});
  }
  if (::poll(entries_.data(), entries_.size(), reply_ms_max) == 0) {
    return "no reply within 5 s, " + std::to_string(waiting()) + " requests are waiting";
  }
  if (entries_[0].revents != 0) {
    if (Failure failure = answer_requests()) {
      return failure;
    }
  }
  for (std::size_t i = 0; i < requesters_.size(); ++i) {
    if (entries_[i + 1].revents != 0) {
      if (Failure failure = take_reply(requesters_[i], may_send)) {
        return failure;
      }
    }
  }
  return std::nullopt;
}

Failure RequestReply::send_request(Requester& requester) {
  std::string request = "PUB " + std::string(subject) + " " + requester.inbox;
  request += std::to_string(++requester.token) + " " + std::to_string(payload_.size() - 2);
  request += "\r\n" + payload_;
  requester.sent_at = monotonic_now();
  requester.is_waiting = true;
  return requester.connection.send_all(request);
}

Failure RequestReply::take_reply(Requester& requester, bool may_send) {
  if (Failure failure = receive(requester.connection, requester.frames)) {
    return failure;
  }
  for (WholeFrame frame = requester.frames.next(); frame.kind != FrameKind::incomplete;
       frame = requester.frames.next()) {
    if (frame.kind == FrameKind::ping) {
      if (Failure failure = requester.connection.send_all("PONG\r\n")) {
        return failure;
      }
      continue;
    }
    if (frame.kind != FrameKind::message || !requester.is_waiting) {
      return "a requester received: " + std::string(frame.line);
    }
    const std::string due = " " + requester.inbox + std::to_string(requester.token) + " ";
    if (frame.line.find(due) == std::string_view::npos ||
        frame.bytes.size() != frame.line.size() + 2 + payload_.size()) {
      return "a reply to another request: " + std::string(frame.line);
    }
    latencies_.push_back(monotonic_now() - requester.sent_at);
    requester.is_waiting = false;
    if (may_send) {
      if (Failure failure = send_request(requester)) {
        return failure;
      }
    }
  }
  return std::nullopt;
}

Failure RequestReply::answer_requests() {
  if (Failure failure = receive(responder_, responder_frames_)) {
    return failure;
  }
  answers_.clear();
  for (WholeFrame frame = responder_frames_.next(); frame.kind != FrameKind::incomplete;
       frame = responder_frames_.next()) {
    if (frame.kind == FrameKind::ping) {
      answers_ += "PONG\r\n";
      continue;
    }
    const std::string_view reply = reply_subject(frame.line);
    if (frame.kind != FrameKind::message || reply.empty()) {
      return "the responder received: " + std::string(frame.line);
    }
    answers_ += "PUB ";
    answers_ += reply;
    answers_ += " " + std::to_string(payload_.size() - 2) + "\r\n" + payload_;
  }
  return responder_.send_all(answers_);
}

std::uint32_t RequestReply::waiting() const {
  std::uint32_t count = 0;
  for (const Requester& requester : requesters_) {
    count += requester.is_waiting ? 1 : 0;
  }
  return count;
}

std::int64_t percentile(std::vector<std::int64_t>& numbers, double share) {
  if (numbers.empty()) {
    return 0;
  }
  const double last = static_cast<double>(numbers.size() - 1);
  const std::size_t rank = static_cast<std::size_t>(last * share);
  std::nth_element(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(rank),
                   numbers.end());
  return numbers[rank];
}

}  // namespace rubus::load
