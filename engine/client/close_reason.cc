#include "engine/client/close_reason.h"

#include "engine/base/ensure.h"

namespace rubus {

std::string_view close_reason_text(CloseReason reason) {
  switch (reason) {
    case CloseReason::kicked:
      return "Kicked";
    case CloseReason::client_closed:
      return "Client Closed";
    case CloseReason::authentication_timeout:
      return "Authentication Timeout";
    case CloseReason::authentication_failure:
      return "Authentication Failure";
    case CloseReason::tls_handshake_failure:
      return "TLS Handshake Failure";
    case CloseReason::slow_consumer_pending_bytes:
      return "Slow Consumer (Pending Bytes)";
    case CloseReason::slow_consumer_write_deadline:
      return "Slow Consumer (Write Deadline)";
    case CloseReason::write_error:
      return "Write Error";
    case CloseReason::read_error:
      return "Read Error";
    case CloseReason::parse_error:
      return "Parse Error";
    case CloseReason::stale_connection:
      return "Stale Connection";
    case CloseReason::protocol_violation:
      return "Protocol Violation";
    case CloseReason::bad_protocol_version:
      return "Bad Client Protocol Version";
    case CloseReason::incorrect_port:
      return "Incorrect Port";
    case CloseReason::maximum_connections:
      return "Maximum Connections Exceeded";
    case CloseReason::maximum_payload:
      return "Maximum Message Payload Exceeded";
    case CloseReason::maximum_control_line:
      return "Maximum Control Line Exceeded";
    case CloseReason::maximum_subscriptions:
      return "Maximum Subscriptions Exceeded";
    case CloseReason::maximum_account_connections:
      return "Maximum Account Active Connections Exceeded";
    case CloseReason::missing_account:
      return "Missing Account";
    case CloseReason::server_shutdown:
      return "Server Shutdown";
    case CloseReason::authentication_expired:
      return "Authentication Expired";
    case CloseReason::no_responders_requires_headers:
      return "No Responders Requires Headers";
  }
  ensure(false, "every close reason has a text");
  return {};
}

CloseReason close_reason_of(CloseCause cause) {
  switch (cause) {
    case CloseCause::peer_closed:
      return CloseReason::client_closed;
    case CloseCause::read_error:
      return CloseReason::read_error;
    case CloseCause::write_error:
      return CloseReason::write_error;
    case CloseCause::tls_failed:
      return CloseReason::tls_handshake_failure;
  }
  ensure(false, "every cause has its reason");
  return CloseReason::client_closed;
}

}  // namespace rubus
