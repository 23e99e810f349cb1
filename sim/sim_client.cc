#include "sim/sim_client.h"

#include <algorithm>

#include "engine/base/text_number.h"
#include "sim/stand_ins.h"

namespace rubus::sim {

namespace {

using namespace std::string_view_literals;

std::string decimal(std::uint64_t value) { return number_text(value); }

// Marked at the front, then bytes that would upset a reader that looks for line ends in payloads.
std::string marked_payload(const std::string& id, std::int64_t wanted) {
  static constexpr std::string_view filler = "\r\nPUB x 3\r\n\0abc\xff-ERR 'no'\r\nMSG "sv;
  std::string payload = id;
  const std::size_t size = std::max(id.size(), static_cast<std::size_t>(wanted));
  payload.reserve(size);
  while (payload.size() < size) {
    payload.append(filler.substr(0, size - payload.size()));
  }
  return payload;
}

std::string header_block(const std::string& id, std::int64_t wanted) {
  std::string block = "NATS/1.0\r\nMark: " + id + "\r\n";
  const std::size_t size = block.size() + 2;
  if (static_cast<std::size_t>(wanted) > size + 7) {
    block.append("Pad: ").append(static_cast<std::size_t>(wanted) - size - 7, 'p').append("\r\n");
  }
  return block + "\r\n";
}

std::string json_flag(std::string_view name, bool value) {
  return "\"" + std::string(name) + "\":" + (value ? "true" : "false") + ",";
}

}  // namespace

std::string connect_line(const ConnectWish& wish) {
  std::string line = "CONNECT {" + json_flag("verbose", wish.verbose) +
                     json_flag("pedantic", wish.pedantic) + json_flag("echo", wish.echo) +
                     json_flag("headers", wish.headers) +
                     json_flag("no_responders", wish.no_responders);
  if (is_nkey(wish.user)) {
    line += "\"nkey\":\"" + wish.user + "\",\"sig\":\"" + signature_text(wish.password) + "\",";
  } else if (!wish.user.empty()) {
    line += "\"user\":\"" + wish.user + "\",\"pass\":\"" + wish.password + "\",";
  }
  if (!wish.token.empty()) {
    line += "\"auth_token\":\"" + wish.token + "\",";
  }
  return line +
         "\"lang\":\"sim\",\"protocol\":" + decimal(static_cast<std::uint64_t>(wish.protocol)) +
         "}\r\n";
}

void SimClient::add(ClientOperation operation, std::string_view bytes) {
  operation.begin = said_;
  said_ += bytes.size();
  operation.end = said_;
  unsent_.append(bytes);
  operations_.push_back(std::move(operation));
}

std::string SimClient::malformed_bytes(Malformed malformed) const {
  switch (malformed) {
    case Malformed::unknown_verb:
      return "FOO bar\r\n";
    case Malformed::payload_too_large:
      return "PUB sim.never " + decimal(static_cast<std::uint64_t>(knobs_.max_payload + 1)) +
             "\r\n";
    case Malformed::line_too_long:
      return "SUB " + std::string(static_cast<std::size_t>(knobs_.max_control_line), 'a') +
             " 1\r\n";
    case Malformed::missing_arguments:
      return "PUB sim.never\r\n";
    case Malformed::bad_json:
      return "CONNECT {\"verbose\":\r\n";
    case Malformed::wrong_payload_end:
      return "PUB sim.never 2\r\nhi\n\n";
    case Malformed::server_error:
      return "-ERR 'not from a client'\r\n";
  }
  return {};
}

void SimClient::say_publish(const ScenarioStep& step) {
  ClientOperation operation;
  operation.step = step;
  operation.id = "m" + decimal(number_) + "-" + decimal(++published_) + ";";
  operation.payload = marked_payload(operation.id, step.number);
  std::string bytes = step.header >= 0 ? "HPUB " : "PUB ";
  bytes += step.subject + " ";
  if (!step.reply.empty()) {
    bytes += step.reply + " ";
  }
  if (step.header >= 0) {
    operation.header = header_block(operation.id, step.header);
    bytes += decimal(operation.header.size()) + " ";
  }
  bytes += decimal(operation.header.size() + operation.payload.size()) + "\r\n";
  bytes += operation.header + operation.payload + "\r\n";
  add(std::move(operation), bytes);
}

void SimClient::say(const ScenarioStep& step) {
  if (!is_connected_ || has_spoken_badly_) {
    return;
  }
  ClientOperation operation;
  operation.step = step;
  switch (step.kind) {
    case StepKind::open:
      if (!step.connect.is_bare) {
        add(std::move(operation), connect_line(step.connect));
      }
      break;
    case StepKind::connect: {
      const std::string line = connect_line(step.connect);
      add(std::move(operation), line);
      break;
    }
    case StepKind::subscribe:
      add(std::move(operation), "SUB " + step.subject + " " +
                                    (step.queue.empty() ? "" : step.queue + " ") + step.sid +
                                    "\r\n");
      break;
    case StepKind::unsubscribe:
      add(std::move(operation),
          "UNSUB " + step.sid +
              (step.number > 0 ? " " + decimal(static_cast<std::uint64_t>(step.number)) : "") +
              "\r\n");
      break;
    case StepKind::publish:
      say_publish(step);
      break;
    case StepKind::ping:
      add(std::move(operation), "PING\r\n");
      break;
    case StepKind::malformed:
      add(std::move(operation), malformed_bytes(step.malformed));
      has_spoken_badly_ = true;
      break;
    case StepKind::close:
    case StepKind::reset:
    case StepKind::pause:
    case StepKind::resume:
    case StepKind::stall:
    case StepKind::half_open:
    case StepKind::crash:
    case StepKind::clock:
    case StepKind::fault:
      break;
  }
}

void SimClient::on_connected() {
  on_closed();
  is_connected_ = true;
  is_paused = false;
  reader_ = ServerFrames();
  frames_ = 0;
  digest_ = Digest();
}

void SimClient::on_closed() {
  is_connected_ = false;
  has_spoken_badly_ = false;
  unsent_.clear();
  unsent_begin_ = 0;
  said_ = 0;
  operations_.clear();
}

void SimClient::on_sent(std::size_t bytes) {
  unsent_begin_ += bytes;
  if (unsent_begin_ == unsent_.size()) {
    unsent_.clear();
    unsent_begin_ = 0;
  }
}

void SimClient::on_bytes(std::string_view bytes) {
  reader_.feed(bytes);
  Frame frame;
  while (reader_.next(frame)) {
    ++frames_;
    digest_.add(frame.raw);
    messages_ += frame.kind == FrameKind::message ? 1 : 0;
    if (on_frame) {
      on_frame(frame);
    }
    if (frame.kind == FrameKind::ping && is_connected_ && !has_spoken_badly_) {
      ClientOperation answer;
      answer.is_pong = true;
      add(std::move(answer), "PONG\r\n");
    }
  }
}

}  // namespace rubus::sim
