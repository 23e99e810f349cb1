// DurableShard: the one object that both shells drive, production and simulator alike.
//
// Today it holds the engine alone; the store joins it with the journal. It has no base class, no
// template parameter and no callback: step() takes what happened and fills in what is wanted.
//
// Ownership: the shard owns its BlockPool; every Slice handed in must come from blocks(), and all
// of them must be gone before the shard is destroyed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "engine/base/block.h"
#include "engine/base/byte_queue.h"
#include "engine/engine.h"
#include "engine/seam/input.h"
#include "engine/seam/output.h"

namespace rubus {

class DurableShard {
 public:
  // `started` is the wall clock at start: /varz shows it and ids are counted from it.
  DurableShard(const Options& options, std::uint64_t seed, WallTime started);

  void step(const InputBatch& batch, Output& output);

  // Views of the bytes that wait to leave on `connection`; they stay valid until BytesSent or
  // ConnectionClosed for it is part of a later batch. Returns how many views were filled.
  std::size_t gather(ConnectionId connection, std::span<ByteView> views) const;

  BlockPool& blocks() { return blocks_; }

  // Hash of all state that can influence a later decision.
  std::uint64_t digest() const;
  // One line per part ("client[3] <digest> field=…"), for `diverge` and test failures.
  void describe(std::string& text) const;
  // How often each rare branch was taken.
  const ReachedMarks& reached() const { return engine_.reached(); }

 private:
  BlockPool blocks_;  // first: outlives every queue that holds a block
  Engine engine_;
};

}  // namespace rubus
