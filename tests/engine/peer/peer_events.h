// Runs PeerParser over bytes cut into chunks and writes down what it said, one line per result, in
// the words of the naive grammar.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/peer/peer_parser.h"

namespace rubus::test {

struct PeerSetting {
  PeerFlavour flavour = PeerFlavour::route;
  bool has_account_token = true;
  bool has_leaf_unsub_origin = true;
  PeerParserLimits limits;
};

struct PeerEvents {
  std::vector<std::string> lines;  // the last one is the ending, if any
  std::size_t kept_bytes_max = 0;
};

void apply(const PeerSetting& setting, PeerParser& parser);
bool is_ending(PeerResult result);
std::string text_of(const PeerInterest& interest, bool is_gone);
std::string text_of(const PeerMessage& message);
std::string text_of(const PeerParser& parser, PeerResult result);

// `cuts` are the sizes of the chunks; the last one repeats until the bytes are used up.
PeerEvents parse_peer(std::string_view bytes, const std::vector<std::size_t>& cuts,
                      const PeerSetting& setting);

}  // namespace rubus::test
