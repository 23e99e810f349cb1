// SimClient: a tiny NATS client of the simulator; shares no code with engine/client.
//
// It turns scenario steps into bytes and remembers where in its stream each operation ends, so the
// model can apply an operation exactly when its last byte reaches the server. It reads strictly
// (server_frames.h), answers PING, and folds all frames into a digest that must agree with what
// left the server. It knows nothing of time, links or other clients.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.h"
#include "sim/scenario.h"
#include "sim/server_frames.h"

namespace rubus::sim {

// An operation as it was said; the model reads it, too.
struct ClientOperation {
  ScenarioStep step;
  bool is_pong = false;
  std::string id;           // publish: the mark at the front of the payload
  std::string header;       // publish: header block, empty without
  std::string payload;      // publish
  std::uint64_t begin = 0;  // offsets in the stream of the connection
  std::uint64_t end = 0;
};

class SimClient {
 public:
  SimClient(std::uint32_t number, const Knobs& knobs) : number_(number), knobs_(knobs) {}

  // Every step of the kinds open, subscribe, unsubscribe, publish, ping, malformed.
  void say(const ScenarioStep& step);
  void on_connected();
  void on_bytes(std::string_view bytes);
  void on_closed();

  bool is_connected() const { return is_connected_; }
  bool has_spoken_badly() const { return has_spoken_badly_; }
  std::string_view unsent() const { return std::string_view(unsent_).substr(unsent_begin_); }
  void on_sent(std::size_t bytes);
  // Operations that are said but not yet taken by the world, in order.
  std::deque<ClientOperation>& operations() { return operations_; }

  std::uint64_t frames() const { return frames_; }
  std::uint64_t digest() const { return digest_.value(); }
  std::uint64_t messages() const { return messages_; }
  const std::string& violation() const { return reader_.violation(); }

  bool is_paused = false;
  std::function<void(const Frame&)> on_frame;  // each that is read; may be empty

 private:
  void add(ClientOperation operation, std::string_view bytes);
  void say_publish(const ScenarioStep& step);
  std::string malformed_bytes(Malformed malformed) const;

  std::uint32_t number_;
  Knobs knobs_;
  bool is_connected_ = false;
  bool has_spoken_badly_ = false;
  std::string unsent_;
  std::size_t unsent_begin_ = 0;
  std::uint64_t said_ = 0;       // bytes of this connection
  std::uint64_t published_ = 0;  // over all connections: ids never repeat
  std::deque<ClientOperation> operations_;
  ServerFrames reader_;
  std::uint64_t frames_ = 0;
  std::uint64_t messages_ = 0;
  Digest digest_;
};

std::string connect_line(const ConnectWish& wish);

}  // namespace rubus::sim
