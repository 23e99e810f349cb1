// Headers through the broker: core messaging never reads a header block, so whatever bytes a
// publisher calls headers must arrive untouched, or not at all.
//
// One publisher sends an HPUB to two subscribers, one with headers and one without:
// - the first gets HMSG with the publisher's sizes and bytes, or MSG if the header size is 0;
// - the second gets MSG with exactly the bytes behind the header block;
// - neither the cuts of the input nor the size of the payload (copied or referenced) matter.
//
// Input: share of header bytes, cut size, flags, then the bytes of header block and payload.
#include <algorithm>
#include <string>
#include <string_view>

#include "fuzz/byte_source.h"
#include "fuzz/target.h"
#include "tests/engine/shard_harness.h"

namespace rubus::fuzz {

namespace {

struct Message {
  std::string reply;  // empty, or with a blank behind it
  std::string header_digits;
  std::string total_digits;
  std::size_t header_size = 0;
  std::string body;
};

Message message_of(ByteSource& source) {
  Message message;
  const std::size_t share = source.byte();
  const std::uint8_t flags = source.byte();
  message.body = source.rest();
  if ((flags & 1U) != 0) {
    // Above the size up to which payloads are copied.
    message.body.resize(message.body.size() + 1500, '+');
  }
  message.header_size = (message.body.size() * share + 127) / 255;
  const char* zeros = (flags & 2U) != 0 ? "00" : "";
  message.header_digits = zeros + std::to_string(message.header_size);
  message.total_digits = zeros + std::to_string(message.body.size());
  message.reply = (flags & 4U) != 0 ? "answer.here " : "";
  return message;
}

void send_in_cuts(test::ShardHarness& shard, int client, std::string_view bytes, std::size_t cut) {
  while (!bytes.empty()) {
    shard.send_only(client, bytes.substr(0, cut));
    bytes.remove_prefix(std::min(cut, bytes.size()));
  }
}

}  // namespace

void run_target(std::string_view input) {
  ByteSource source(input);
  // Byte by byte only while that is cheap.
  const std::size_t cut =
      std::max<std::size_t>(source.byte() * std::size_t{8} + 1, input.size() > 400 ? 64 : 1);
  const Message message = message_of(source);
  test::ShardHarness shard;
  const int whole = shard.connect(R"({"verbose":false,"pedantic":false,"headers":true})");
  const int stripped = shard.connect(R"({"verbose":false,"pedantic":false})");
  const int publisher = shard.connect(R"({"verbose":false,"pedantic":false,"headers":true})");
  shard.send(whole, "SUB a.* 1\r\n");
  shard.send(stripped, "SUB a.b q 22\r\n");
  shard.take(publisher);

  std::string bytes = "HPUB a.b " + message.reply + message.header_digits + " ";
  bytes.append(message.total_digits).append("\r\n").append(message.body).append("\r\nPING\r\n");
  send_in_cuts(shard, publisher, bytes, cut);

  const bool has_headers = message.header_size > 0;
  const std::string kept_sizes =
      (has_headers ? message.header_digits + " " : "") + message.total_digits;
  const std::string wanted_whole = std::string(has_headers ? "HMSG" : "MSG") + " a.b 1 " +
                                   message.reply + kept_sizes + "\r\n" + message.body + "\r\n";
  const std::string payload = message.body.substr(message.header_size);
  const std::string stripped_size =
      has_headers ? std::to_string(payload.size()) : message.total_digits;
  const std::string wanted_stripped =
      "MSG a.b 22 " + message.reply + stripped_size + "\r\n" + payload + "\r\n";
  const std::string seen_whole = shard.take(whole);
  const std::string seen_stripped = shard.take(stripped);
  const std::string seen_publisher = shard.take(publisher);
  law(seen_whole == wanted_whole, "headers pass through unchanged", seen_whole, wanted_whole);
  law(seen_stripped == wanted_stripped, "a receiver without headers gets the payload alone",
      seen_stripped, wanted_stripped);
  law(seen_publisher == "PONG\r\n", "the publisher is told nothing", seen_publisher, "PONG\r\n");
  law(!shard.is_closed(publisher), "no header block closes a connection");
}

}  // namespace rubus::fuzz
