// RequestInfo: what a service learns of who asks, as the header Nats-Request-Info.
//
// Always: the account and the round trip time. With `share` on the import: the connection too. A
// request that passes several imports names the account in between as the service's.
// Fields and their order are those of nats-server 2.15 (JSON, empty fields left out).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/time.h"

namespace rubus {

constexpr std::string_view request_info_header = "Nats-Request-Info";

struct RequestInfo {
  WallTime start;  // 0: not shared
  std::string host;
  std::uint64_t id = 0;
  std::string account;
  std::string service;
  std::string user;
  std::string name;
  std::string lang;
  std::string version;
  Duration round_trip;
  std::string server;
  std::string cluster;
  std::string kind;
  std::string client_type;

  std::string json() const;
};

}  // namespace rubus
