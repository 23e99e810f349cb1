// What a whole DurableShard::step costs in the shapes of the load generator: reads of 64 KiB with
// 128-byte messages (argument: payload), taken in, delivered, gathered and reported as sent. The
// rate of items counts messages in for publish_only, deliveries otherwise, requests for
// request_reply. Nothing here touches a socket: what the kernel costs, rubus-load says.
#include <benchmark/benchmark.h>

#include <vector>

#include "bench/shard_driver.h"

namespace rubus::bench {
namespace {

constexpr std::size_t read_bytes = std::size_t{64} << 10U;

struct Shape {
  std::size_t publishers = 1;
  std::size_t subscribers = 0;
  std::string_view subscription;
  std::size_t deliveries_each = 0;  // of one message
};

void run(benchmark::State& state, const Shape& shape) {
  const std::size_t payload = static_cast<std::size_t>(state.range(0));
  ShardDriver driver;
  const Load load = publishes("test", payload, read_bytes);
  std::vector<ConnectionId> publishers;
  for (std::size_t at = 0; at < shape.publishers; ++at) {
    publishers.push_back(driver.connect());
  }
  for (std::size_t at = 0; at < shape.subscribers; ++at) {
    driver.connect(shape.subscription);
  }
  const std::size_t messages = load.messages * shape.publishers;
  const std::uint64_t expected = messages * shape.deliveries_each * delivery_size("test", payload);
  const Slice read = Slice::copy_of(driver.blocks(), load.bytes);
  for (auto _ : state) {
    for (const ConnectionId publisher : publishers) {
      driver.receive(publisher, read);
    }
    if (driver.step() != expected) {
      state.SkipWithError("deliveries were lost or made up");
    }
  }
  const std::size_t items = shape.subscribers == 0 ? messages : messages * shape.deliveries_each;
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(items));
}

void publish_only(benchmark::State& state) { run(state, {}); }
void one_to_one(benchmark::State& state) { run(state, {1, 1, "SUB test 1\r\n", 1}); }
void one_to_eight(benchmark::State& state) { run(state, {1, 8, "SUB test 1\r\n", 8}); }
void four_to_one(benchmark::State& state) { run(state, {4, 1, "SUB test 1\r\n", 1}); }
void queue_of_four(benchmark::State& state) { run(state, {1, 4, "SUB test workers 1\r\n", 1}); }
BENCHMARK(publish_only)->ArgName("payload")->Arg(16)->Arg(128)->Arg(1024)->Arg(16384);
BENCHMARK(one_to_one)->ArgName("payload")->Arg(16)->Arg(128)->Arg(1024)->Arg(16384);
BENCHMARK(one_to_eight)->ArgName("payload")->Arg(16)->Arg(128)->Arg(1024)->Arg(16384);
BENCHMARK(four_to_one)->ArgName("payload")->Arg(16)->Arg(128)->Arg(1024)->Arg(16384);
BENCHMARK(queue_of_four)->ArgName("payload")->Arg(16)->Arg(128)->Arg(1024)->Arg(16384);

// One request and its reply, each in a step of its own, as an almost idle server sees them. Each
// request has an inbox subject that was never seen before, as official clients do it.
void request_reply(benchmark::State& state) {
  constexpr std::size_t inboxes = 65'536;  // far above what the match cache holds
  ShardDriver driver;
  const ConnectionId requester = driver.connect("SUB _INBOX.2k6x0Pl5d1.* 1\r\n");
  const ConnectionId responder = driver.connect("SUB service 1\r\n");
  std::vector<std::string> requests;
  std::vector<std::string> replies;
  for (std::size_t at = 0; at < inboxes; ++at) {
    const std::string inbox = "_INBOX.2k6x0Pl5d1." + std::to_string(100'000 + at);
    requests.push_back("PUB service " + inbox + " 2\r\nhi\r\n");
    replies.push_back("PUB " + inbox + " 2\r\nok\r\n");
  }
  std::size_t at = 0;
  for (auto _ : state) {
    driver.receive(requester, requests[at]);
    const bool is_asked = driver.step() > 0;
    driver.receive(responder, replies[at]);
    if (!is_asked || driver.step() == 0) {
      state.SkipWithError("a request or its reply was lost");
    }
    at = (at + 1) % inboxes;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(request_reply);

// A step in which nothing happened: what a wake-up costs.
void empty_step(benchmark::State& state) {
  ShardDriver driver;
  for (std::int64_t at = 0; at < state.range(0); ++at) {
    driver.connect();
  }
  driver.step();
  for (auto _ : state) {
    benchmark::DoNotOptimize(driver.step());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(empty_step)->ArgName("connections")->Arg(0)->Arg(100);

}  // namespace
}  // namespace rubus::bench
