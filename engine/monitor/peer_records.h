// What the documents show of routes and leaf nodes; filled in by whoever owns those sessions.
//
// `connection` carries what all connections have: number, address, times, traffic, round trip,
// pending bytes, count of subscriptions, and those themselves when lists are asked for (of a
// route: sid is "account subject" or "account subject queue").
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/seam/options.h"
#include "engine/seam/shard_snapshot.h"

namespace rubus {

struct RouteRecord {
  ConnectionRecord connection;
  std::string remote_id;
  std::string remote_name;
  bool did_solicit = false;
  bool is_configured = false;
  std::optional<SubjectFilter> import_filter;  // as the other side told
  std::optional<SubjectFilter> export_filter;
  std::string account;  // of a route for one account; empty: all
  std::string compression = "off";
};

// The connection's account, user and is_leaf are set too: leaf nodes are listed by /connz.
struct LeafRecord {
  ConnectionRecord connection;
  bool is_spoke = false;  // this side dialed and the other one is the hub
  bool is_isolated = false;
  std::string compression = "off";
};

struct PeerRecords {
  std::vector<RouteRecord> routes;  // in the order of their servers, then of accepting
  std::vector<LeafRecord> leafs;
  std::uint64_t remotes = 0;              // other servers of the cluster that are connected
  std::vector<std::string> connect_urls;  // as INFO tells clients
};

}  // namespace rubus
