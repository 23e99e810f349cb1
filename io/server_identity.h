// What a server is known by: keys made fresh at every start and never written down, the name of a
// cluster that was given none, and where clients reach it.
//
// server_id is the public part of an Ed25519 key as nkey text ("N…"), xkey that of an X25519 key
// ("X…"). The private parts sign and open nothing yet, so they are forgotten at once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/entropy_source.h"

namespace rubus::io {

struct ServerKeys {
  std::string server_id;
  std::string xkey;
};

ServerKeys make_server_keys(EntropySource& entropy);

// 22 letters and digits.
std::string make_cluster_name(EntropySource& entropy);

// Eight letters and digits of the SHA-256 of a server's name: what JetStream calls a node.
std::string node_hash(std::string_view server_name);

// Where clients of other nodes reach a listener, as "host:port": for an unspecified host the
// addresses of the machine that others can route to; empty if there are none.
std::vector<std::string> reachable_urls(const std::string& host, std::uint16_t port);

// The first of them without its port; `host` itself where it is specified.
std::string reachable_host(const std::string& host);

}  // namespace rubus::io
