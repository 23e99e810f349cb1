// Processes of the cluster world: starting, ending, and what shards want from outside.
#include <algorithm>

#include "engine/base/text_number.h"
#include "sim/cluster/cluster_world.h"
#include "sim/cluster/json_form.h"

namespace rubus::sim {

namespace {

constexpr Duration client_patience = milliseconds(700);

template <class Shard>
void add_marks(const Shard& shard, MarkCounts& counts) {
  if constexpr (requires { shard.reached(); }) {
    for (std::size_t at = 0; at < counts.size(); ++at) {
      counts[at] += shard.reached().count(reached_names[at].mark);
    }
  }
}

}  // namespace

void ClusterWorld::start_node(std::uint32_t node) {
  Node& at = nodes_[node];
  if (at.process != nullptr) {
    return;
  }
  ++at.epoch;
  at.is_host_up = true;
  at.is_listening = true;
  at.is_leaving = false;
  at.finished = 0;
  at.asked = 0;
  network_.host_is_up(node);
  NodeProcess::Surroundings around{scenario_, agenda_, network_, now_, {}, {},
                                   {},        {},      {},       {},   {}, {}};
  around.wall = [this] { return wall(); };
  around.on_output = [this, node](std::uint32_t shard, const Output& output) {
    on_output(node, shard, output);
  };
  around.on_handed_in = [this](Wire& wire, std::uint64_t bytes) { on_handed_in(wire, bytes); };
  around.on_closed = [this](Wire& wire, std::size_t end, bool is_wish) {
    on_node_closed(wire, end, is_wish);
  };
  around.on_digest = [this](std::uint64_t digest) {
    ++result_.steps;
    chain_.add(digest);
    if (options_.keeps_digests) {
      result_.digests.push_back(digest);
    }
  };
  if (canary_.is_set()) {
    around.tamper = [this](Wire& wire, std::string& fresh) {
      if (wire.kind == ConnectionKind::client) {
        canary_.change(wire.number, fresh);
      }
    };
  }
  around.on_violation = [this](const std::string& what) { violate(what); };
  const NodeStart start{node, 0, at.address_version, at.epoch};
  at.process = std::make_unique<NodeProcess>(start, options_.habits, std::move(around));
  at.process->is_alive = [this, node](std::uint32_t epoch) {
    return nodes_[node].process != nullptr && nodes_[node].epoch == epoch;
  };
  note("node " + number_text(node) + " is started");
  for (std::uint32_t shard = 0; shard < at.process->shards(); ++shard) {
    // The first step has nothing in it: the shard is to say whom it dials.
    ShardShell& shell = at.process->shell(shard);
    shell.turn(now_, wall());
    at.process->poke(shard);
  }
}

void ClusterWorld::count_marks(std::uint32_t node) {
  if (nodes_[node].process == nullptr) {
    return;
  }
  for (std::uint32_t shard = 0; shard < nodes_[node].process->shards(); ++shard) {
    add_marks(nodes_[node].process->shell(shard).shard(), result_.marks);
  }
}

void ClusterWorld::end_process(std::uint32_t node, bool is_host_down) {
  Node& at = nodes_[node];
  if (at.process == nullptr) {
    return;
  }
  note("node " + number_text(node) + " is gone");
  count_marks(node);
  at.is_listening = false;
  at.is_host_up = !is_host_down;
  at.process.reset();
  for (auto& [number, wire] : network_.wires()) {
    for (std::size_t end = 0; end < 2; ++end) {
      const WireEnd& one = wire->ends[end];
      if (one.is_node && one.who == node && one.has_socket &&
          wire->kind == ConnectionKind::client) {
        model_.on_server_closed(number, now_);
        // Clients ping, too: one that hears nothing more will go elsewhere.
        agenda_.add(now_ + client_patience, [this, lost = number, client = wire->ends[0].who] {
          if (clients_[client].wire == lost) {
            network_.find(lost)->ends[0].has_socket = false;
            client_lost(client);
          }
        });
      }
      if (one.is_node && one.who == node && one.has_socket) {
        network_.lose_socket(*wire, end, is_host_down);
      } else if (one.is_node && one.who == node && is_host_down) {
        wire->ends[end].is_host_down = true;
      }
    }
  }
}

// Orderly. `down_us` negative: for good.
void ClusterWorld::leave(std::uint32_t node, Input wish, std::int64_t down_us) {
  Node& at = nodes_[node];
  if (at.process == nullptr || at.is_leaving) {
    return;
  }
  at.is_leaving = true;
  at.down_us = down_us;
  for (std::uint32_t shard = 0; shard < at.process->shards(); ++shard) {
    tell(node, shard, wish);
  }
}

void ClusterWorld::tell(std::uint32_t node, std::uint32_t shard, Input input) {
  nodes_[node].process->shell(shard).tell(std::move(input));
  nodes_[node].process->poke(shard);
}

ShardShell* ClusterWorld::shell_of(const WireEnd& end) {
  if (!end.is_node || nodes_[end.who].process == nullptr || nodes_[end.who].epoch != end.epoch) {
    return nullptr;
  }
  return &nodes_[end.who].process->shell(end.shard);
}

void ClusterWorld::on_output(std::uint32_t node, std::uint32_t shard, const Output& output) {
  Node& at = nodes_[node];
  if (trace_.is_on) {
    for (const LogLine& line : output.logs) {
      note("node " + number_text(node) + "." + number_text(shard) + " logs: " + line.text);
    }
  }
  for (const ResolveHost& wish : output.resolves) {
    resolve(node, shard, wish);
  }
  for (const DialPeer& wish : output.dials) {
    dial(node, shard, wish);
  }
  for (const Job& job : output.jobs) {
    start_job(node, shard, job);
  }
  for (const MonitorReply& reply : output.replies) {
    on_reply(node, reply);
  }
  gather_snapshots(node, shard, output);
  if (output.sample_process) {
    agenda_.add(now_, [this, node, shard, epoch = at.epoch] {
      if (nodes_[node].process != nullptr && nodes_[node].epoch == epoch) {
        tell(node, shard, ProcessSampled{{1'000'000, 100, 2, 3}});
      }
    });
  }
  if (output.stop_listening) {
    at.is_listening = false;
  }
  if (output.finished && ++at.finished == static_cast<std::size_t>(scenario_.nodes[node].shards)) {
    agenda_.add(now_, [this, node, epoch = at.epoch] {
      if (nodes_[node].process == nullptr || nodes_[node].epoch != epoch) {
        return;
      }
      for (std::uint32_t one = 0; one < nodes_[node].process->shards(); ++one) {
        ShardShell& shell = nodes_[node].process->shell(one);
        const std::size_t blocks = shell.shard().blocks().blocks_in_use();
        // The links to its siblings end with the process.
        if (blocks != 0 && shell.open_sockets() == 0) {
          violate("node " + number_text(node) + "." + number_text(one) + " still holds " +
                  number_text(std::uint64_t{blocks}) + " blocks when it has finished");
        }
      }
      const std::int64_t down_us = nodes_[node].down_us;
      end_process(node, false);
      if (down_us >= 0) {
        agenda_.add(now_ + microseconds(down_us), [this, node] { start_node(node); });
      }
    });
  }
}

// Shard 0 asks the others, which answer it, through the mailboxes of the process.
void ClusterWorld::gather_snapshots(std::uint32_t node, std::uint32_t shard, const Output& output) {
  const auto post = [this, node](std::uint32_t to, Input input) {
    agenda_.add(now_, [this, node, to, input = std::move(input), epoch = nodes_[node].epoch] {
      if (nodes_[node].process != nullptr && nodes_[node].epoch == epoch) {
        tell(node, to, input);
      }
    });
  };
  for (const SnapshotWish& wish : output.snapshot_wishes) {
    for (std::uint32_t other = 0; other < static_cast<std::uint32_t>(scenario_.nodes[node].shards);
         ++other) {
      if (other != shard) {
        post(other, SnapshotAsked{wish.ticket, wish.question});
      }
    }
  }
  for (const SnapshotGiven& given : output.snapshots) {
    post(0, SnapshotTaken{given.ticket, shard, given.snapshot});
  }
}

std::optional<std::uint32_t> ClusterWorld::listener_at(const Address& address) const {
  const std::optional<AddressOwner> owner = owner_of(address, nodes_.size());
  if (!owner || nodes_[owner->node].address_version != owner->version ||
      !nodes_[owner->node].is_host_up) {
    return std::nullopt;
  }
  return owner->node;
}

void ClusterWorld::fail_dial(std::uint32_t node, std::uint32_t shard, std::uint32_t epoch,
                             DialTicket ticket, const std::string& why, Duration later) {
  agenda_.add(now_ + later, [this, node, shard, epoch, ticket, why] {
    if (nodes_[node].process != nullptr && nodes_[node].epoch == epoch) {
      tell(node, shard, DialFailed{ticket, std::make_shared<const DialTrouble>(DialTrouble{why})});
    }
  });
}

void ClusterWorld::dial(std::uint32_t node, std::uint32_t shard, const DialPeer& wish) {
  const std::uint32_t epoch = nodes_[node].epoch;
  const Duration patience = std::min(wish.patience, milliseconds(scenario_.knobs.dial_timeout_ms));
  if (trace_.is_on) {
    note("node " + number_text(node) + " dials " + host_text(wish.address));
  }
  const std::optional<std::uint32_t> target = listener_at(wish.address);
  if (!target || network_.is_blocked(node, *target) || network_.is_blocked(*target, node)) {
    return fail_dial(node, shard, epoch, wish.ticket, "i/o timeout", patience);
  }
  const Duration round = node == *target ? microseconds(20) : network_.latency(node, *target) * 2;
  if (nodes_[*target].process == nullptr || !nodes_[*target].is_listening ||
      wish.address.port != cluster_port || wish.kind != ConnectionKind::route) {
    return fail_dial(node, shard, epoch, wish.ticket, "connection refused", round);
  }
  const std::uint32_t target_epoch = nodes_[*target].epoch;
  agenda_.add(now_ + round, [this, node, shard, epoch, ticket = wish.ticket, target = *target,
                             target_epoch] {
    if (nodes_[node].process == nullptr || nodes_[node].epoch != epoch) {
      return;
    }
    if (nodes_[target].process == nullptr || nodes_[target].epoch != target_epoch ||
        !nodes_[target].is_listening) {
      return fail_dial(node, shard, epoch, ticket, "connection reset by peer", Duration{});
    }
    WireEnd dialer{true, node, epoch, shard, true, false};
    WireEnd acceptor{true, target, target_epoch, 0, true, false};
    Wire& wire = network_.make(ConnectionKind::route, dialer, acceptor);
    wire.ticket = ticket;
    wire.addresses[0] = node_address(node, nodes_[node].address_version,
                                     static_cast<std::uint16_t>(30'000 + wire.number % 30'000));
    wire.addresses[1] = node_address(target, nodes_[target].address_version, cluster_port);
    nodes_[target].process->shell(0).attach(wire, 1, 0);
    nodes_[target].process->poke(0);
    nodes_[node].process->shell(shard).attach(wire, 0, 0);
    nodes_[node].process->poke(shard);
  });
}

void ClusterWorld::resolve(std::uint32_t node, std::uint32_t shard, const ResolveHost& wish) {
  agenda_.add(now_ + resolver_.delay(), [this, node, shard, wish, epoch = nodes_[node].epoch] {
    if (nodes_[node].process == nullptr || nodes_[node].epoch != epoch) {
      return;
    }
    std::vector<Resolver::Place> places;
    for (const Node& one : nodes_) {
      places.push_back({one.address_version, one.process != nullptr});
    }
    tell(node, shard,
         HostResolved{wish.ticket, std::make_shared<const HostAddresses>(
                                       resolver_.find(wish.host, places, now_))});
  });
}

void ClusterWorld::start_job(std::uint32_t node, std::uint32_t shard, const Job& job) {
  const std::uint64_t most = static_cast<std::uint64_t>(scenario_.knobs.job_us) + 1;
  const bool is_accepted = judge_job(scenario_, job);
  agenda_.add(now_ + microseconds(static_cast<std::int64_t>(jobs_.below(most))),
              [this, node, shard, is_accepted, ticket = job.ticket, epoch = nodes_[node].epoch] {
                if (nodes_[node].process != nullptr && nodes_[node].epoch == epoch) {
                  tell(node, shard, JobDone{ticket, is_accepted});
                }
              });
}

void ClusterWorld::on_reply(std::uint32_t node, const MonitorReply& reply) {
  nodes_[node].asked -= nodes_[node].asked > 0 ? 1 : 0;
  ++result_.answers;
  if (reply.status == 200 && reply.is_json && !is_well_formed_json(reply.body)) {
    violate("node " + number_text(node) +
            " answers a question with broken JSON: " + reply.body.substr(0, 200));
  }
}

}  // namespace rubus::sim
