// ReachedMarks: how often a rare branch was taken, kept in engine state and not in globals.
//
// A mark says "somebody came by here"; it decides nothing and is no part of the digest. The
// simulator adds the marks of all shards of a run up and fails a long run in which one stays at
// zero: then either the branch is dead or the scenarios are too tame. A mark costs one addition, so
// it belongs on branches that are rare, never on the path of every message.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rubus {

enum class Reached : std::uint8_t {
  route_registered,       // a peer has said who it is and is counted
  route_duplicate,        // a second connection to the same peer is closed
  route_to_self,          // own server id at the other end
  route_name_taken,       // another server with the same server name is refused
  route_wrong_cluster,    // a cluster name that does not match is refused
  route_login_refused,    // wrong cluster user or password
  route_dedicated,        // an attempt for one account is refused
  route_stale,            // a peer did not answer pings
  route_slow,             // a peer's queue is over its bound, or its write deadline passed
  gossip_sent,            // a newcomer is told to the others
  gossip_dial,            // a peer is dialed because another told of it
  dial_failed,            // a dial failed
  redial_backoff,         // a later dial waits longer than the first
  redial_given_up,        // a learned peer is not dialed any more
  resolve_failed,         // a host name had no address
  resolve_many,           // a host name had several addresses
  interest_resync,        // a peer that was known before gets the whole interest again
  last_member_gone,       // RS- because the last of a subject and queue left
  queue_weight_changed,   // RS+ again with another weight
  queue_served_remotely,  // a member on another server was chosen
  queue_from_route,       // a message from a route asks for a local member
  queue_member_missing,   // a message from a route names a group without members here
  relayed_to_sibling,     // a message from a route or leaf goes on to another shard
  relayed_from_sibling,   // a sibling's message goes on to a route or leaf
  no_responders_told,     // 503
  no_responders_kept,     // remote interest alone held a 503 back
  connect_urls_told,      // clients are told of changed connect_urls
  lame_duck_told,         // a peer's lame duck reaches own clients
  account_unknown,        // a peer speaks of an account that does not exist here
};

struct ReachedName {
  Reached mark;
  std::string_view name;
};
inline constexpr std::array<ReachedName, 29> reached_names = {{
    {Reached::route_registered, "route registered"},
    {Reached::route_duplicate, "duplicate route"},
    {Reached::route_to_self, "route to self"},
    {Reached::route_name_taken, "server name taken"},
    {Reached::route_wrong_cluster, "wrong cluster name"},
    {Reached::route_login_refused, "route login refused"},
    {Reached::route_dedicated, "dedicated route refused"},
    {Reached::route_stale, "stale route"},
    {Reached::route_slow, "slow route"},
    {Reached::gossip_sent, "gossip sent"},
    {Reached::gossip_dial, "gossip dial"},
    {Reached::dial_failed, "dial failed"},
    {Reached::redial_backoff, "redial back-off"},
    {Reached::redial_given_up, "redial given up"},
    {Reached::resolve_failed, "resolve failed"},
    {Reached::resolve_many, "name with several addresses"},
    {Reached::interest_resync, "interest resync after heal"},
    {Reached::last_member_gone, "RS- of the last member"},
    {Reached::queue_weight_changed, "queue weight changed"},
    {Reached::queue_served_remotely, "queue served remotely"},
    {Reached::queue_from_route, "queue member for a route"},
    {Reached::queue_member_missing, "queue member gone meanwhile"},
    {Reached::relayed_to_sibling, "relayed to a sibling"},
    {Reached::relayed_from_sibling, "relayed from a sibling"},
    {Reached::no_responders_told, "no responders told"},
    {Reached::no_responders_kept, "no responders kept by remote interest"},
    {Reached::connect_urls_told, "connect_urls told"},
    {Reached::lame_duck_told, "lame duck of a peer told"},
    {Reached::account_unknown, "unknown account of a peer"},
}};

class ReachedMarks {
 public:
  void mark(Reached what) { ++counts_[static_cast<std::size_t>(what)]; }
  std::uint64_t count(Reached what) const { return counts_[static_cast<std::size_t>(what)]; }

 private:
  std::array<std::uint64_t, reached_names.size()> counts_{};
};

}  // namespace rubus
