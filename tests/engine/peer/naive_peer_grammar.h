// The grammar of route and leaf connections, read the plain way: whole input, words in vectors,
// one table of forms. Shares no code with PeerParser; says the same lines as peer_events.
// Source: cluster_protocol.md sections C and D.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/engine/peer/peer_events.h"

namespace rubus::test {

std::vector<std::string> read_peer_naively(std::string_view bytes, const PeerSetting& setting);

}  // namespace rubus::test
