// LeafTable: the hubs this server joins as a leaf node, the leaf nodes that joined it, and what
// they have in common.
//
// For each configured remote it decides which address is dialed next and when: the addresses of a
// remote in turn (configured ones, then those the hub told of), every address of a name, then a
// pause. A lost or refused connection is dialed again for ever. Of the accepted ones it knows who
// is there, so that a leaf that comes back replaces what is left of its last connection.
// Each account has a token of its own, told to every leaf connection: who hears it back has found
// a loop. Only shard 0 has leaf connections.
// Tickets and timers of this table carry `mark` in their number, so that they are never those of
// PeerTable. Source: cluster_protocol.md section D.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/random.h"
#include "engine/base/sorted.h"
#include "engine/engine_context.h"
#include "engine/peer/leaf_info.h"
#include "engine/seam/input.h"

namespace rubus {

class LeafSession;

class LeafTable {
 public:
  static constexpr std::uint32_t mark = 0x8000'0000U;

  LeafTable(EngineContext& context, std::uint64_t seed);
  LeafTable(const LeafTable&) = delete;
  LeafTable& operator=(const LeafTable&) = delete;

  static bool owns(DialTicket ticket) { return (ticket.value & mark) != 0; }
  static bool owns(ResolveTicket ticket) { return (ticket.value & mark) != 0; }
  static bool owns(const Timer& timer) { return (timer.connection.generation & mark) != 0; }

  // What happened (inputs). start() may be called before the first step; it only arms timers.
  void start();
  void on_options();
  void on_timer(const Timer& timer);
  void on_resolved(const HostResolved& resolved);
  void on_dial_failed(const DialFailed& failed);
  // No connection is dialed any more.
  void stop();

  // Asked and told by sessions.
  void on_opened(LeafSession& session);
  // A leaf that is here already has lost the connection it had, and only it knows yet.
  void replace_older(const LeafSession& session);
  void on_joined(LeafSession& session);
  void on_closed(LeafSession& session);
  // Null if the configuration changed and the remote is gone.
  const LeafRemote* remote_of(DialTicket ticket) const;
  const RemoteUrl* url_of(DialTicket ticket) const;
  void learn_urls(DialTicket ticket, const std::vector<std::string>& urls);
  // The users of leaf connections, where a login looks for them.
  const std::shared_ptr<const Options>& login_options() const { return login_options_; }
  std::string loop_subject(const Account& account);
  // What this server says of itself, with the addresses of other servers of the cluster.
  LeafInfo own_info() const;
  // Other servers of the cluster take leaf nodes too: the leaf nodes here are told.
  void tell_urls();
  // The cluster goes by another name: both ends greet each other anew.
  void on_cluster_renamed();

  const std::vector<LeafSession*>& sessions() const { return sessions_; }

  template <class V>
  void visit(V& v) const {
    v("leaf_remotes", remotes_.size());
    for (const auto& [number, remote] : remotes_) {
      v("remote", number);
      v("phase", remote.phase);
      v("url", remote.url);
      v("attempts", remote.attempts);
    }
    v("leaf_tokens", loop_tokens_.size());
  }

 private:
  enum class Phase : std::uint8_t { waiting, resolving, dialing, connected };

  struct Remote {
    std::uint32_t place = 0;  // in LeafOptions.remotes
    LeafRemote options;
    std::vector<RemoteUrl> urls;  // in the order in which they are tried
    std::size_t url = 0;
    std::size_t tried = 0;  // urls of this round that failed
    std::vector<Address> addresses;
    std::size_t address = 0;
    std::uint32_t attempts = 0;  // failed since the last connection that joined
    Phase phase = Phase::waiting;
    Instant deadline = Instant::never();
    LeafSession* session = nullptr;
    bool has_joined = false;  // this session has
  };

  void update_login();
  void update_remotes();
  void add_remote(std::uint32_t place, const LeafRemote& options);
  void drop_remote(std::uint32_t number);
  Remote* find(std::uint64_t ticket);
  const Remote* find(std::uint64_t ticket) const;
  void wait(std::uint32_t number, Remote& remote, Duration delay);
  void resolve(std::uint32_t number, Remote& remote);
  void dial(std::uint32_t number, Remote& remote);
  void fail(std::uint32_t number, Remote& remote, std::string_view why);
  Duration pause() const;
  std::uint64_t draw(std::uint64_t bound) { return context_.dial_jitter.below(bound); }

  EngineContext& context_;
  RandomStream token_draws_;
  std::shared_ptr<const Options> login_options_;
  SortedMap<std::uint32_t, Remote> remotes_;  // by number
  std::uint32_t remotes_made_ = 0;
  bool is_stopped_ = false;
  std::vector<LeafSession*> sessions_;               // open ones, in the order of opening
  SortedMap<std::string, std::string> loop_tokens_;  // by account
};

}  // namespace rubus
