// Options: everything configurable that the engine decides by. A plain value; the shell builds it
// from flags and configuration file, hands it in at start and again with each reload.
//
// Not here: files, listeners, certificates, log targets. Those concern the shell alone and live in
// io/server_config.h. Defaults are those of nats-server (reference: its configuration manual).
// Units: bytes, counts, Duration in nanoseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/time.h"

namespace rubus {

struct ResponsePermission {
  std::int64_t messages_max = 1;         // -1: unlimited
  Duration time_to_live = seconds(120);  // negative: never expires
};

// An entry of a subscribe list may be "subject queue".
struct Permissions {
  std::vector<std::string> publish_allow;
  std::vector<std::string> publish_deny;
  std::vector<std::string> subscribe_allow;
  std::vector<std::string> subscribe_deny;
  std::optional<ResponsePermission> responses;
};

enum class ConnectionType : std::uint8_t {
  standard = 0,
  websocket,
  leafnode,
  leafnode_websocket,
  mqtt,
  mqtt_websocket,
  in_process,
};

struct User {
  std::string name;      // empty for nkey users
  std::string password;  // plain or bcrypt ("$2a$…"); empty matches an empty password only
  std::string nkey;      // public user nkey "U…", empty for name users
  std::string account;   // empty: the global account $G
  std::optional<Permissions> permissions;  // default_permissions are already folded in
  std::uint8_t connection_types = 0;       // bit set of ConnectionType; 0: all
};

struct Authorization {
  std::string token;     // plain or bcrypt
  std::string username;  // the single user
  std::string password;
  std::vector<User> users;
  std::string no_auth_user;
  Duration timeout = seconds(2);

  bool is_required() const { return !token.empty() || !username.empty() || !users.empty(); }
};

enum class TlsPolicy : std::uint8_t { off, required, optional };

struct TlsOptions {
  TlsPolicy policy = TlsPolicy::off;  // optional = allow_non_tls
  bool verify = false;                // client certificate required
  bool map = false;                   // verify_and_map: the certificate names the user
  bool handshake_first = false;
  Duration handshake_first_fallback;  // 0: none, the client must start the handshake
  Duration timeout = seconds(2);
};

struct Limits {
  std::int64_t max_payload = 1'048'576;  // -1: unlimited
  std::int64_t max_pending = 67'108'864;
  std::int64_t max_control_line = 4096;   // negative: every line with an argument is refused
  std::int64_t max_connections = 65'536;  // 0 or negative: every client is refused
  std::int64_t max_subscriptions = 0;     // per connection; 0: unlimited
  std::uint32_t max_subscription_tokens = 0;
  std::uint32_t max_closed_clients = 10'000;
  Duration ping_interval = seconds(120);
  std::uint32_t ping_max = 2;
  Duration write_deadline = seconds(10);
};

struct TraceOptions {
  bool debug = false;
  bool trace = false;
  bool headers_only = false;           // trace_headers
  std::int64_t message_bytes_max = 0;  // max_traced_msg_len; 0: all
};

// What clients and monitoring are told about this server; decides nothing.
struct ServerIdentity {
  std::string server_id;  // public server nkey, "N" + 55 characters
  std::string server_name;
  std::string version;  // the NATS version whose behaviour is implemented
  std::string git_commit;
  std::string toolchain;  // INFO "go"
  std::string xkey;       // curve25519 public key "X…"; may be empty
  std::string host;       // as told to clients
  std::uint16_t port = 0;
};

// Configuration facts that only /varz shows.
struct MonitorOptions {
  std::string http_host;
  std::uint16_t http_port = 0;
  std::uint16_t https_port = 0;
  std::string http_base_path;
  WallTime config_load_time;
  std::string config_digest;
  std::string write_timeout;    // as configured; the one policy of clients is "close"
  WallTime tls_cert_not_after;  // 0: no certificate
  std::vector<std::string> tags;
  std::vector<std::pair<std::string, std::string>> metadata;
};

struct Options {
  ServerIdentity identity;
  Limits limits;
  Authorization authorization;
  std::vector<std::string> accounts;  // configured accounts besides $G, sorted
  std::string system_account = "$SYS";
  TlsOptions tls;
  TraceOptions trace;
  MonitorOptions monitor;
  Duration lame_duck_duration = seconds(120);
  Duration lame_duck_grace_period = seconds(10);
  bool headers = true;              // false: no_header_support
  bool fast_producer_stall = true;  // false: no_fast_producer_stall
  bool match_cache = true;          // false: disable_sublist_cache
};

}  // namespace rubus
