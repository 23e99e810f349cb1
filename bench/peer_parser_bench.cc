// How fast PeerParser turns reads of routes and leafs into what was said, and how fast the heads of
// messages are written. Each case is one read of about 64 KiB.
#include <benchmark/benchmark.h>

#include <array>
#include <string>
#include <vector>

#include "engine/peer/peer_lines.h"
#include "engine/peer/peer_parser.h"

namespace rubus::bench {
namespace {

constexpr std::size_t read_bytes = std::size_t{64} << 10U;

// Frames in turn until a read is full.
struct Read {
  std::string bytes;
  std::size_t frames = 0;
};

Read repeated(const std::vector<std::string>& frames) {
  Read read;
  while (read.bytes.size() + frames.front().size() <= read_bytes) {
    read.bytes += frames[read.frames++ % frames.size()];
  }
  return read;
}

// Parses `read` over and over, in pieces of `cut` bytes; the results must come out even.
void parse(benchmark::State& state, PeerFlavour flavour, const Read& read,
           std::size_t cut = read_bytes) {
  BlockPool pool;
  const Slice whole = Slice::copy_of(pool, read.bytes);
  std::vector<Slice> pieces;
  for (std::size_t at = 0; at < whole.size(); at += cut) {
    pieces.push_back(whole.part(at, std::min(cut, whole.size() - at)));
  }
  PeerParser parser(pool, flavour);
  std::size_t results = 0;
  std::size_t rounds = 0;
  for (auto _ : state) {
    for (const Slice& piece : pieces) {
      parser.feed(piece);
      for (PeerResult result = parser.next(); result != PeerResult::need_more;
           result = parser.next()) {
        ++results;
        benchmark::DoNotOptimize(parser.message().message.body.data());
      }
    }
    ++rounds;
  }
  if (results != rounds * read.frames) {
    state.SkipWithError("messages were lost or made up");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(results));
  state.SetBytesProcessed(static_cast<std::int64_t>(rounds * whole.size()));
}

std::string message(std::string_view head, std::int64_t size) {
  return std::string(head) + std::to_string(size) + "\r\n" +
         std::string(static_cast<std::size_t>(size), 'x') + "\r\n";
}

void route_one_subject(benchmark::State& state) {
  parse(state, PeerFlavour::route, repeated({message("RMSG $G test ", state.range(0))}));
}
BENCHMARK(route_one_subject)->Arg(16)->Arg(128)->Arg(1024);

void route_changing_subjects(benchmark::State& state) {
  std::vector<std::string> frames;
  for (int at = 0; at < 64; ++at) {
    frames.push_back(message("RMSG $G test." + std::to_string(at) + " ", state.range(0)));
  }
  parse(state, PeerFlavour::route, repeated(frames));
}
BENCHMARK(route_changing_subjects)->Arg(16)->Arg(128);

void route_queue_and_reply(benchmark::State& state) {
  parse(state, PeerFlavour::route,
        repeated({message("RMSG $G service + _INBOX.2k6x0Pl5d1.0q2 workers ", 16)}));
}
BENCHMARK(route_queue_and_reply);

void route_with_headers(benchmark::State& state) {
  parse(state, PeerFlavour::route,
        repeated({"HMSG $G test 22 38\r\nNATS/1.0\r\nkey: one\r\n\r\n0123456789abcdef\r\n"}));
}
BENCHMARK(route_with_headers);

void route_cut(benchmark::State& state) {
  parse(state, PeerFlavour::route, repeated({message("RMSG $G test ", 128)}),
        static_cast<std::size_t>(state.range(0)));
}
BENCHMARK(route_cut)->Arg(61)->Arg(1009);

void route_interest(benchmark::State& state) {
  parse(state, PeerFlavour::route, repeated({"RS+ $G orders.eu.*.created workers 3\r\n"}));
}
BENCHMARK(route_interest);

void leaf_one_subject(benchmark::State& state) {
  parse(state, PeerFlavour::leaf, repeated({message("LMSG test ", state.range(0))}));
}
BENCHMARK(leaf_one_subject)->Arg(16)->Arg(128);

void write_heads(benchmark::State& state, std::span<const std::string_view> queues) {
  PublishCommand publish;
  publish.reply = "_INBOX.2k6x0Pl5d1.0q2";
  publish.total_size = 128;
  publish.line_tail = "_INBOX.2k6x0Pl5d1.0q2 128\r\n";
  const PeerLineForm form;
  const PeerMessageHead head{"", "$G", "test.subject", queues, &publish};
  std::array<char, 256> room{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(write_message_head(room.data(), form, head));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}

void write_head(benchmark::State& state) { write_heads(state, {}); }
BENCHMARK(write_head);

void write_head_with_queues(benchmark::State& state) {
  const std::array<std::string_view, 2> queues = {"workers", "auditors"};
  write_heads(state, queues);
}
BENCHMARK(write_head_with_queues);

}  // namespace
}  // namespace rubus::bench
