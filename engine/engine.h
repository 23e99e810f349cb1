// Engine: every decision of the broker, as one object with one method.
//
// step() takes what happened (a batch of inputs, stamped once) and fills in what is wanted. It
// reads no clock, draws randomness only from named streams of its seed, calls nothing back and is
// never re-entered. The same batches give the same outputs and digests on every machine.
// The parts: sessions (one per connection), accounts (subject spaces), and the context they share.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/block.h"
#include "engine/base/byte_queue.h"
#include "engine/client/client_session.h"
#include "engine/engine_context.h"
#include "engine/monitor/monitor_desk.h"
#include "engine/peer/leaf_session.h"
#include "engine/peer/leaf_table.h"
#include "engine/peer/peer_table.h"
#include "engine/peer/route_session.h"
#include "engine/peer/sibling_session.h"
#include "engine/seam/input.h"
#include "engine/seam/output.h"
#include "engine/system/system_services.h"

namespace rubus {

class Engine {
 public:
  Engine(const Options& options, std::uint64_t seed, WallTime started, BlockPool& pool);
  ~Engine();

  void step(const InputBatch& batch, Output& output);
  std::size_t gather(ConnectionId connection, std::span<ByteView> views) const;
  std::uint64_t digest() const;
  void describe(std::string& text) const;
  const ReachedMarks& reached() const { return context_.reached; }
  // For documents and system services.
  SessionSlots clients() const { return sessions_; }
  PeerRecords peers(bool with_subscriptions) const;
  // A leaf connection that joined; null: none has this number.
  LeafSession* find_leaf(std::uint64_t number) const;

 private:
  void on(const ConnectionOpened& opened);
  void on(const BytesReceived& received);
  void on(const BytesSent& sent);
  void on(const ConnectionClosed& closed);
  void on(const TlsChanged& changed);
  void on(const JobDone& done);
  void on(const OptionsChanged& changed);
  void on(const ReloadDone& done);
  void on(const LameDuckRequested& requested);
  void on(const ShutdownRequested& requested);
  void on(const MonitorAsked& asked);
  void on(const HostResolved& resolved);
  void on(const DialFailed& failed);
  void on(const ProcessSampled& sampled);
  void on(const SnapshotAsked& asked);
  void on(const SnapshotTaken& taken);

  // A connection to another engine; the alternatives offer the same functions.
  using PeerSeat = std::variant<std::monostate, std::unique_ptr<RouteSession>,
                                std::unique_ptr<LeafSession>, std::unique_ptr<SiblingSession>>;

  void begin();
  bool have_siblings_no_clients() const;
  void leave_cluster_last();
  void close_peers();
  void open_client(const ConnectionOpened& opened);
  void open_peer(const ConnectionOpened& opened);
  void end_connection(ConnectionId connection);
  void fire_timers();
  void settle();
  void drop_leaving();
  void close_slow_links();
  void tell_connect_urls();
  void update_accounts();
  void renew_shadows(Account& account);
  void begin_linking();
  ClientNumber next_number();
  ClientSession* find(ConnectionId connection) const;
  // Calls `use` with the session of a peer's connection; false if there is none.
  template <class Use>
  bool with_peer(ConnectionId connection, const Use& use) const;
  template <class Use>
  void for_each_peer(const Use& use) const;
  template <class V>
  void visit_context(V& v) const;

  EngineContext context_;
  MonitorDesk desk_{context_, *this};
  SystemServices system_{context_, desk_, *this};
  std::vector<std::unique_ptr<ClientSession>> sessions_;  // of clients, by slot
  std::vector<PeerSeat> peers_;                           // of peers, by slot
  std::size_t sessions_open_ = 0;  // sockets not yet reported closed, but for siblings
  std::size_t clients_open_ = 0;   // of them
  PeerTable peer_table_;
  LeafTable leaf_table_;
  bool has_begun_ = false;
  std::uint64_t clients_made_ = 0;
  bool is_stopping_ = false;
  bool is_finished_told_ = false;
};

}  // namespace rubus
