// Laws of ClientParser for arbitrary bytes (reliability.md section 5, numbers 1 to 3, 5 to 7):
// - whole, in the given cuts, and byte by byte (if short), the same bytes give the same commands
// and ending;
// - they are what the naive grammar says, limits included;
// - work is linear: each call of next() ends a chunk or yields a command of at least four bytes;
// - memory grows with what was received, never with what was announced.
//
// Input: one byte of limits, three cut sizes, then the client's bytes.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/text_number.h"
#include "engine/client/client_parser.h"
#include "fuzz/byte_source.h"
#include "fuzz/target.h"
#include "tests/engine/client/naive_grammar.h"

namespace rubus::fuzz {

namespace {

struct Setting {
  ParserLimits limits;
  bool is_gate_open = true;
};

Setting setting_of(std::uint8_t choice) {
  constexpr std::array<std::int64_t, 8> payloads = {1'048'576, 0, 1, 5, 20, 128, 4096, -1};
  constexpr std::array<std::int64_t, 8> lines = {4096, -1, 1, 8, 16, 40, 64, 100'000};
  Setting setting;
  setting.limits.headers = (choice & 1U) == 0;
  setting.limits.max_payload = payloads[(choice >> 1U) & 7U];
  setting.limits.max_control_line = lines[(choice >> 4U) & 7U];
  setting.is_gate_open = (choice & 0x80U) == 0;
  return setting;
}

// One parse of the whole input in chunks; what it said stands in `text`, one line per command, in
// the words of the naive grammar.
class Parse {
 public:
  Parse(BlockPool& pool, const Setting& setting, std::string& text)
      : pool_(pool), parser_(pool), text_(text) {
    parser_.limits = setting.limits;
    parser_.is_gate_open = setting.is_gate_open;
    text_.clear();
  }

  void run(std::string_view bytes, const std::array<std::size_t, 3>& cuts) {
    const std::size_t whole = bytes.size();
    std::size_t chunks = 0;
    while (!bytes.empty() && !ended_) {
      const std::size_t size = std::min(bytes.size(), cuts[std::min<std::size_t>(chunks, 2)]);
      ++chunks;
      parser_.feed(Slice::copy_of(pool_, bytes.substr(0, size)));
      bytes.remove_prefix(size);
      take_commands();
      const std::size_t fed = whole - bytes.size();
      check_memory(fed);
      // The ending may add a call, and so may the gate.
      law(calls_ <= chunks + fed / 4 + 2, "next() is called once per chunk and command");
    }
  }

 private:
  void take_commands() {
    for (;;) {
      const ParseResult result = parser_.next();
      ++calls_;
      if (result == ParseResult::need_more) {
        law(!parser_.has_input(), "all input is used up when more is needed");
        return;
      }
      write(result);
      if (result == ParseResult::connect_required) {
        law(!parser_.is_gate_open, "only a closed gate asks for CONNECT");
      }
      parser_.is_gate_open = parser_.is_gate_open || result == ParseResult::connect ||
                             result == ParseResult::connect_required;
      if (ended_) {
        return;
      }
    }
  }

  void check_memory(std::size_t fed) const {
    constexpr std::size_t first_payload_block = std::size_t{64} << 10U;
    // Blocks come in powers of two (times two), a payload's grows by doubling (times two).
    law(pool_.bytes_in_use() <= 2 * first_payload_block + 6 * fed + 2 * BlockPool::class_bytes_min,
        "blocks grow with the bytes received");
    law(parser_.kept_bytes() <= 2 * fed + 64, "kept bytes grow with the bytes received");
  }

  void end(std::string_view words) {
    text_.append(words).append("\n");
    ended_ = true;
  }

  void write_publish() {
    const PublishCommand& publish = parser_.publish();
    const ParserLimits& limits = parser_.limits;
    law(publish.body.size() == std::size_t{publish.total_size} + 2, "a body has its whole size");
    law(publish.body.ends_with("\r\n"), "a body ends with CRLF");
    law(publish.header_size <= publish.total_size, "headers lie within the body");
    law(publish.has_headers == (publish.header_size > 0), "headers of size 0 are none");
    law(limits.max_payload < 0 || publish.total_size <= limits.max_payload,
        "a payload over the limit is refused");
    law(publish.source != nullptr && publish.source->data() <= publish.body.data() &&
            publish.body.data() + publish.body.size() <=
                publish.source->data() + publish.source->size(),
        "the body lies in the slice named as its source");
    law(publish.line_tail.ends_with("\r\n"), "the tail of a line ends with CRLF");
    law(publish.same_subject == (publish.subject == last_subject_),
        "same_subject compares with the publish before");
    last_subject_.assign(publish.subject);
    text_.append(publish.has_headers ? "HPUB <" : "PUB <").append(publish.subject).append("> <");
    text_.append(publish.reply).append("> <");
    text_.append(publish.line_tail.substr(0, publish.line_tail.size() - 2)).append("> <");
    text_.append(publish.body).append(">\n");
  }

  void write(ParseResult result) {
    switch (result) {
      case ParseResult::connect:
        text_.append("CONNECT ").append(parser_.argument()).append("\n");
        return;
      case ParseResult::info:
        text_.append("INFO ").append(parser_.argument()).append("\n");
        return;
      case ParseResult::publish:
        write_publish();
        return;
      case ParseResult::subscribe: {
        const SubscribeCommand& subscribe = parser_.subscribe();
        text_.append("SUB <").append(subscribe.subject).append("> <").append(subscribe.queue);
        text_.append("> <").append(subscribe.sid).append(">\n");
        return;
      }
      case ParseResult::unsubscribe:
        text_.append("UNSUB <").append(parser_.unsubscribe().sid).append("> ");
        append_number(text_, std::uint64_t{parser_.unsubscribe().max});
        text_.append("\n");
        return;
      case ParseResult::ping:
        text_.append("PING\n");
        return;
      case ParseResult::pong:
        text_.append("PONG\n");
        return;
      case ParseResult::ok:
        text_.append("+OK\n");
        return;
      case ParseResult::connect_required:
        text_.append("connect required\n");
        return;
      case ParseResult::unknown_operation:
        return end("unknown operation");
      case ParseResult::argument_error:
        return end("argument error");
      case ParseResult::control_line_exceeded:
        return end("control line exceeded");
      case ParseResult::payload_exceeded:
        return end("payload exceeded");
      case ParseResult::client_error:
        return end("client error");
      case ParseResult::need_more:
        return;
    }
  }

  BlockPool& pool_;
  ClientParser parser_;
  std::string& text_;
  std::string last_subject_;
  std::size_t calls_ = 0;
  bool ended_ = false;
};

}  // namespace

void run_target(std::string_view input) {
  // Kept between runs: only their capacity matters, and every run starts with them empty.
  static BlockPool pool;
  static std::string whole;
  static std::string cut;
  ByteSource source(input);
  const Setting setting = setting_of(source.byte());
  const std::array<std::size_t, 3> cuts = {source.byte() + std::size_t{1},
                                           source.byte() + std::size_t{1},
                                           source.byte() + std::size_t{1}};
  const std::string_view bytes = source.rest();
  const std::size_t size = bytes.size() + 1;
  Parse(pool, setting, whole).run(bytes, {size, size, size});
  Parse(pool, setting, cut).run(bytes, cuts);
  law(cut == whole, "the given cuts change nothing", cut, whole);
  // At every byte; in long inputs at every few, which costs a read each and finds as much.
  constexpr std::size_t reads_max = 128;
  const std::size_t stride = 1 + bytes.size() / reads_max;
  Parse(pool, setting, cut).run(bytes, {1, stride, stride});
  law(cut == whole, "cutting at every byte changes nothing", cut, whole);
  law(pool.blocks_in_use() == 0, "a parser leaves no block behind");
  if (setting.is_gate_open) {
    cut.clear();
    for (const std::string& line : test::read_naively(bytes, setting.limits)) {
      cut.append(line).append("\n");
    }
    law(whole == cut, "parser and naive grammar agree", whole, cut);
  }
}

}  // namespace rubus::fuzz
