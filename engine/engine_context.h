// EngineContext: what every part of the engine may use during a step.
//
// Lent by the engine, set anew at the start of each step: the clock of the batch, the output to
// fill, the pool, the timers, the named random streams. No part keeps a pointer into the output.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/auth/account.h"
#include "engine/base/block.h"
#include "engine/base/random.h"
#include "engine/base/reached.h"
#include "engine/base/sorted.h"
#include "engine/base/timer_queue.h"
#include "engine/monitor/closed_clients.h"
#include "engine/monitor/counters.h"
#include "engine/peer/peer_links.h"
#include "engine/seam/options.h"
#include "engine/seam/output.h"

namespace rubus {

class ClientSession;
class SystemServices;

// What a fan-out in another account brought for a peer of `importer`, under its name there.
struct ImportedMessage {
  PeerLink* link = nullptr;
  Account* importer = nullptr;
  std::string subject;
  std::vector<std::string_view> queues;  // groups that the peer shall serve
};

struct EngineContext {
  EngineContext(const Options& first, std::uint64_t seed, WallTime started_at, BlockPool& blocks)
      : options(std::make_shared<const Options>(first)),
        pool(blocks),
        started(started_at),
        queue_choice(seed, "queue choice"),
        ping_jitter(seed, "ping jitter"),
        dial_jitter(seed, "dial jitter"),
        mapping_choice(seed, "mapping choice"),
        service_replies(seed, "service replies") {}

  std::shared_ptr<const Options> options;
  BlockPool& pool;
  WallTime started;
  Instant now;
  WallTime wall;
  Output* output = nullptr;

  TimerQueue timers;
  RandomStream queue_choice;
  RandomStream ping_jitter;
  RandomStream dial_jitter;
  RandomStream mapping_choice;
  RandomStream service_replies;
  ReachedMarks reached;
  Counters counters;
  ClosedClients closed_clients;
  SortedMap<std::string, std::unique_ptr<Account>> accounts;
  SortedMap<JobTicket, ConnectionId> jobs;  // who waits for which answer
  std::uint64_t jobs_made = 0;
  std::uint64_t resolves_made = 0;
  std::uint32_t dials_made = 0;
  std::string cluster_name;                // empty: not clustered
  bool is_cluster_renamed = false;         // leaf connections are to be made anew
  std::vector<std::string> connect_urls;   // of this server and its peers, sorted
  bool connect_urls_changed = false;       // clients are to be told behind the present input
  std::vector<std::string> leafnode_urls;  // of other servers of the cluster, sorted
  bool leafnode_urls_changed = false;      // leaf nodes are to be told
  bool lame_duck = false;
  SystemServices* system = nullptr;                // set by the engine when it is made
  std::vector<AccountOptions> effective_accounts;  // with the services of the system account
  std::vector<std::string> import_problems;        // of them: imports that were left out, and why

  // Sessions that began to close in this input; their subscriptions are dropped behind it, because
  // a fan-out may be walking over them.
  std::vector<ClientSession*> leaving;
  std::vector<Subscription*> expired;  // reached their maximum in the present fan-out

  PeerLinks links;
  bool is_linked = false;                    // accounts count interest
  std::vector<ConnectionId> slow_links;      // over their bound; closed behind the present input
  std::uint64_t fan_stamp = 0;               // counts fan-outs that reach a link
  std::vector<PeerLink*> fan_links;          // of the present fan-out
  std::vector<std::string_view> fan_queues;  // those that a peer lists, sorted if they are many
  std::vector<ImportedMessage> fan_imports;  // of the present fan-out

  Account* make_account(std::string_view name) {
    std::unique_ptr<Account>& place = accounts[std::string(name)];
    if (place == nullptr) {
      place = std::make_unique<Account>(std::string(name), options->match_cache,
                                        name == options->system_account);
      if (is_linked) {
        place->join(links);
      }
    }
    return place.get();
  }
  // Hands a slow check to the shell; on_job_done() of `asker` follows. False: too many are under
  // way, because connections come and go faster than passwords can be checked.
  bool begin_job(Job job, ConnectionId asker) {
    constexpr std::size_t pending_max = 4096;
    if (jobs.size() >= pending_max) {
      return false;
    }
    job.ticket = JobTicket{++jobs_made};
    jobs.emplace(job.ticket, asker);
    output->jobs.push_back(std::move(job));
    return true;
  }
  Account* find_account(std::string_view name) {
    const auto found = accounts.find(name.empty() ? global_account_name : name);
    return found == accounts.end() ? nullptr : found->second.get();
  }
  void log(LogLevel level, std::string text) { output->logs.push_back({level, std::move(text)}); }
};

}  // namespace rubus
