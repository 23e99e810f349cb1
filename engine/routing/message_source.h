// MessageSource: where a message came from, which decides where it may go on to.
//
// A message crosses each boundary at most once: from a route only to what is local (clients, leaf
// nodes, sibling shards), from a sibling never to another sibling, from a leaf node never back into
// its own cluster. Source: cluster_protocol.md sections C and D; architecture.md section 5.
#pragma once

#include <span>
#include <string_view>

#include "engine/routing/subscription.h"
#include "engine/seam/input.h"

namespace rubus {

struct ServiceStep;

struct MessageSource {
  ClientSession* client = nullptr;  // null: a peer's, or the engine's own
  PeerLink* peer = nullptr;
  ConnectionKind kind = ConnectionKind::client;  // client for the engine's own, too
  OriginNumber origin = 0;                       // leaf cluster that published it
  // From a peer: the groups that are to be served here. Others are not.
  std::span<const std::string_view> queues;
  bool all_queues = false;           // the subject was mapped here: every group is served here
  const ServiceStep* via = nullptr;  // the service import it came through, if any

  static MessageSource of(ClientSession& session) {
    MessageSource source;
    source.client = &session;
    return source;
  }
  static MessageSource of_engine() { return {}; }
};

}  // namespace rubus
