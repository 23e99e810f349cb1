// INFO and CONNECT of leaf connections: what a hub and a leaf node tell each other before the first
// interest line.
//
// Keys in the order of nats-server, empty optional keys left out. Reading is strict about JSON and
// types, lenient about what is missing: nats-server of other versions, and others, leave out much.
// Source: cluster_protocol.md section D.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/seam/options.h"

namespace rubus {

struct LeafInfo {
  std::string server_id;
  std::string server_name;
  std::string version;
  std::int64_t protocol = 0;
  std::string host;
  std::int64_t port = 0;
  bool headers = false;
  bool tls_required = false;
  bool tls_verify = false;
  std::int64_t max_payload = 0;
  std::string ip;              // "host:port"
  std::int64_t client_id = 0;  // 0: not the INFO of a leaf port
  std::string nonce;
  std::string cluster;
  std::string domain;
  bool connect_info = false;   // the answer to CONNECT
  std::string remote_account;  // with connect_info: the account there
  bool account_is_system = false;
  std::string compression;
  std::optional<SubjectFilter> import_filter;  // what the leaf may subscribe to
  std::optional<SubjectFilter> export_filter;  // what the leaf may publish
  bool info_on_connect = false;                // CONNECT will be answered
  std::vector<std::string> leafnode_urls;
};

struct LeafConnect {
  std::string version;
  std::string nkey;
  std::string signature;
  std::string username;
  std::string password;
  std::string token;
  std::string server_id;
  std::string domain;
  std::string name;     // server name
  bool is_hub = false;  // the one who dialed plays the hub
  std::string cluster;  // the server name where there is none
  bool headers = false;
  std::vector<std::string> deny_publish;  // what the hub may not send to this leaf
  bool isolate = false;
  std::string compression;
  std::string gateway;
  std::string remote_account;  // account of the leaf at its own server
  std::int64_t protocol = 0;
  std::string language;  // only clients say it
};

// The values of the wire; false if the text is no object, or a known key has the wrong type.
bool read_leaf_info(std::string_view json, LeafInfo& info);
bool read_leaf_connect(std::string_view json, LeafConnect& connect);

// The whole lines, with CRLF.
std::string leaf_info_line(const LeafInfo& info, const Options& options);
std::string leaf_connect_line(const LeafConnect& connect);

// `cluster` is the name that the cluster goes by (EngineContext::cluster_name; a made-up one may
// have given way to a neighbour's); empty: not clustered.

// The name under which this server's leaf nodes and hubs know it: its cluster, else (where it has
// remotes or a leaf is told) its own name.
std::string leaf_cluster_name(const Options& options, std::string_view cluster);

// What this server says of itself in each INFO of its leaf port; the caller adds what belongs to
// the connection.
LeafInfo own_leaf_info(const Options& options, std::string_view cluster);

}  // namespace rubus
