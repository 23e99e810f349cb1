// Whom to dial, and when.
#include <algorithm>

#include "engine/base/ensure.h"
#include "engine/base/text_number.h"
#include "engine/client/address_text.h"
#include "engine/peer/certificate_name.h"
#include "engine/peer/peer_table.h"
#include "engine/peer/route_session.h"

namespace rubus {

namespace {

constexpr Duration redial_first = milliseconds(50);
constexpr Duration redial_most = milliseconds(500);
constexpr Duration redial_most_backed_off = seconds(30);
constexpr Duration redial_most_refused = seconds(10);
// Two that dial each other close one connection each; a restarted server waits for its own ghost.
constexpr std::uint32_t refusals_in_passing = 4;
// A connect that is lost on its way is repeated by the kernel after a second. Short attempts find a
// link that is back sooner than that; a long one now and then finds a server that is far away.
constexpr Duration patience_usual = milliseconds(400);
constexpr Duration patience_long = seconds(3);
constexpr std::uint32_t attempts_per_long_one = 8;
constexpr Duration resolve_again = seconds(2);
constexpr Duration resolve_idle = seconds(30);
constexpr Duration learned_time = seconds(600);
// The first failure of a row is worth a line, then one in so many.
constexpr std::uint32_t failures_per_line = 120;

bool is_same(const std::optional<SubjectFilter>& a, const std::optional<SubjectFilter>& b) {
  return a.has_value() == b.has_value() &&
         (!a.has_value() || (a->allow == b->allow && a->deny == b->deny));
}

bool is_same_place(const Address& a, const Address& b) {
  return a.bytes == b.bytes && a.port == b.port && a.is_v6 == b.is_v6;
}

}  // namespace

void PeerTable::start() {
  if (is_started_ || !context_.options->cluster.enabled) {
    return;
  }
  is_started_ = true;
  tell_clients();
  for (const RemoteUrl& url : context_.options->cluster.routes) {
    resolve(add_seed(url, false));
  }
}

void PeerTable::stop() {
  is_started_ = false;
  for (auto& [number, seed] : seeds_) {
    if (seed.timer != Instant::never()) {
      context_.timers.disarm({seed.timer, {no_connection_slot, number}, TimerKind::resolve});
      seed.timer = Instant::never();
    }
  }
  for (auto& [number, target] : targets_) {
    disarm(target, number);
  }
}

void PeerTable::on_options(const Options& before) {
  const ClusterOptions& cluster = context_.options->cluster;
  const auto has = [](const std::vector<RemoteUrl>& urls, const RemoteUrl& wanted) {
    return std::any_of(urls.begin(), urls.end(), [&wanted](const RemoteUrl& each) {
      return each.host == wanted.host && each.port == wanted.port &&
             each.username == wanted.username && each.password == wanted.password;
    });
  };
  std::vector<std::uint32_t> gone;
  for (const auto& [number, seed] : seeds_) {
    if (!seed.is_learned && !has(cluster.routes, seed.url)) {
      gone.push_back(number);
    }
  }
  for (const std::uint32_t number : gone) {
    remove_seed(number);
  }
  for (const RemoteUrl& url : cluster.routes) {
    if (is_started_ && !has(before.cluster.routes, url)) {
      resolve(add_seed(url, false));
    }
  }
  close_outdated(before.cluster);
  if (is_started_) {
    tell_clients();
  }
}

// What may cross a route is agreed on when it begins, and so is who may begin one: routes that
// began by other rules begin again.
void PeerTable::close_outdated(const ClusterOptions& before) {
  const ClusterOptions& cluster = context_.options->cluster;
  const bool is_filter_new = !is_same(before.import_filter, cluster.import_filter) ||
                             !is_same(before.export_filter, cluster.export_filter);
  const bool is_login_new =
      before.username != cluster.username || before.password != cluster.password;
  std::vector<RouteSession*> outdated;
  for (const auto& [id, session] : sessions_) {
    if (is_filter_new || (is_login_new && !session->is_dialed())) {
      outdated.push_back(session);
    }
  }
  for (RouteSession* const session : outdated) {
    session->close("Route Configuration Changed", true);
  }
}

void PeerTable::on_new_accounts() {
  std::vector<RouteSession*> deaf;
  for (const auto& [server_id, member] : members_) {
    if (member->link().has_ignored()) {
      deaf.push_back(member);
    }
  }
  for (RouteSession* const member : deaf) {
    member->close("Account Added", true);
  }
}

std::uint32_t PeerTable::add_seed(const RemoteUrl& url, bool is_learned) {
  const std::uint32_t number = ++numbers_made_;
  Seed seed;
  seed.url = url;
  seed.is_learned = is_learned;
  seed.last_alive = context_.now;
  seeds_.emplace(number, seed);
  return number;
}

// Its connections go as well: who reconfigures routes wants them gone.
void PeerTable::remove_seed(std::uint32_t number) {
  const auto found = seeds_.find(number);
  ensure(found != seeds_.end(), "only a known seed is removed");
  if (found->second.timer != Instant::never()) {
    context_.timers.disarm({found->second.timer, {no_connection_slot, number}, TimerKind::resolve});
  }
  seeds_.erase(found);
  std::vector<std::uint32_t> gone;
  for (const auto& [target_number, target] : targets_) {
    if (target.seed == number) {
      gone.push_back(target_number);
    }
  }
  for (const std::uint32_t target : gone) {
    drop_target(target);
  }
  // An address belongs to the first name that led to it: the others may need it now.
  for (const auto& [each, seed] : seeds_) {
    if (!has_target(each)) {
      resolve(each);
    }
  }
}

bool PeerTable::has_target(std::uint32_t seed) const {
  return std::any_of(targets_.begin(), targets_.end(),
                     [seed](const auto& target) { return target.second.seed == seed; });
}

// All its addresses belong to other names. One that gossip told is not needed; a configured one is
// asked again, in case it comes to lead elsewhere.
void PeerTable::settle_without_target(std::uint32_t number) {
  const auto seed = seeds_.find(number);
  if (seed == seeds_.end() || has_target(number)) {
    return;
  }
  if (seed->second.is_learned) {
    remove_seed(number);
  } else {
    resolve_later(number, resolve_idle);
  }
}

void PeerTable::drop_target(std::uint32_t number) {
  const auto found = targets_.find(number);
  ensure(found != targets_.end(), "only a known target is dropped");
  disarm(found->second, number);
  const DialTicket dial = found->second.pending;
  targets_.erase(found);
  if (dial.value == 0) {
    return;
  }
  dialing_.erase(dial);
  for (const auto& [id, session] : sessions_) {
    if (session->dial() == dial) {
      session->close("Route Removed", true);
      return;
    }
  }
}

// ---- names --------------------------------------------------------------------------------------

void PeerTable::resolve(std::uint32_t number) {
  const auto found = seeds_.find(number);
  if (found == seeds_.end() || found->second.is_resolving || !is_started_) {
    return;
  }
  found->second.is_resolving = true;
  const ResolveTicket ticket{++context_.resolves_made};
  resolving_.emplace(ticket, number);
  context_.output->resolves.push_back({ticket, found->second.url.host});
}

void PeerTable::resolve_later(std::uint32_t number, Duration delay) {
  const auto found = seeds_.find(number);
  if (found == seeds_.end() || found->second.is_resolving || !is_started_ ||
      found->second.timer != Instant::never()) {
    return;
  }
  found->second.timer = context_.now + delay;
  context_.timers.arm({found->second.timer, {no_connection_slot, number}, TimerKind::resolve});
}

void PeerTable::on_unresolved(std::uint32_t number, Seed& seed, const std::string& trouble) {
  context_.reached.mark(Reached::resolve_failed);
  if (seed.failures++ % failures_per_line == 0) {
    context_.log(LogLevel::error, "Error trying to connect to route (attempt " +
                                      number_text(std::uint64_t{seed.failures}) + "): lookup " +
                                      seed.url.host + ": " + trouble);
  }
  if (is_given_up(seed)) {
    context_.reached.mark(Reached::redial_given_up);
    remove_seed(number);
    return;
  }
  resolve_later(number, seed.failures > 4 ? resolve_again : redial_most);
}

void PeerTable::on_resolved(ResolveTicket ticket, const HostAddresses& found) {
  const auto asked = resolving_.find(ticket);
  ensure(asked != resolving_.end(), "the answer belongs to this table");
  const std::uint32_t number = asked->second;
  resolving_.erase(asked);
  const auto place = seeds_.find(number);
  if (place == seeds_.end() || !is_started_) {
    return;
  }
  Seed& seed = place->second;
  seed.is_resolving = false;
  seed.resolved_at = context_.now;
  if (found.addresses.empty()) {
    on_unresolved(number, seed, found.trouble);
    return;
  }
  seed.failures = 0;
  if (found.addresses.size() > 1) {
    context_.reached.mark(Reached::resolve_many);
  }
  for (auto& [target_number, target] : targets_) {
    target.is_current = target.is_current && target.seed != number;
  }
  std::vector<std::uint32_t> fresh;
  for (Address address : found.addresses) {
    address.port = seed.url.port;
    Target* known = nullptr;
    for (auto& [target_number, target] : targets_) {
      known = is_same_place(target.address, address) ? &target : known;
    }
    if (known != nullptr) {
      // A configured name takes over what gossip told first: when the address fails, it is the name
      // that has to be asked again.
      const auto owner = seeds_.find(known->seed);
      if (!seed.is_learned && (owner == seeds_.end() || owner->second.is_learned)) {
        known->seed = number;
      }
      known->is_current = known->is_current || known->seed == number;
      continue;
    }
    Target target;
    target.seed = number;
    target.address = address;
    const std::uint32_t made = ++numbers_made_;
    targets_.emplace(made, target);
    fresh.push_back(made);
  }
  std::vector<std::uint32_t> gone;
  for (const auto& [target_number, target] : targets_) {
    // An address that left the name stays while its connection stands.
    if (target.seed == number && !target.is_current && target.pending.value == 0) {
      gone.push_back(target_number);
    }
  }
  for (const std::uint32_t old : gone) {
    drop_target(old);
  }
  for (const std::uint32_t made : fresh) {
    consider(made);
  }
  settle_without_target(number);
}

// ---- addresses ----------------------------------------------------------------------------------

bool PeerTable::is_satisfied(const Target& target) const {
  return target.is_self || target.pending.value != 0 ||
         (!target.server_id.empty() && members_.find(target.server_id) != members_.end());
}

bool PeerTable::is_given_up(const Seed& seed) const {
  if (!seed.is_learned) {
    return false;
  }
  for (const auto& [number, target] : targets_) {
    const auto of = seeds_.find(target.seed);
    if (target.is_connected && of != seeds_.end() && &of->second == &seed) {
      return false;
    }
  }
  const std::uint32_t retries = context_.options->cluster.connect_retries;
  return context_.now - seed.last_alive > learned_time || (retries > 0 && seed.failures > retries);
}

Duration PeerTable::redial_delay(const Target& target) {
  const std::uint32_t tries = target.failures + target.refusals;
  const bool backs_off = context_.options->cluster.connect_backoff;
  const bool was_unanswered =
      target.failures > 0 && context_.now - target.dialed_at >= target.patience;
  if (was_unanswered && !backs_off) {
    return redial_first;  // it has waited
  }
  Duration most = backs_off ? redial_most_backed_off : redial_most;
  if (target.refusals > refusals_in_passing) {
    most = std::max(most, redial_most_refused);
  }
  constexpr std::uint32_t doublings_max = 10;
  const Duration doubled{redial_first.nanoseconds << std::min(tries, doublings_max)};
  const Duration delay = std::min(doubled, most);
  if (tries > 0) {
    context_.reached.mark(Reached::redial_backoff);
  }
  // Why at random: two servers that dial each other should not do so in step for ever.
  const std::uint64_t spread = static_cast<std::uint64_t>(delay.nanoseconds / 4) + 1;
  return delay + nanoseconds(static_cast<std::int64_t>(context_.dial_jitter.below(spread)));
}

// Dials now what was never dialed, later what failed or was lost.
void PeerTable::consider(std::uint32_t number) {
  const auto found = targets_.find(number);
  if (found == targets_.end() || !is_started_ || is_satisfied(found->second)) {
    return;
  }
  if (found->second.failures == 0 && found->second.refusals == 0 &&
      found->second.server_id.empty()) {
    dial(number);
  } else {
    dial_later(number);
  }
}

void PeerTable::disarm(Target& target, std::uint32_t number) {
  if (target.timer != Instant::never()) {
    context_.timers.disarm({target.timer, {no_connection_slot, number}, TimerKind::redial});
    target.timer = Instant::never();
  }
}

void PeerTable::dial_later(std::uint32_t number) {
  const auto found = targets_.find(number);
  if (found == targets_.end() || !is_started_ || found->second.timer != Instant::never()) {
    return;
  }
  found->second.timer = context_.now + redial_delay(found->second);
  context_.timers.arm({found->second.timer, {no_connection_slot, number}, TimerKind::redial});
}

void PeerTable::dial(std::uint32_t number) {
  Target& target = targets_.find(number)->second;
  const auto seed = seeds_.find(target.seed);
  ensure(seed != seeds_.end(), "a target has a seed");
  if (is_given_up(seed->second)) {
    context_.reached.mark(Reached::redial_given_up);
    remove_seed(seed->first);
    return;
  }
  disarm(target, number);
  target.pending = DialTicket{++context_.dials_made};
  target.dialed_at = context_.now;
  target.patience =
      (target.failures + 1) % attempts_per_long_one == 0 ? patience_long : patience_usual;
  dialing_.emplace(target.pending, number);
  context_.output->dials.push_back(
      {target.pending, ConnectionKind::route, target.address,
       certificate_name(seed->second.url.host, context_.options->cluster.routes), 0,
       target.patience});
}

void PeerTable::on_dial_failed(DialTicket ticket, std::string_view trouble) {
  context_.reached.mark(Reached::dial_failed);
  const auto dialed = dialing_.find(ticket);
  ensure(dialed != dialing_.end(), "the answer belongs to this table");
  const std::uint32_t number = dialed->second;
  dialing_.erase(dialed);
  Target& target = targets_.find(number)->second;
  target.pending = {};
  if (target.failures++ % failures_per_line == 0) {
    context_.log(LogLevel::error, "Error trying to connect to route (attempt " +
                                      number_text(std::uint64_t{target.failures}) + "): dial tcp " +
                                      host_and_port_text(target.address) + ": " +
                                      std::string(trouble));
  }
  const auto seed = seeds_.find(target.seed);
  ensure(seed != seeds_.end(), "a target has a seed");
  seed->second.failures = std::max(seed->second.failures, target.failures);
  // The name may lead elsewhere by now.
  if (context_.now - seed->second.resolved_at > resolve_again) {
    resolve(target.seed);
  }
  consider(number);
}

void PeerTable::on_timer(const Timer& timer) {
  const std::uint32_t number = timer.connection.generation;
  if (timer.kind == TimerKind::resolve) {
    if (const auto seed = seeds_.find(number); seed != seeds_.end()) {
      seed->second.timer = Instant::never();
      resolve(number);
    }
    return;
  }
  const auto found = targets_.find(number);
  if (found == targets_.end()) {
    return;
  }
  found->second.timer = Instant::never();
  if (!found->second.is_current) {
    const std::uint32_t seed = found->second.seed;
    drop_target(number);
    settle_without_target(seed);
  } else if (is_started_ && !is_satisfied(found->second)) {
    dial(number);
  }
}

PeerTable::Target* PeerTable::target_of(DialTicket dial) {
  const auto found = dialing_.find(dial);
  return found == dialing_.end() ? nullptr : &targets_.find(found->second)->second;
}

const PeerTable::Target* PeerTable::target_of(DialTicket dial) const {
  const auto found = dialing_.find(dial);
  return found == dialing_.end() ? nullptr : &targets_.find(found->second)->second;
}

}  // namespace rubus
