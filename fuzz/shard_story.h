// ShardStory: a DurableShard in the hands of a shell that obeys, and that checks every output.
//
// A target collects inputs with the calls below and lets them happen with step(). What a shell
// would never do is left out here (reopening a slot in use, acknowledging bytes that were not
// offered, TLS news nobody asked for), so that whatever breaks is the engine's doing. Laws, checked
// at each step:
// - every connection whose queue grew is named in `sendable`, once; bytes stay until acknowledged;
// - what leaves is a sequence of well-formed server frames;
// - a connection told to close gets nothing more; a slot that is free offers no bytes;
// - wake_at lies ahead; each monitoring question is answered once, documents are JSON;
// - blocks in use stay within a small multiple of what was received and what waits to leave.
// trace() sums up digests and outputs: the same story told twice must give the same trace.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.h"
#include "sim/server_frames.h"
#include "storage/durable_shard.h"

namespace rubus::fuzz {

class ShardStory {
 public:
  static constexpr std::size_t slots = 6;

  ShardStory(const Options& options, std::uint64_t seed);
  ~ShardStory();

  // Each adds inputs to the batch that the next step() delivers.
  void open(std::size_t slot, bool is_v6);
  // A route or leaf node; `dial` as the shard asked for it, or none if it was accepted.
  void open_peer(std::size_t slot, ConnectionKind kind, DialTicket dial);
  // The oldest wish to dial comes true in `slot`, or fails; of a host name, `count` addresses.
  void answer_dial(std::size_t slot, bool is_reached);
  void answer_resolve(std::size_t count);
  void sample_process() { add(ProcessSampled{{5'000'000, 150, 4, 5}}); }
  void receive(std::size_t slot, std::string_view bytes);
  // Acknowledges `parts` of 4 of what waits.
  void acknowledge(std::size_t slot, std::size_t parts);
  void acknowledge_all();
  void hang_up(std::size_t slot, CloseCause cause);
  void advance_tls(std::size_t slot, std::uint8_t choice);
  void finish_job(std::uint8_t choice);
  void reload(const Options& options);
  void request_lame_duck() { add(LameDuckRequested{}); }
  void request_shutdown() { add(ShutdownRequested{}); }
  // nats-server leaves two blanks in answers of $SYS; whoever asks for these does not judge frames.
  void trust_frames() { frames_judged_ = false; }
  void ask_monitor(std::string_view path, std::string_view query);

  // To the instant of the next wake-up, or by a length.
  void advance_to_wake();
  void advance(Duration length);
  void step();

  // Closes everything, as a process that ends; nothing may be left then.
  void finish();
  std::uint64_t trace() const { return trace_.value(); }

 private:
  struct Connection {
    bool open = false;     // between ConnectionOpened and ConnectionClosed
    bool closing = false;  // the shard wants it closed
    bool is_peer = false;  // what leaves are not frames for a client
    std::uint32_t generation = 0;
    std::string waiting;           // what gather() offered after the last step
    std::size_t acknowledged = 0;  // of it, in the batch being collected
    char last_byte = '\n';
    bool tls_asked = false;
    bool tls_started = false;
    TlsStart tls_start = TlsStart::now;
    sim::ServerFrames frames;
  };

  void add(Input input) { batch_.push_back(std::move(input)); }
  ConnectionId id_of(std::size_t slot) const;
  std::string gathered(ConnectionId id);
  void note_odd_bytes(Connection& connection, std::string_view bytes);
  void obey_closes();
  void check_outputs();
  void check_connection(std::size_t slot);
  void check_memory() const;
  void add_outputs_to_trace();

  std::unique_ptr<DurableShard> shard_;
  Output output_;
  std::vector<Input> batch_;
  std::vector<ByteView> views_;
  std::array<Connection, slots> connections_;
  std::vector<JobTicket> jobs_;
  std::deque<DialPeer> dials_;
  std::deque<ResolveTicket> resolves_;
  std::size_t fed_ = 0;  // bytes received by all connections since the start
  std::size_t reads_ = 0;
  std::uint64_t questions_ = 0;
  std::size_t questions_open_ = 0;
  bool listening_ = true;
  // Subjects with CR or LF in them reach receivers as they are (as with the reference server), so
  // from then on frames are not judged.
  bool frames_judged_ = true;
  Instant now_{1'000'000'000};
  Digest trace_;
};

}  // namespace rubus::fuzz
