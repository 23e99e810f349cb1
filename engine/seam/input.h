// Input: everything that can happen to a shard. What is not here does not exist for the engine.
//
// A batch is what the shell collected since the last step, stamped once. One input per socket read,
// never per message. Slices are counted references into blocks of the shard's pool.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/block.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/seam/address.h"
#include "engine/seam/options.h"
#include "engine/seam/shard_snapshot.h"

namespace rubus {

using Nonce = std::array<std::uint8_t, 11>;

// What is spoken on a connection, and by that which port accepted it.
enum class ConnectionKind : std::uint8_t {
  client,
  route,    // another server of the cluster
  leaf,     // a leaf node or its hub
  sibling,  // another shard of this process; never lost while both live
};

struct ConnectionOpened {
  ConnectionId connection;
  Address remote;
  Nonce nonce{};  // fresh entropy of the shell
  ConnectionKind kind = ConnectionKind::client;
  DialTicket dial;            // none: accepted
  std::uint32_t sibling = 0;  // of kind sibling: which shard
};

// Every address of a host name, in the order of the resolver; none if there was trouble.
struct HostAddresses {
  std::vector<Address> addresses;  // port 0
  std::string trouble;
};

struct HostResolved {
  ResolveTicket ticket;
  std::shared_ptr<const HostAddresses> found;
};

struct DialTrouble {
  std::string text;  // "connection refused"
};

struct DialFailed {
  DialTicket ticket;
  std::shared_ptr<const DialTrouble> trouble;
};

struct BytesReceived {
  ConnectionId connection;
  Slice bytes;  // never empty
};

struct BytesSent {
  ConnectionId connection;
  std::uint64_t count = 0;
};

enum class CloseCause : std::uint8_t { peer_closed, read_error, write_error, tls_failed };

// The socket is gone. The answer to CloseConnection as well as the news of a peer's close.
struct ConnectionClosed {
  ConnectionId connection;
  CloseCause cause = CloseCause::peer_closed;
};

struct TlsFacts {
  std::string version;              // "1.3"
  std::string cipher;               // "TLS_AES_128_GCM_SHA256"
  std::vector<std::string> emails;  // subject alternative names of the client certificate
  std::vector<std::string> dns_names;
  std::string subject;        // RFC 2253
  std::string subject_short;  // as monitoring shows it
  std::string spki_sha256;    // hex
  std::string cert_sha256;    // hex
};

enum class TlsStage : std::uint8_t {
  started,      // the first byte announces a handshake
  absent,       // optional TLS: the first byte is not a handshake; plain bytes follow
  established,  // facts are set
};

struct TlsChanged {
  ConnectionId connection;
  TlsStage stage = TlsStage::started;
  std::shared_ptr<const TlsFacts> facts;
};

struct JobDone {
  JobTicket ticket;
  bool accepted = false;
};

struct OptionsChanged {
  std::shared_ptr<const Options> options;
};

struct ReloadTrouble {
  std::string text;
};

// The answer to Output.reload_wanted; options that changed came before it.
struct ReloadDone {
  std::shared_ptr<const ReloadTrouble> trouble;  // null: the configuration was read and is in force
};

struct LameDuckRequested {};
struct ShutdownRequested {};

// Facts about the process that only the shell can know; shown by /varz.
struct ProcessFacts {
  std::uint64_t resident_bytes = 0;
  std::uint64_t cpu_percent_hundredths = 0;
  std::uint32_t cores = 0;
  std::uint32_t threads = 0;
};

// The answer to Output.sample_process.
struct ProcessSampled {
  ProcessFacts process;
};

struct MonitorQuestion {
  std::string path;   // "/connz", already stripped of base path and doubled slashes
  std::string query;  // "sort=cid&limit=3", percent-encoded as received
  ProcessFacts process;
  std::vector<std::pair<std::string, std::uint64_t>> requests;  // varz.http_req_stats
};

struct MonitorAsked {
  MonitorTicket ticket;
  std::shared_ptr<const MonitorQuestion> question;
};

// Shard 0 wants to know what this shard knows; answered by Output.snapshots in the same step.
struct SnapshotAsked {
  SnapshotTicket ticket;
  std::shared_ptr<const MonitorQuestion> question;
};

// The answer of another shard, at shard 0.
struct SnapshotTaken {
  SnapshotTicket ticket;
  std::uint32_t shard = 0;
  std::shared_ptr<const ShardSnapshot> snapshot;  // null: that shard has ended
};

using Input =
    std::variant<ConnectionOpened, BytesReceived, BytesSent, ConnectionClosed, TlsChanged, JobDone,
                 OptionsChanged, LameDuckRequested, ShutdownRequested, MonitorAsked, HostResolved,
                 DialFailed, ProcessSampled, SnapshotAsked, SnapshotTaken, ReloadDone>;
static_assert(sizeof(Input) <= 56, "an input stays within a cache line");

struct InputBatch {
  Instant now;
  WallTime wall;
  std::span<const Input> inputs;
};

}  // namespace rubus
