// ServerConfig: all that command line and configuration file say, as one plain value.
//
// `engine` is what the engine decides by; the rest concerns the shell alone: listeners,
// certificates, log targets, files. Built by config_reader and command_line; consumed by
// server_process. Defaults are those of nats-server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/time.h"
#include "engine/seam/options.h"

namespace rubus::io {

struct ListenAddress {
  std::string host = "0.0.0.0";
  std::int32_t port = 4222;  // -1: any free port
};

struct TlsFiles {
  std::vector<std::pair<std::string, std::string>> certificates;  // (certificate, key) files
  std::string ca_file;
  std::vector<std::string> cipher_suites;  // as configured, Go or IANA names
  std::vector<std::string> curve_preferences;
  std::string min_version = "1.2";
  std::vector<std::string> pinned_certs;  // hex sha256 of the SPKI
  bool insecure = false;  // when dialing: the certificate of the other side is not verified
  bool present = false;   // a tls block exists
};

struct LogTarget {
  std::string file;
  std::int64_t size_limit = 0;  // 0: no rotation
  std::int64_t files_max = 0;   // log_max_num; 0: keep all
  bool syslog = false;
  std::string remote_syslog;
  bool timestamps = true;
  bool utc = false;
};

struct MonitorListen {
  std::optional<ListenAddress> http;
  std::optional<ListenAddress> https;
  std::string base_path;
};

// A start-time remark: unsupported but harmless directive, integer duration, …
struct ConfigWarning {
  std::string text;  // "file:line:col: message"
};

// Why no server starts with a configuration that is well said.
struct StartRefusal {
  std::string text;
  // true: a line of the log with label FTL. false: "nats-server: " + text on standard error.
  bool logged = false;
};

struct ServerConfig {
  Options engine;
  ListenAddress client;
  std::uint16_t bound_port = 0;  // of the running server: what port -1 became; 0: not bound yet
  std::string client_advertise;  // as written
  std::string advertised_host;   // taken out of it; empty: as bound
  std::uint16_t advertised_port = 0;  // the same; 0: as bound
  TlsFiles tls;
  // Ports of other servers; what is said there is in engine.cluster and engine.leaf.
  std::optional<ListenAddress> cluster_listen;
  std::optional<ListenAddress> leaf_listen;
  std::string cluster_advertise;  // as written; taken apart in engine.cluster and engine.leaf
  std::string leaf_advertise;
  TlsFiles cluster_tls;  // both directions: routes are dialed with the listener's certificate
  TlsFiles leaf_tls;
  std::vector<TlsFiles> leaf_remote_tls;  // one per engine.leaf.remotes
  std::uint32_t shards = 1;               // engines, each on a thread of its own
  LogTarget log;
  MonitorListen monitor;
  std::optional<ListenAddress> metrics;  // Prometheus alone; none: only the monitoring port
  std::string config_file;               // as given; empty without one
  std::string config_digest;             // "sha256:…"
  std::string pid_file;
  std::string ports_file_dir;
  std::string record_file;  // --record: flight recording of every batch
  std::vector<ConfigWarning> warnings;
  std::vector<StartRefusal> start_errors;  // found while reading; `-t` passes over them
};

}  // namespace rubus::io
