// ServiceStep: the import that a message has just come through, and by its `before` the ones it
// came through earlier. Lives on the stack while the message is carried on.
//
// Steps show cycles (an export that is passed twice), carry what services are told of the one who
// asks, and keep such messages out of exported streams.
#pragma once

#include <string_view>

#include "engine/auth/request_info.h"

namespace rubus {

class Account;

struct ServiceStep {
  const ServiceStep* before = nullptr;
  const Account* exporter = nullptr;
  std::string_view exported;  // the export's subject; empty: none
  bool shares = false;
  const RequestInfo* info = nullptr;  // null: of a response
};

// The message has passed this export before.
inline bool has_passed(const ServiceStep* via, const Account& exporter, std::string_view exported) {
  for (const ServiceStep* step = via; step != nullptr; step = step->before) {
    if (step->exporter == &exporter && step->exported == exported) {
      return true;
    }
  }
  return false;
}

}  // namespace rubus
