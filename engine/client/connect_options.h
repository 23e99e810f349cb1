// ConnectOptions: what a client says of itself in CONNECT.
//
// Keys are matched without regard to case, unknown keys are ignored, null leaves a value as it is
// (the behaviour of Go's JSON decoder, which clients were written against). A second CONNECT is
// merged over the first. Source: client_protocol.md §4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/auth/login.h"

namespace rubus {

struct ConnectOptions {
  bool verbose = true;
  bool pedantic = true;
  bool echo = true;
  bool headers = false;
  bool no_responders = false;
  std::int64_t protocol = 0;
  std::string name;
  std::string lang;
  std::string version;
  std::string account;
  bool new_account = false;
  Credentials credentials;
};

// False if the text is not JSON, not an object (or null), or a known key has a value of the wrong
// type; `options` may then be half changed.
bool merge_connect_options(std::string_view json, ConnectOptions& options);

// The JSON of a client's INFO is only checked.
bool is_json_object(std::string_view json);

}  // namespace rubus
