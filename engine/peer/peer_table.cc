// Who belongs to the cluster, and what its members tell each other.
#include "engine/peer/peer_table.h"

#include <algorithm>

#include "engine/base/ensure.h"
#include "engine/base/text_number.h"
#include "engine/client/address_text.h"
#include "engine/client/quoted.h"
#include "engine/peer/route_session.h"

namespace rubus {

namespace {

// Two servers that dial each other do so within this time of each other.
constexpr Duration dialing_in_step = seconds(2);
constexpr Duration wanted_time = seconds(5);

}  // namespace

PeerTable::PeerTable(EngineContext& context)
    : context_(context), is_name_dynamic_(context.options->cluster.is_name_dynamic) {
  context.cluster_name = context.options->cluster.name;
}

bool PeerTable::accepts_cluster(std::string_view name, bool is_dynamic) {
  if (name == context_.cluster_name) {
    return true;
  }
  if (!is_name_dynamic_ || name.empty() || (is_dynamic && name < context_.cluster_name)) {
    return false;
  }
  context_.cluster_name.assign(name);
  is_name_dynamic_ = is_dynamic;
  context_.log(LogLevel::info, "Cluster name updated to " + context_.cluster_name);
  context_.is_cluster_renamed = true;
  // Who knows us by the old name has to hear the new one; spares first, lest one of them follows.
  std::vector<RouteSession*> leaving;
  for (const auto& [id, spare] : spares_) {
    leaving.push_back(spare);
  }
  for (const auto& [id, member] : members_) {
    leaving.push_back(member);
  }
  for (RouteSession* session : leaving) {
    session->close("Cluster Name Conflict", false);
  }
  return true;
}

void PeerTable::on_opened(RouteSession& session) {
  sessions_.emplace(session.id(), &session);
  if (Target* const target = target_of(session.dial()); target != nullptr) {
    target->is_connected = true;
  }
}

Admission PeerTable::refuse(RouteSession& session, std::string_view text) {
  session.refuse(text);
  return Admission::refused;
}

// A connection has told who is at its other end.
Admission PeerTable::admit(RouteSession& session) {
  const RouteInfo& info = session.info();
  const ServerIdentity& own = context_.options->identity;
  Target* const target = target_of(session.dial());
  if (target != nullptr) {
    target->server_id = info.server_id;
  }
  if (info.server_id == own.server_id) {
    context_.reached.mark(Reached::route_to_self);
    if (target != nullptr) {
      target->is_self = true;
    }
    session.close("Duplicate Route: it leads to this server itself", false);
    return Admission::refused;
  }
  if (info.server_id.empty()) {
    return refuse(session, "the peer does not say its server id");
  }
  constexpr std::int64_t protocol_min = 2;  // below, interest names no accounts
  if (info.proto < protocol_min) {
    return refuse(session,
                  "the version of the peer " + quoted(info.server_name) + " is too old: version " +
                      quoted(info.version) + ", protocol " +
                      number_text(static_cast<std::uint64_t>(info.proto < 0 ? 0 : info.proto)));
  }
  if (!info.cluster.empty() && !accepts_cluster(info.cluster, info.is_cluster_dynamic)) {
    context_.reached.mark(Reached::route_wrong_cluster);
    return refuse(session, "Rejecting connection, cluster name " + quoted(info.cluster) +
                               " does not match " + quoted(context_.cluster_name));
  }
  const auto present = members_.find(info.server_id);
  if (present != members_.end()) {
    return settle_duplicate(session, *present->second);
  }
  bool is_name_taken = !info.server_name.empty() && info.server_name == own.server_name;
  for (const auto& [id, member] : members_) {
    if (!info.server_name.empty() && member->info().server_name == info.server_name) {
      is_name_taken = true;
      // If it is the same server after a restart, this finds out that the old one is gone.
      member->ping();
    }
  }
  if (is_name_taken) {
    context_.reached.mark(Reached::route_name_taken);
    return refuse(session, "Remote server has a duplicate name: " + quoted(info.server_name));
  }
  return make_member(session);
}

// Which of two connections stays is decided so that both ends decide alike. Two by the same dialer:
// its first one, for as long as the dialer itself has it (a Rubus dialer closes the second at
// once). One by each: between Rubus servers that of the smaller server id; nats-server closes the
// one it comes to know later, so towards it ours waits.
Admission PeerTable::settle_duplicate(RouteSession& session, RouteSession& present) {
  context_.reached.mark(Reached::route_duplicate);
  const RouteInfo& info = session.info();
  const bool is_same_dialer = session.is_dialed() == present.is_dialed();
  if (is_same_dialer && session.is_dialed()) {
    session.close("Duplicate Route", false);
    return Admission::refused;
  }
  if (is_same_dialer || info.rubus.empty()) {
    spares_.emplace(session.id(), &session);
    present.ping();
    return Admission::spare;
  }
  const bool is_own_smaller = context_.options->identity.server_id < info.server_id;
  if (session.is_dialed() != is_own_smaller) {
    if (!session.is_dialed() && context_.now - present.joined_at() > dialing_in_step) {
      // A Rubus server dials only when it has no connection: it may have lost this one.
      spares_.emplace(session.id(), &session);
      present.ping();
      return Admission::spare;
    }
    session.close("Duplicate Route", false);
    return Admission::refused;
  }
  if (context_.now - present.joined_at() > dialing_in_step) {
    // Not dialed in step with the present one: whoever claims to be that server has to wait until
    // the present one turns out to be dead.
    spares_.emplace(session.id(), &session);
    present.ping();
    return Admission::spare;
  }
  replace(present);
  return make_member(session);
}

void PeerTable::replace(RouteSession& present) {
  members_.erase(present.info().server_id);
  present.close("Duplicate Route", false);
}

// Its time is over: either the first connection was dead all the while, or this one is too many.
void PeerTable::on_spare_timeout(RouteSession& session) {
  const auto member = members_.find(session.info().server_id);
  const bool is_first_alive =
      member != members_.end() && member->second->heard_at() > session.spare_since();
  if (is_first_alive) {
    session.close("Duplicate Route", false);
    return;
  }
  spares_.erase(session.id());
  if (member != members_.end()) {
    replace(*member->second);
  }
  make_member(session);
}

Admission PeerTable::make_member(RouteSession& session) {
  const RouteInfo& info = session.info();
  const auto [place, is_new] = members_.emplace(info.server_id, &session);
  ensure(is_new, "a server is a member once");
  constexpr std::size_t known_names_max = 1024;
  if (known_names_.contains(info.server_name)) {
    context_.reached.mark(Reached::interest_resync);
  } else if (known_names_.size() < known_names_max) {
    known_names_.insert(info.server_name);
  }
  session.join();
  if (session.is_closing()) {
    return Admission::refused;
  }
  if (info.gossip_mode != 1) {
    tell_others(session);
  }
  tell_clients();
  return Admission::joined;
}

void PeerTable::on_closed(RouteSession& session) {
  sessions_.erase(session.id());
  spares_.erase(session.id());
  const std::string server_id = session.info().server_id;
  const auto member = members_.find(server_id);
  const bool was_member = member != members_.end() && member->second == &session;
  if (was_member) {
    members_.erase(member);
    for (const auto& [id, spare] : spares_) {
      if (spare->info().server_id == server_id) {
        RouteSession& next = *spare;
        spares_.erase(id);
        make_member(next);
        break;
      }
    }
    tell_clients();
  }
  if (const auto dialed = dialing_.find(session.dial()); dialed != dialing_.end()) {
    Target& target = targets_.find(dialed->second)->second;
    target.pending = {};
    target.is_connected = false;
    const std::uint32_t number = dialed->second;
    dialing_.erase(dialed);
    // Who closes soon does not want us; the dialed end is first told who it has reached.
    const bool was_wanted = was_member && context_.now - session.joined_at() >= wanted_time;
    // One connection too many says nothing about whether we are wanted.
    const bool is_member_still = members_.find(server_id) != members_.end();
    target.failures = 0;
    if (was_wanted) {
      target.refusals = 0;
    } else if (!is_member_still) {
      ++target.refusals;
    }
    if (const auto seed = seeds_.find(target.seed); was_wanted && seed != seeds_.end()) {
      seed->second.last_alive = context_.now;
    }
    consider(number);
  }
  if (was_member && is_started_) {
    const bool was_lasting = context_.now - session.joined_at() >= wanted_time;
    for (auto& [number, target] : targets_) {
      if (target.server_id == server_id) {
        target.refusals = was_lasting ? 0 : target.refusals;
        if (target.pending.value == 0) {
          dial_later(number);
        }
      }
    }
  }
}

// Everybody is told of a newcomer, so that they dial it; the newcomer need not dial them.
void PeerTable::tell_others(const RouteSession& newcomer) const {
  RouteInfo told = newcomer.info();
  told.nonce.clear();
  told.gossip_mode = 1;
  if (told.ip.empty()) {
    Address address = newcomer.link().remote();
    address.port = static_cast<std::uint16_t>(told.port);
    told.ip = "nats-route://" + host_and_port_text(address) + "/";
  }
  const std::string line = build_route_info(told);
  for (const auto& [id, member] : members_) {
    if (member != &newcomer) {
      context_.reached.mark(Reached::gossip_sent);
      member->send_line(line);
    }
  }
}

namespace {

// "nats-route://host:port/"
bool split_route_url(std::string_view text, RemoteUrl& url) {
  constexpr std::string_view scheme = "nats-route://";
  if (text.substr(0, scheme.size()) != scheme) {
    return false;
  }
  text.remove_prefix(scheme.size());
  if (!text.empty() && text.back() == '/') {
    text.remove_suffix(1);
  }
  return split_host_and_port(text, url.host, url.port);
}

}  // namespace

void PeerTable::on_gossip(RouteSession& from, const RouteInfo& info) {
  if (info.server_id.empty() || info.server_id == context_.options->identity.server_id ||
      members_.find(info.server_id) != members_.end() || !is_started_) {
    return;
  }
  RemoteUrl url;
  if (!split_route_url(info.ip, url)) {
    if (info.host.empty() || info.port <= 0 || info.port > 65'535) {
      from.link().log(LogLevel::error, "the peer tells of a server without an address");
      return;
    }
    url.host = info.host;
    url.port = static_cast<std::uint16_t>(info.port);
  }
  const ClusterOptions& cluster = context_.options->cluster;
  url.username = cluster.username;
  url.password = cluster.password;
  for (auto& [number, seed] : seeds_) {
    if (seed.url.host == url.host && seed.url.port == url.port) {
      seed.last_alive = context_.now;
      seed.failures = 0;
      // First all, then each: considering one may take the whole seed away.
      std::vector<std::uint32_t> numbers;
      for (auto& [target_number, target] : targets_) {
        if (target.seed == number) {
          target.failures = 0;
          numbers.push_back(target_number);
        }
      }
      for (const std::uint32_t target : numbers) {
        consider(target);
      }
      return;
    }
  }
  constexpr std::size_t learned_max = 256;
  if (seeds_.size() >= learned_max) {
    return;
  }
  context_.reached.mark(Reached::gossip_dial);
  resolve(add_seed(url, true));
}

void PeerTable::on_news(RouteSession& session) {
  if (session.is_lame_duck()) {
    context_.reached.mark(Reached::lame_duck_told);
  }
  tell_clients();
}

void PeerTable::announce_lame_duck() {
  RouteInfo own = own_route_info(*context_.options, context_.cluster_name);
  own.lame_duck = true;
  const std::string line = build_route_info(own);
  for (const auto& [id, member] : members_) {
    member->send_line(line);
  }
  stop();  // who leaves looks for nobody: a route lost now must not be dialed again
}

std::vector<std::string> PeerTable::connect_urls() const {
  const Options& options = *context_.options;
  if (!options.cluster.enabled || options.cluster.no_advertise) {
    return {};
  }
  std::vector<std::string> urls;
  if (!context_.lame_duck) {
    urls = options.identity.connect_urls;
  }
  for (const auto& [id, member] : members_) {
    if (!member->is_lame_duck()) {
      const std::vector<std::string>& theirs = member->info().connect_urls;
      urls.insert(urls.end(), theirs.begin(), theirs.end());
    }
  }
  std::sort(urls.begin(), urls.end());
  urls.erase(std::unique(urls.begin(), urls.end()), urls.end());
  return urls;
}

void PeerTable::tell_clients() {
  std::vector<std::string> urls = connect_urls();
  if (urls != context_.connect_urls) {
    context_.connect_urls = std::move(urls);
    context_.connect_urls_changed = true;
  }
  std::vector<std::string> leafnode_urls;
  for (const auto& [id, member] : members_) {
    const std::vector<std::string>& theirs = member->info().leafnode_urls;
    leafnode_urls.insert(leafnode_urls.end(), theirs.begin(), theirs.end());
  }
  std::sort(leafnode_urls.begin(), leafnode_urls.end());
  if (leafnode_urls != context_.leafnode_urls) {
    context_.leafnode_urls = std::move(leafnode_urls);
    context_.leafnode_urls_changed = true;
  }
}

RemoteUrl PeerTable::login_of(DialTicket dial) const {
  const Target* const target = target_of(dial);
  if (target == nullptr) {
    return {};
  }
  const auto seed = seeds_.find(target->seed);
  return seed == seeds_.end() ? RemoteUrl{} : seed->second.url;
}

bool PeerTable::is_configured(DialTicket dial) const {
  const Target* const target = target_of(dial);
  if (target == nullptr) {
    return false;
  }
  const auto seed = seeds_.find(target->seed);
  return seed != seeds_.end() && !seed->second.is_learned;
}

}  // namespace rubus
