// certificate_name(): the name that a certificate of a dialed server must bear.
//
// The host that is dialed; but where that is an address, learned from another server, the first
// name that the configuration has for these servers: one certificate is made for all of them, and
// few name addresses. Source: behaviour of nats-server 2.15.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/seam/options.h"

namespace rubus {

inline bool is_address_text(std::string_view host) {
  return host.find(':') != std::string_view::npos ||
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

inline std::string certificate_name(std::string_view host,
                                    const std::vector<RemoteUrl>& configured) {
  if (is_address_text(host)) {
    for (const RemoteUrl& url : configured) {
      if (!is_address_text(url.host)) {
        return url.host;
      }
    }
  }
  return std::string(host);
}

}  // namespace rubus
