// What one delivery costs: a read of about 64 KiB of messages through DurableShard to 1, 8 and 100
// subscribers, gathered and reported as sent, no sockets. Payloads up to 1 KiB are copied behind
// their control line, longer ones are referenced; `around_the_border` compares neighbours.
#include <benchmark/benchmark.h>

#include "bench/shard_driver.h"

namespace rubus::bench {
namespace {

constexpr std::size_t read_bytes = std::size_t{64} << 10U;

void fan_out(benchmark::State& state) {
  const std::size_t subscribers = static_cast<std::size_t>(state.range(0));
  const std::size_t payload = static_cast<std::size_t>(state.range(1));
  ShardDriver driver;
  const Load load = publishes("test", payload, read_bytes);
  const ConnectionId publisher = driver.connect();
  for (std::size_t at = 0; at < subscribers; ++at) {
    driver.connect("SUB test 1\r\n");
  }
  const Slice read = Slice::copy_of(driver.blocks(), load.bytes);
  const std::size_t deliveries = load.messages * subscribers;
  const std::uint64_t expected = deliveries * delivery_size("test", payload);
  for (auto _ : state) {
    driver.receive(publisher, read);
    if (driver.step() != expected) {
      state.SkipWithError("deliveries were lost or made up");
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(deliveries));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(expected));
}

BENCHMARK(fan_out)
    ->ArgNames({"subscribers", "payload"})
    ->ArgsProduct({{1, 8, 100}, {16, 128, 1024, 16384}});

// The longest body that is copied (1022 B and its line end) and the shortest that is referenced.
void around_the_border(benchmark::State& state) { fan_out(state); }
BENCHMARK(around_the_border)
    ->ArgNames({"subscribers", "payload"})
    ->ArgsProduct({{1, 8, 100}, {1022, 1023}});

}  // namespace
}  // namespace rubus::bench
