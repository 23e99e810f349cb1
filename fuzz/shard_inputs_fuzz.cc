// Bytes drive the whole engine: a story of connections, bytes, time, reloads and endings, told to a
// DurableShard twice. The laws are those of ShardStory (at every step), plus: both tellings have
// the same digests and outputs, and at the end nothing is left.
//
// Input: four bytes of options, one of seed, then deeds of one byte and its arguments.
#include <array>
#include <string>
#include <string_view>

#include "fuzz/byte_source.h"
#include "fuzz/shard_options.h"
#include "fuzz/shard_story.h"
#include "fuzz/target.h"

namespace rubus::fuzz {

namespace {

constexpr std::size_t deeds_max = 300;

constexpr std::array<std::string_view, 24> phrases = {
    "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true,"
    "\"protocol\":1}\r\nPING\r\n",
    "CONNECT {\"verbose\":false,\"user\":\"a\",\"pass\":\"a\",\"headers\":true}\r\n",
    "CONNECT {\"verbose\":true,\"user\":\"b\",\"pass\":\"b\",\"protocol\":1}\r\n",
    "CONNECT {\"verbose\":false,\"user\":\"c\",\"pass\":\"x\",\"headers\":true}\r\n",
    "CONNECT {\"auth_token\":\"t\",\"pedantic\":true}\r\n",
    "CONNECT {\"nkey\":\"UAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"sig\":\"AA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}\r\n",
    "CONNECT {\"echo\":false,\"verbose\":false}\r\n",
    "SUB a.b 1\r\n",
    "SUB a.* q 2\r\nSUB a.> q 3\r\n",
    "SUB > 4\r\n",
    "SUB _INBOX.x 5\r\n",
    "UNSUB 1\r\n",
    "UNSUB 2 2\r\nUNSUB 4 1\r\n",
    "PUB a.b 3\r\nabc\r\n",
    "PUB a.b _INBOX.x 0\r\n\r\n",
    "PUB _INBOX.x 4\r\nback\r\n",
    "HPUB a.b _INBOX.x 12 14\r\nNATS/1.0\r\n\r\nhi\r\n",
    "HPUB a.secret 12 12\r\nNATS/1.0\r\n\r\n\r\n",
    "PUB nobody _INBOX.x 1\r\n.\r\n",
    "PING\r\n",
    "PONG\r\n",
    "SUB b.x q1 6\r\nSUB a.b q 7\r\nSUB a.x.c 8\r\n",
    "PUB a.x.c 2\r\nxy\r\nPUB a.b 1\r\n1\r\nPUB a.b 1\r\n2\r\n",
    "-ERR 'x'\r\n",
};

constexpr std::array<std::string_view, 8> paths = {"/varz", "/connz", "/subsz",  "/healthz",
                                                   "/",     "/nope",  "/routez", "/accountz"};

void publish_large(ShardStory& story, ByteSource& source) {
  const std::size_t slot = source.below(ShardStory::slots);
  const std::size_t size = (source.byte() + std::size_t{1}) * 600;
  const std::size_t cut = source.byte() * std::size_t{600} + 1;
  std::string bytes = "PUB a.b " + std::to_string(size) + "\r\n";
  bytes.append(size, 'x').append("\r\n");
  story.receive(slot, std::string_view(bytes).substr(0, cut));
  if (cut < bytes.size()) {
    story.receive(slot, std::string_view(bytes).substr(cut));
  }
}

void let_time_pass(ShardStory& story, std::uint8_t choice) {
  constexpr std::array<Duration, 6> lengths = {milliseconds(1),      seconds(1),
                                               seconds(130),         seconds(86'400),
                                               seconds(315'360'000), nanoseconds(1)};
  if (choice % 8 >= lengths.size()) {
    story.advance_to_wake();
  } else {
    story.advance(lengths[choice % 8]);
  }
  story.step();
}

void request_end(ShardStory& story, std::uint8_t choice) {
  // Rare, because little of interest happens afterwards.
  if (choice == 'L') {
    story.request_lame_duck();
  } else if (choice == 'S') {
    story.request_shutdown();
  }
}

// One deed; the numbers are the format of the corpus and stay as they are.
void do_one_deed(ShardStory& story, ByteSource& source) {
  const std::uint8_t deed = source.byte() % 16;
  const auto slot = [&source]() { return source.below(ShardStory::slots); };
  switch (deed) {
    case 0: {
      const std::uint8_t choice = source.byte();
      return story.open(choice % ShardStory::slots, choice >= 128);
    }
    case 1: {
      const std::size_t to = slot();
      const std::size_t size = source.byte();
      return story.receive(to, source.text(size));
    }
    case 2: {
      const std::size_t to = slot();
      return story.receive(to, source.pick(phrases));
    }
    case 3:
      return publish_large(story, source);
    case 4: {
      const std::size_t to = slot();
      return story.acknowledge(to, source.byte() % 5);
    }
    case 5:
      return story.acknowledge_all();
    case 6:
      return let_time_pass(story, source.byte());
    case 7: {
      const std::uint8_t choice = source.byte();
      return story.hang_up(choice % ShardStory::slots, static_cast<CloseCause>(choice / 64));
    }
    case 8: {
      const std::size_t to = slot();
      return story.advance_tls(to, source.byte());
    }
    case 9:
      return story.finish_job(source.byte());
    case 10:
      return story.reload(options_of(source));
    case 11: {
      const std::string_view path = source.pick(paths);
      return story.ask_monitor(path, source.text_until('\n'));
    }
    case 12:
      return request_end(story, source.byte());
    case 13:
      return story.step();
    case 14: {
      const std::size_t to = slot();
      return story.receive(to, std::string(source.text_until('\n')).append("\r\n"));
    }
    default:
      story.step();
      return story.acknowledge_all();
  }
}

std::uint64_t tell(std::string_view input) {
  ByteSource source(input);
  const Options options = options_of(source);
  ShardStory story(options, source.byte());
  for (std::size_t deeds = 0; deeds < deeds_max && !source.is_empty(); ++deeds) {
    do_one_deed(story, source);
  }
  story.finish();
  return story.trace();
}

}  // namespace

void run_target(std::string_view input) {
  const std::uint64_t first = tell(input);
  const std::uint64_t second = tell(input);
  law(first == second, "the same story has the same digests and outputs");
}

}  // namespace rubus::fuzz
