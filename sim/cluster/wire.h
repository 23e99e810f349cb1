// Wire: one TCP connection between two parties, each a shard of a node or a client.
//
// End 0 dialed, end 1 accepted (of a sibling wire: the lower shard is end 0). pipes[i] carries what
// end i sends. An end without a socket answers bytes with a reset, as the kernel of its host does;
// an end whose host is down swallows them. Who is told what and when is the world's business.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>

#include "engine/seam/input.h"
#include "sim/sim_client.h"
#include "sim/sim_link.h"

namespace rubus::sim {

using WireNumber = std::uint32_t;  // counted from 1 over the whole run, never used again

struct WireEnd {
  bool is_node = false;
  std::uint32_t who = 0;    // node or client
  std::uint32_t epoch = 0;  // of the node's process
  std::uint32_t shard = 0;
  bool has_socket = false;
  bool is_host_down = false;  // since this end lost its socket nobody answers
};

struct Wire {
  Wire(WireNumber number_, ConnectionKind kind_, const LinkShape& shape, std::uint64_t seed,
       const std::string& name)
      : number(number_),
        kind(kind_),
        pipes{SimPipe(shape, seed, name + " forth"), SimPipe(shape, seed, name + " back")} {}

  SimPipe& from(std::size_t end) { return pipes[end]; }
  SimPipe& to(std::size_t end) { return pipes[1 - end]; }

  WireNumber number;
  ConnectionKind kind;
  DialTicket ticket;
  std::array<Address, 2> addresses;
  std::array<WireEnd, 2> ends;
  std::array<SimPipe, 2> pipes;
  std::array<bool, 2> is_reset_due{};  // end i is to be told of a reset, once the path allows it
  bool has_vanished = false;           // both directions swallow everything

  std::deque<ClientOperation> operations;  // of a client: said, not yet wholly handed in
  std::uint64_t handed_in = 0;             // bytes of them
};

}  // namespace rubus::sim
