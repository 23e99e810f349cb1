// Output: everything a shard wants. An output is permission to act now; the shell never orders,
// delays or interprets.
//
// Owned and reused by the caller (clear() keeps capacity), so the steady state allocates nothing.
// Spans and references in it live until the next step; bytes named by `sendable` are fetched with
// gather() and stay until BytesSent or ConnectionClosed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/seam/input.h"

namespace rubus {

struct ReadAppetite {
  ConnectionId connection;
  bool paused = false;
  std::uint32_t next_read_bytes = 0;  // 0: the shell's default
};

struct CloseConnection {
  ConnectionId connection;
  bool after_flush = false;  // queued bytes leave first (bounded by the shell's linger time)
};

enum class TlsStart : std::uint8_t {
  after_flush,  // the queued INFO leaves in clear, then the handshake must begin
  peek,         // the first byte decides between TLS and plain (allow_non_tls)
  now,          // handshake_first: wait for the handshake, nothing is sent before
  dial,         // this side dialed and begins the handshake at once
};

struct StartTls {
  ConnectionId connection;
  TlsStart start = TlsStart::after_flush;
};

enum class JobKind : std::uint8_t { bcrypt_check, ed25519_verify };

// Slow pure work. bcrypt_check: secret against hash. ed25519_verify: signature (64 bytes) over
// message by key (32 bytes).
struct Job {
  JobTicket ticket;
  JobKind kind = JobKind::bcrypt_check;
  std::string secret;  // password | message
  std::string hash;    // bcrypt hash | public key
  std::string signature;
};

enum class LogLevel : std::uint8_t { info, debug, warning, error, fatal, trace };

struct LogLine {
  LogLevel level = LogLevel::info;
  std::string text;
};

struct MonitorReply {
  MonitorTicket ticket;
  std::uint16_t status = 200;
  bool is_json = true;      // else text/plain
  bool is_metrics = false;  // the Prometheus text format, version 0.0.4
  std::string body;
};

// From shard 0 to every other shard of the process, which is told by SnapshotAsked.
struct SnapshotWish {
  SnapshotTicket ticket;
  std::shared_ptr<const MonitorQuestion> question;
};

// From another shard to shard 0, which is told by SnapshotTaken.
struct SnapshotGiven {
  SnapshotTicket ticket;
  std::shared_ptr<const ShardSnapshot> snapshot;
};

// Answered by HostResolved.
struct ResolveHost {
  ResolveTicket ticket;
  std::string host;
};

// Answered by ConnectionOpened with this ticket, or by DialFailed. The bytes that follow are plain
// until StartTls says otherwise.
struct DialPeer {
  DialTicket ticket;
  ConnectionKind kind = ConnectionKind::route;
  Address address;
  std::string host;                // as configured: the name a certificate must bear
  std::uint32_t leaf_remote = 0;   // of kind leaf: which of LeafOptions.remotes, for its TLS files
  Duration patience = seconds(3);  // after that the dial has failed
};

struct Output {
  std::vector<ConnectionId> sendable;  // each at most once per step
  std::vector<ReadAppetite> appetite;
  std::vector<CloseConnection> closes;
  std::vector<StartTls> tls;
  std::vector<Job> jobs;
  std::vector<LogLine> logs;
  std::vector<MonitorReply> replies;
  std::vector<SnapshotWish> snapshot_wishes;
  std::vector<SnapshotGiven> snapshots;
  std::vector<ResolveHost> resolves;
  std::vector<DialPeer> dials;
  bool sample_process = false;         // wants a ProcessSampled
  bool reload_wanted = false;          // an operator asked for a reload; wants a ReloadDone
  bool stop_listening = false;         // lame duck or shutdown: close the listeners
  bool finished = false;               // every connection is gone after a shutdown or lame duck
  Instant wake_at = Instant::never();  // step me no later than this

  void clear() {
    sendable.clear();
    appetite.clear();
    closes.clear();
    tls.clear();
    jobs.clear();
    logs.clear();
    replies.clear();
    snapshot_wishes.clear();
    snapshots.clear();
    resolves.clear();
    dials.clear();
    sample_process = false;
    reload_wanted = false;
    stop_listening = false;
    finished = false;
    wake_at = Instant::never();
  }
};

}  // namespace rubus
