// Who asks, and what that user may do: the answer to $SYS.REQ.USER.INFO.
#pragma once

#include <cstdint>
#include <string>

#include "engine/client/client_parser.h"
#include "engine/client/client_session.h"

namespace rubus {

// What the header Nats-Request-Info of a service request tells; empty without one.
struct RequesterSaid {
  std::uint64_t id = 0;
  std::string server;
  std::string account;
};

RequesterSaid requester_of(const PublishCommand& publish);

// {user, account, account_name, permissions}
std::string user_info_text(const ClientSession& session);

}  // namespace rubus
