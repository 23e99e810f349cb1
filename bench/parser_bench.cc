// How fast ClientParser turns reads into commands. Each case is one read of about 64 KiB; "cut"
// gives the same bytes in reads that end in the middle of frames.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "bench/shard_driver.h"
#include "engine/client/client_parser.h"

namespace rubus::bench {
namespace {

constexpr std::size_t read_bytes = std::size_t{64} << 10U;

// Parses `load` over and over, in reads of `cut` bytes; the ends of commands must come out even.
void parse(benchmark::State& state, const Load& load, std::size_t cut) {
  BlockPool pool;
  const Slice whole = Slice::copy_of(pool, load.bytes);
  std::vector<Slice> reads;
  for (std::size_t at = 0; at < whole.size(); at += cut) {
    reads.push_back(whole.part(at, std::min(cut, whole.size() - at)));
  }
  ClientParser parser(pool);
  parser.limits.headers = true;
  std::size_t commands = 0;
  std::size_t rounds = 0;
  for (auto _ : state) {
    for (const Slice& read : reads) {
      parser.feed(read);
      for (ParseResult result = parser.next(); result != ParseResult::need_more;
           result = parser.next()) {
        ++commands;
        benchmark::DoNotOptimize(parser.publish().body.data());
      }
    }
    ++rounds;
  }
  if (commands != rounds * load.messages) {
    state.SkipWithError("commands were lost or made up");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(commands));
  state.SetBytesProcessed(static_cast<std::int64_t>(rounds * whole.size()));
}

Load repeated(std::string_view frame) {
  Load load;
  do {
    load.bytes += frame;
    ++load.messages;
  } while (load.bytes.size() + frame.size() <= read_bytes);
  return load;
}

void publish_one_subject(benchmark::State& state) {
  parse(state, publishes("test", static_cast<std::size_t>(state.range(0)), read_bytes), read_bytes);
}
BENCHMARK(publish_one_subject)->Arg(16)->Arg(128)->Arg(1024)->Arg(16384);

void publish_changing_subjects(benchmark::State& state) {
  parse(state, publishes("test", static_cast<std::size_t>(state.range(0)), read_bytes, 64),
        read_bytes);
}
BENCHMARK(publish_changing_subjects)->Arg(16)->Arg(128)->Arg(1024);

// Reads that end inside a control line, a payload, a line end.
void publish_cut(benchmark::State& state) {
  parse(state, publishes("test", 128, read_bytes), static_cast<std::size_t>(state.range(0)));
}
BENCHMARK(publish_cut)->Arg(61)->Arg(1009)->Arg(16381);

// One payload over many reads: it is assembled in a block of its own.
void publish_megabyte_in_reads_of_64_kib(benchmark::State& state) {
  parse(state, publishes("test", std::size_t{1} << 20U, 0), read_bytes);
}
BENCHMARK(publish_megabyte_in_reads_of_64_kib);

void publish_with_reply(benchmark::State& state) {
  parse(state, repeated("PUB service _INBOX.2k6x0Pl5d1.0q2 16\r\n0123456789abcdef\r\n"),
        read_bytes);
}
BENCHMARK(publish_with_reply);

void publish_with_headers(benchmark::State& state) {
  parse(state, repeated("HPUB test 22 38\r\nNATS/1.0\r\nkey: one\r\n\r\n0123456789abcdef\r\n"),
        read_bytes);
}
BENCHMARK(publish_with_headers);

void subscribe(benchmark::State& state) {
  parse(state, repeated("SUB orders.eu.*.created workers 12345\r\n"), read_bytes);
}
BENCHMARK(subscribe);

void ping(benchmark::State& state) { parse(state, repeated("PING\r\n"), read_bytes); }
BENCHMARK(ping);

}  // namespace
}  // namespace rubus::bench
