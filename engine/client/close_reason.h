// CloseReason: why a connection ended, with the texts monitoring shows.
// Source: client_protocol.md §10, "Close reasons".
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/seam/input.h"

namespace rubus {

enum class CloseReason : std::uint8_t {
  client_closed,
  authentication_timeout,
  authentication_failure,
  tls_handshake_failure,
  slow_consumer_pending_bytes,
  slow_consumer_write_deadline,
  write_error,
  read_error,
  parse_error,
  stale_connection,
  protocol_violation,
  bad_protocol_version,
  incorrect_port,
  maximum_connections,
  maximum_payload,
  maximum_control_line,
  maximum_subscriptions,
  maximum_account_connections,
  missing_account,
  server_shutdown,
  authentication_expired,
  no_responders_requires_headers,
  kicked,
};

std::string_view close_reason_text(CloseReason reason);
// Of a socket that is gone by itself.
CloseReason close_reason_of(CloseCause cause);

}  // namespace rubus
