// The keys by which a server is known: made fresh at every start, never written down.
//
// server_id is the public part of an Ed25519 key as nkey text ("N…"), xkey that of an X25519 key
// ("X…"). The private parts sign and open nothing yet, so they are forgotten at once.
#pragma once

#include <string>

#include "io/entropy_source.h"

namespace rubus::io {

struct ServerKeys {
  std::string server_id;
  std::string xkey;
};

ServerKeys make_server_keys(EntropySource& entropy);

}  // namespace rubus::io
