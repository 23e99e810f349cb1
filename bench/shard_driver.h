// ShardDriver: drives a DurableShard as the production shell does, without sockets.
//
// Decides nothing about the engine: one batch per call, sendable bytes are gathered at once and
// reported as sent with the next batch, reads arrive in pooled blocks. The vectors are reused, so
// that after warm-up every allocation left is the engine's own. Virtual time: 50 µs a step.
// Used by the benchmarks of whole steps and by the allocation budget.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/durable_shard.h"

namespace rubus::bench {

// A read of one connection and what it holds.
struct Load {
  std::string bytes;
  std::size_t messages = 0;
};

// As many "PUB subject size" as fit into `bytes_max`, at least one. The subjects are
// "subject", or with `subjects` > 1 "subject.0", "subject.1" … in turn.
Load publishes(std::string_view subject, std::size_t payload, std::size_t bytes_max,
               std::size_t subjects = 1);

// The bytes of "MSG subject sid size", payload and line ends, for a sid of one digit.
std::size_t delivery_size(std::string_view subject, std::size_t payload);

class ShardDriver {
 public:
  ShardDriver();

  // Opens a connection, logs in, sends `commands` (SUB lines) and reads the answers.
  ConnectionId connect(std::string_view commands = {});

  // A read to be part of the next step: as the kernel gives it, copied into a pooled block …
  void receive(ConnectionId from, std::string_view bytes);
  // … or a reference to bytes that lie in a block already.
  void receive(ConnectionId from, const Slice& bytes) {
    inputs_.push_back(BytesReceived{from, bytes});
  }
  // One step; returns how many bytes the connections got.
  std::uint64_t step();

  BlockPool& blocks() { return shard_.blocks(); }
  const DurableShard& shard() const { return shard_; }

 private:
  DurableShard shard_;
  Instant now_{1'000'000'000};
  std::uint32_t opened_ = 0;
  Output output_;
  std::vector<Input> inputs_;
  std::vector<ByteView> views_;
};

}  // namespace rubus::bench
