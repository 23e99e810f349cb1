// Laws of PeerParser for arbitrary bytes, for both flavours of connection:
// - whole, in the given cuts, and cut at every few bytes, the same bytes give the same results and
// ending;
// - they are what the naive grammar says, limits included;
// - each message keeps what PublishCommand promises to those who deliver it;
// - work is linear and memory grows with what was received, never with what was announced.
//
// Input: one byte of limits and options, three cut sizes, then the peer's bytes.
#pragma once

#include <string_view>

#include "engine/peer/peer_command.h"

namespace rubus::fuzz {

void hold_peer_to_its_laws(PeerFlavour flavour, std::string_view input);

}  // namespace rubus::fuzz
