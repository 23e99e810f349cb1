// INFO: what the server tells a client about itself.
//
// One blank between JSON and CRLF, keys in the order of nats-server, empty optional keys left out.
// Source: client_protocol.md §3.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/seam/options.h"

namespace rubus {

struct InfoFacts {
  std::uint64_t client_id = 0;
  std::string client_ip;
  std::string_view nonce;    // empty: none
  std::string_view cluster;  // empty: not clustered
  std::vector<std::string> connect_urls;
  bool auth_required = false;
  bool connect_info = false;        // the INFO after the first PING
  std::string_view remote_account;  // with connect_info
  bool account_is_system = false;
  bool lame_duck = false;
  std::optional<std::int64_t> max_payload;  // of the account, if it is told
};

// The whole line, "INFO {…} \r\n".
std::string build_info(const Options& options, const InfoFacts& facts);

}  // namespace rubus
