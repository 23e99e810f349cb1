// Service: something the engine itself listens for, as a subscription of kind `service`.
//
// When a message matches, fan_out() calls it once all other receivers have been served, with the
// views of the message still valid. `number` names the entry in the table of whoever made it.
#pragma once

#include <cstdint>

namespace rubus {

class Account;

enum class ServiceKind : std::uint8_t {
  service_import,   // Account's imports: goes on in the exporting account
  import_response,  // a reply on its way back to the importing account
  system_request,   // $SYS.REQ.…
};

struct Service {
  ServiceKind kind = ServiceKind::system_request;
  Account* account = nullptr;  // where the subscription lives
  std::uint32_t number = 0;
};

}  // namespace rubus
