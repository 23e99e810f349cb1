// PeerTable: the other servers of the cluster: whom to dial, whom to accept, whom to tell.
//
// Seeds are host names: those of the configuration, and those learned by gossip. A seed resolves to
// targets (addresses), and a target is dialed until a connection to it stands, it turns out to be
// this server, or the server behind it is connected otherwise. A name with several addresses (a
// headless service) leads to as many peers. Members are the servers that joined.
//
// Of two connections to one member the one stays that both ends choose: of two by the same dialer
// the first, of one by each that of the smaller server id. Where the other end may choose
// differently (nats-server closes the one it came to know later, and a dialer may have lost the
// first without our knowing) the second waits as a spare and takes over when the first goes.
// Redial: soon after a loss (50 ms, doubling to half a second; to ten seconds if the other end
// keeps closing; at once where nobody answered), for ever for configured routes; a learned one is
// given up ten minutes after its last connection, or after connect_retries. Source:
// cluster_protocol.md section B.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/sorted.h"
#include "engine/engine_context.h"
#include "engine/peer/route_info.h"
#include "engine/seam/input.h"

namespace rubus {

class RouteSession;

enum class Admission : std::uint8_t { joined, spare, refused };

class PeerTable {
 public:
  explicit PeerTable(EngineContext& context);
  PeerTable(const PeerTable&) = delete;
  PeerTable& operator=(const PeerTable&) = delete;

  // What happened.
  void start();
  void on_resolved(ResolveTicket ticket, const HostAddresses& found);
  void on_dial_failed(DialTicket ticket, std::string_view trouble);
  void on_timer(const Timer& timer);
  void on_options(const Options& before);
  void stop();

  // Of route sessions.
  void on_opened(RouteSession& session);
  Admission admit(RouteSession& session);
  void on_spare_timeout(RouteSession& session);
  void on_closed(RouteSession& session);
  void on_gossip(RouteSession& from, const RouteInfo& info);
  void on_news(RouteSession& session);
  void announce_lame_duck();
  // Accounts that members may have spoken of in vain: their routes begin again, to hear it all.
  void on_new_accounts();

  bool owns(ResolveTicket ticket) const { return resolving_.find(ticket) != resolving_.end(); }
  bool owns(DialTicket ticket) const { return dialing_.find(ticket) != dialing_.end(); }

  std::string_view cluster_name() const { return context_.cluster_name; }
  bool is_name_dynamic() const { return is_name_dynamic_; }
  // With a made-up name of our own, the other's may be taken over.
  bool accepts_cluster(std::string_view name, bool is_dynamic);
  RemoteUrl login_of(DialTicket dial) const;
  bool is_configured(DialTicket dial) const;

  // Joined servers by server id.
  const SortedMap<std::string, RouteSession*>& members() const { return members_; }
  // Client addresses of this server and its members, for INFO.
  std::vector<std::string> connect_urls() const;

  template <class V>
  void visit(V& v) const;

 private:
  struct Seed {
    RemoteUrl url;
    bool is_learned = false;
    bool is_resolving = false;
    Instant resolved_at;  // of the last answer
    Instant last_alive;   // of a learned one: when it was learned or last connected
    std::uint32_t failures = 0;
    Instant timer = Instant::never();
  };
  struct Target {
    std::uint32_t seed = 0;
    Address address;
    std::string server_id;  // who answered there last
    bool is_self = false;
    bool is_current = true;  // still among the addresses of its seed
    DialTicket pending;      // being dialed, or connected
    bool is_connected = false;
    Instant dialed_at;
    Duration patience;           // of that dial
    std::uint32_t failures = 0;  // dials in a row that failed
    std::uint32_t refusals = 0;  // connections in a row that did not last
    Instant timer = Instant::never();
  };

  void close_outdated(const ClusterOptions& before);
  std::uint32_t add_seed(const RemoteUrl& url, bool is_learned);
  void remove_seed(std::uint32_t number);
  bool has_target(std::uint32_t seed) const;
  void settle_without_target(std::uint32_t number);
  void resolve(std::uint32_t number);
  void on_unresolved(std::uint32_t number, Seed& seed, const std::string& trouble);
  void resolve_later(std::uint32_t number, Duration delay);
  void consider(std::uint32_t number);
  void dial(std::uint32_t number);
  void dial_later(std::uint32_t number);
  void drop_target(std::uint32_t number);
  bool is_satisfied(const Target& target) const;
  bool is_given_up(const Seed& seed) const;
  Duration redial_delay(const Target& target);
  Target* target_of(DialTicket dial);
  const Target* target_of(DialTicket dial) const;
  void disarm(Target& target, std::uint32_t number);

  Admission refuse(RouteSession& session, std::string_view text);
  Admission settle_duplicate(RouteSession& session, RouteSession& present);
  Admission make_member(RouteSession& session);
  void replace(RouteSession& present);
  void tell_others(const RouteSession& newcomer) const;
  void tell_clients();

  EngineContext& context_;
  bool is_name_dynamic_ = false;
  bool is_started_ = false;
  std::uint32_t numbers_made_ = 0;  // of seeds and targets
  SortedMap<std::uint32_t, Seed> seeds_;
  SortedMap<std::uint32_t, Target> targets_;
  SortedMap<ResolveTicket, std::uint32_t> resolving_;
  SortedMap<DialTicket, std::uint32_t> dialing_;  // until the connection is closed
  SortedMap<std::string, RouteSession*> members_;
  SortedMap<ConnectionId, RouteSession*> spares_;
  SortedSet<std::string> known_names_;  // of servers that were members; bounded
  SortedMap<ConnectionId, RouteSession*> sessions_;
};

template <class V>
void PeerTable::visit(V& v) const {
  v("cluster", cluster_name());
  v("is_name_dynamic", is_name_dynamic_);
  for (const auto& [number, seed] : seeds_) {
    v("seed", number);
    v("host", std::string_view(seed.url.host));
    v("port", seed.url.port);
    v("is_resolving", seed.is_resolving);
    v("is_learned", seed.is_learned);
    v("seed_failures", seed.failures);
    v("resolved_at", seed.resolved_at);
    v("last_alive", seed.last_alive);
    v("timer", seed.timer);
  }
  for (const auto& [number, target] : targets_) {
    v("target", number);
    v("server_id", std::string_view(target.server_id));
    v("pending", target.pending.value);
    v("is_connected", target.is_connected);
    v("dialed_at", target.dialed_at);
    v("patience", target.patience);
    v("failures", target.failures);
    v("refusals", target.refusals);
    v("is_self", target.is_self);
    v("is_current", target.is_current);
    v("timer", target.timer);
  }
  v("members", members_.size());
  v("spares", spares_.size());
}

}  // namespace rubus
