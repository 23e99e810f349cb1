// What route and leaf connections say to each other, as values; read by PeerParser, written by
// peer_lines. Views point into a read, or into the caller's memory when written.
//
// An account is empty where the line names none: on leaf connections, and on connections that are
// dedicated to one account. Sibling shards of one process use the route flavour.
// Source: cluster_protocol.md sections C and D.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/client/client_parser.h"

namespace rubus {

enum class PeerFlavour : std::uint8_t { route, leaf };

// RS+ LS+ RS- LS-. `weight` counts the members of `queue`; it says nothing without one.
struct PeerInterest {
  std::string_view origin;  // cluster of the leafs spoken for; empty: RS, or a leaf connection
  std::string_view account;
  std::string_view subject;
  std::string_view queue;
  std::uint32_t weight = 1;
};

// RMSG HMSG LMSG. The message is told as a publish, so that it is delivered as one: its line_tail
// is "[reply ]size\r\n" or "[reply ]header total\r\n", its body ends with CRLF.
struct PeerMessage {
  std::string_view origin;
  std::string_view account;
  PublishCommand message;  // same_subject: subject and account equal those of the message before
  bool has_queues = false;
  std::vector<std::string_view> queues;  // groups that the receiver shall serve
  bool same_account = false;             // as the message before on this connection
};

}  // namespace rubus
