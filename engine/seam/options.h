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

// Where another server listens, and what to say there.
struct RemoteUrl {
  std::string host;
  std::uint16_t port = 0;
  std::string username;  // username without password: a token (leaf nodes only)
  std::string password;
  bool tls = false;  // tls:// or a tls block
};

// What may cross a link: of subjects that local clients want (import) or publish (export).
// An absent side allows all; in a present one an empty allow list allows all.
struct SubjectFilter {
  std::vector<std::string> allow;
  std::vector<std::string> deny;
};

// TLS of a peer port: always required where enabled.
struct PeerTls {
  bool enabled = false;
  bool verify = false;           // the certificate of who dials is asked for
  bool handshake_first = false;  // leaf nodes; routes always do
  Duration timeout = seconds(2);
};

struct ClusterOptions {
  bool enabled = false;  // a cluster port listens
  std::string name;
  bool is_name_dynamic = false;  // made up: another node's name is taken over when one is met
  std::string host;              // of the listener, as announced
  std::uint16_t port = 0;
  std::string advertise_host;        // cluster.advertise; empty: host
  std::uint16_t advertise_port = 0;  // 0: port
  bool no_advertise = false;         // clients are not told of other nodes
  std::vector<RemoteUrl> routes;
  std::string username;  // empty: no authorization
  std::string password;
  Duration authentication_timeout = seconds(2);
  PeerTls tls;
  std::optional<SubjectFilter> import_filter;
  std::optional<SubjectFilter> export_filter;
  std::uint32_t connect_retries = 0;  // of routes learned by gossip
  bool connect_backoff = false;
  Duration ping_interval = seconds(30);
  std::uint32_t ping_max = 2;
  Duration write_deadline = seconds(10);
};

struct LeafUser {
  std::string username;
  std::string password;
  std::string nkey;
  std::string account;  // empty: $G
};

// One leafnodes.remotes entry.
struct LeafRemote {
  std::vector<RemoteUrl> urls;
  std::string account;  // local account that is joined; empty: $G
  std::vector<std::string> deny_imports;
  std::vector<std::string> deny_exports;
  bool is_hub = false;  // this side plays the hub
  bool no_randomize = false;
  bool ignores_discovered = false;  // dials the configured urls only
  PeerTls tls;
  Duration first_info_timeout = seconds(1);
};

struct LeafOptions {
  bool enabled = false;  // a leaf node port listens
  std::string host;
  std::uint16_t port = 0;
  std::string advertise_host;
  std::uint16_t advertise_port = 0;
  bool no_advertise = false;
  std::vector<LeafUser> users;  // empty: the users of the server
  std::string account;          // without `users`: of connections that name no user; empty: $G
  Duration authentication_timeout = seconds(2);
  PeerTls tls;
  std::string min_version;  // "2.8.0"; empty: any
  bool isolate_leafnode_interest = false;
  std::vector<LeafRemote> remotes;
  Duration reconnect_interval = seconds(1);
  Duration ping_interval = seconds(120);
  std::uint32_t ping_max = 2;
  Duration write_deadline = seconds(10);
};

struct StreamExport {
  std::string subject;
  bool is_private = false;
  std::vector<std::string> accounts;         // who may import, if private
  std::uint32_t account_token_position = 0;  // 0: none
};

enum class ResponseType : std::uint8_t { singleton, stream, chunked };

struct ServiceExport {
  std::string subject;
  ResponseType response_type = ResponseType::singleton;
  bool is_private = false;
  std::vector<std::string> accounts;
  std::uint32_t account_token_position = 0;
  Duration response_threshold = seconds(120);
};

struct StreamImport {
  std::string account;  // who exports
  std::string subject;  // there
  std::string to;       // here; empty: the same subject (a prefix is already folded in)
};

struct ServiceImport {
  std::string account;
  std::string subject;  // there
  std::string to;       // here; empty: the same subject
  bool share = false;   // tells the service who asks
};

struct MappingDestination {
  std::string subject;
  std::uint32_t weight = 100;  // percent
  std::string cluster;         // empty: everywhere
};

struct MappingOptions {
  std::string source;
  std::vector<MappingDestination> destinations;
};

// Negative: unlimited.
struct AccountLimits {
  std::int64_t connections_max = -1;
  std::int64_t subscriptions_max = -1;
  std::int64_t payload_max = -1;
  std::int64_t leafnodes_max = -1;
};

struct AccountOptions {
  std::string name;
  std::vector<StreamExport> stream_exports;
  std::vector<ServiceExport> service_exports;
  std::vector<StreamImport> stream_imports;
  std::vector<ServiceImport> service_imports;
  std::vector<MappingOptions> mappings;
  AccountLimits limits;
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
  std::string node_hash;                  // 8 characters of the hash of server_name
  std::vector<std::string> connect_urls;  // "host:port" of this server's client port
};

// Which of the engines of one process this is. Shard 0 speaks for all towards other servers.
struct ShardPlace {
  std::uint32_t index = 0;
  std::uint32_t count = 1;
};

// Configuration facts that only /varz shows.
struct MonitorOptions {
  std::string http_host;
  std::uint16_t http_port = 0;
  std::uint16_t https_port = 0;
  std::string http_base_path;
  WallTime config_load_time;
  std::string config_digest;
  std::string write_timeout;             // as configured; the one policy of clients is "close"
  WallTime tls_cert_not_after;           // 0: no certificate
  std::string metrics_prefix = "nats";   // of the families the stock exporter gives: core
  std::string metrics_prefix_jetstream;  // empty: metrics_prefix (else as "jetstream")
  std::string metrics_server_id;         // label; empty: the server name
  std::vector<std::string> tags;
  std::vector<std::pair<std::string, std::string>> metadata;
};

struct Options {
  ServerIdentity identity;
  Limits limits;
  Authorization authorization;
  // Configured accounts sorted by name; $G only if something is configured for it.
  std::vector<AccountOptions> accounts;
  std::string system_account = "$SYS";
  ClusterOptions cluster;
  LeafOptions leaf;
  ShardPlace shard;
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
