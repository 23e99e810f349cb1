#include "fuzz/peer_laws.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "fuzz/byte_source.h"
#include "fuzz/target.h"
#include "tests/engine/peer/naive_peer_grammar.h"

namespace rubus::fuzz {

namespace {

test::PeerSetting setting_of(PeerFlavour flavour, std::uint8_t choice) {
  constexpr std::array<std::int64_t, 8> payloads = {1'048'576, 0, 1, 5, 20, 128, 4096, -1};
  constexpr std::array<std::int64_t, 8> lines = {65'536, -1, 1, 8, 16, 40, 64, 1'000'000};
  test::PeerSetting setting;
  setting.flavour = flavour;
  setting.has_account_token = (choice & 1U) == 0;
  setting.has_leaf_unsub_origin = (choice & 0x80U) == 0;
  setting.limits.max_payload = payloads[(choice >> 1U) & 7U];
  setting.limits.max_control_line = lines[(choice >> 4U) & 7U];
  return setting;
}

// One parse of the whole input in chunks; what it said stands in `text`, one line per result.
class Parse {
 public:
  Parse(BlockPool& pool, const test::PeerSetting& setting, std::string& text)
      : pool_(pool), parser_(pool, setting.flavour), text_(text) {
    test::apply(setting, parser_);
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
      take_results();
      const std::size_t fed = whole - bytes.size();
      check_memory(fed);
      law(calls_ <= chunks + fed / 4 + 1, "next() is called once per chunk and result");
    }
  }

 private:
  void take_results() {
    while (!ended_) {
      const PeerResult result = parser_.next();
      ++calls_;
      if (result == PeerResult::need_more) {
        law(!parser_.has_input(), "all input is used up when more is needed");
        return;
      }
      if (result == PeerResult::message) {
        check_message();
      }
      text_.append(test::text_of(parser_, result)).append("\n");
      ended_ = test::is_ending(result);
    }
  }

  void check_memory(std::size_t fed) const {
    constexpr std::size_t first_payload_block = std::size_t{64} << 10U;
    // Blocks come in powers of two (times two), a payload's grows by doubling (times two).
    law(pool_.bytes_in_use() <= 2 * first_payload_block + 6 * fed + 2 * BlockPool::class_bytes_min,
        "blocks grow with the bytes received");
    law(parser_.kept_bytes() <= 4 * fed + 64, "kept bytes grow with the bytes received");
  }

  void check_message() {
    const PeerMessage& said = parser_.message();
    const PublishCommand& message = said.message;
    law(message.body.size() == std::size_t{message.total_size} + 2, "a body has its whole size");
    law(message.body.ends_with("\r\n"), "a body ends with CRLF");
    law(message.header_size <= message.total_size, "headers lie within the body");
    law(message.has_headers == (message.header_size > 0), "headers of size 0 are none");
    law(message.source != nullptr && message.source->data() <= message.body.data() &&
            message.body.data() + message.body.size() <=
                message.source->data() + message.source->size(),
        "the body lies in the slice named as its source");
    law(message.line_tail.ends_with("\r\n"), "the tail of a line ends with CRLF");
    law(said.has_queues == !said.queues.empty(), "queues are there or not");
    const bool same_account = has_last_ && said.account == last_account_;
    law(said.same_account == same_account, "same_account compares with the message before");
    law(message.same_subject == (same_account && message.subject == last_subject_),
        "same_subject compares with the message before");
    has_last_ = true;
    last_account_.assign(said.account);
    last_subject_.assign(message.subject);
  }

  BlockPool& pool_;
  PeerParser parser_;
  std::string& text_;
  std::string last_account_;
  std::string last_subject_;
  std::size_t calls_ = 0;
  bool has_last_ = false;
  bool ended_ = false;
};

}  // namespace

void hold_peer_to_its_laws(PeerFlavour flavour, std::string_view input) {
  // Kept between runs: only their capacity matters, and every run starts with them empty.
  static BlockPool pool;
  static std::string whole;
  static std::string cut;
  ByteSource source(input);
  const test::PeerSetting setting = setting_of(flavour, source.byte());
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
  cut.clear();
  for (const std::string& line : test::read_peer_naively(bytes, setting)) {
    cut.append(line).append("\n");
  }
  law(whole == cut, "parser and naive grammar agree", whole, cut);
}

}  // namespace rubus::fuzz
