#include "storage/durable_shard.h"

namespace rubus {

DurableShard::DurableShard(const Options& options, std::uint64_t seed, WallTime started)
    : engine_(options, seed, started, blocks_) {}

void DurableShard::step(const InputBatch& batch, Output& output) { engine_.step(batch, output); }

std::size_t DurableShard::gather(ConnectionId connection, std::span<ByteView> views) const {
  return engine_.gather(connection, views);
}

std::uint64_t DurableShard::digest() const { return engine_.digest(); }

void DurableShard::describe(std::string& text) const { engine_.describe(text); }

}  // namespace rubus
