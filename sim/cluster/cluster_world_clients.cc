// Clients of the cluster world: connecting, speaking, reading, coming back.
#include <algorithm>

#include "engine/base/text_number.h"
#include "sim/cluster/cluster_world.h"

namespace rubus::sim {

namespace {

constexpr std::size_t read_bytes = 16384;
constexpr std::uint64_t comeback_us_max = 150'000;
constexpr Duration forever = seconds(1'000'000);

}  // namespace

void ClusterWorld::play_client(const ScenarioStep& step) {
  ClusterClient& client = clients_[step.client];
  Wire* wire = client.wire == 0 ? nullptr : network_.find(client.wire);
  switch (step.kind) {
    case StepKind::open:
      want(step.client, step);
      break;
    case StepKind::subscribe:
    case StepKind::unsubscribe:
      if (client.is_wanted) {
        client.remember(step);
      }
      client.speech.say(step);
      break;
    case StepKind::publish:
    case StepKind::ping:
    case StepKind::malformed:
      client.speech.say(step);
      break;
    case StepKind::close:
    case StepKind::reset:
    case StepKind::half_open:
      leave_client(step.client, step.kind);
      break;
    case StepKind::pause:
      client.speech.is_paused = true;
      model_.on_unsteady(client.wire, now_, now_ + forever);
      break;
    case StepKind::resume:
      client.speech.is_paused = false;
      if (wire != nullptr) {
        read(*wire);
      }
      break;
    case StepKind::stall:
      if (wire != nullptr) {
        wire->pipes[0].stall_until(now_ + microseconds(step.number));
        wire->pipes[1].stall_until(now_ + microseconds(step.number));
        model_.on_unsteady(client.wire, now_, now_ + microseconds(step.number));
      }
      break;
    case StepKind::crash:
    case StepKind::clock:
    case StepKind::connect:
    case StepKind::fault:
      break;  // of single servers
  }
  pump(step.client);
}

void ClusterWorld::want(std::uint32_t client, const ScenarioStep& step) {
  ClusterClient& one = clients_[client];
  if (one.is_wanted) {
    return;
  }
  one.is_wanted = true;
  one.open = step;
  one.subscriptions.clear();
  client_dial(client);
}

// close: for good. reset and half_open: the client comes back with its subscriptions.
void ClusterWorld::leave_client(std::uint32_t client, StepKind how) {
  ClusterClient& one = clients_[client];
  one.is_wanted = one.is_wanted && how != StepKind::close;
  if (one.wire == 0) {
    return;
  }
  pump(client);
  Wire& wire = *network_.find(one.wire);
  if (how == StepKind::half_open) {
    model_.on_unsteady(wire.number, now_, now_ + forever);
    wire.has_vanished = true;
    wire.pipes[0].vanish();
    wire.pipes[1].vanish();
    wire.ends[0].has_socket = false;
  } else if (how == StepKind::reset) {
    network_.reset_socket(wire, 0);
  } else {
    network_.close_socket(wire, 0);
  }
  client_lost(client);
}

void ClusterWorld::client_lost(std::uint32_t client) {
  ClusterClient& one = clients_[client];
  model_.on_lost(one.wire, now_);
  one.wire = 0;
  one.speech.on_closed();
  client_redial(client);
}

void ClusterWorld::client_redial(std::uint32_t client) {
  if (!clients_[client].is_wanted || is_ending_ || clients_[client].is_dialing) {
    return;
  }
  clients_[client].is_dialing = true;
  const std::uint64_t later = 1'000 + client_streams_[client].below(comeback_us_max);
  agenda_.add(now_ + microseconds(static_cast<std::int64_t>(later)), [this, client] {
    clients_[client].is_dialing = false;
    client_dial(client);
  });
}

// Home first, then what connect_urls told.
void ClusterWorld::client_dial(std::uint32_t client) {
  ClusterClient& one = clients_[client];
  if (!one.is_wanted || one.wire != 0 || one.is_dialing || is_ending_) {
    return;
  }
  const LinkShape& shape = scenario_.links[client];
  const std::uint32_t home = shape.home % static_cast<std::uint32_t>(nodes_.size());
  std::vector<Address> servers = {node_address(home, nodes_[home].address_version, client_port)};
  servers.insert(servers.end(), one.learned.begin(), one.learned.end());
  const Address address = servers[one.attempts++ % servers.size()];
  one.is_dialing = true;
  agenda_.add(now_ + microseconds(2 * shape.latency_us + 1), [this, client, address] {
    ClusterClient& dialer = clients_[client];
    dialer.is_dialing = false;
    const std::optional<std::uint32_t> node = listener_at(address);
    if (!dialer.is_wanted || !node || nodes_[*node].process == nullptr ||
        !nodes_[*node].is_listening) {
      return client_redial(client);
    }
    NodeProcess& process = *nodes_[*node].process;
    const std::uint32_t shard = static_cast<std::uint32_t>(accepts_.below(process.shards()));
    WireEnd mine{false, client, 0, 0, true, false};
    WireEnd theirs{true, *node, nodes_[*node].epoch, shard, true, false};
    Wire& wire = network_.make(ConnectionKind::client, mine, theirs);
    wire.addresses[0].bytes = {10, 1, 0, static_cast<std::uint8_t>(client + 1)};
    wire.addresses[0].port = static_cast<std::uint16_t>(20'000 + wire.number % 40'000);
    wire.addresses[1] = address;
    process.shell(shard).attach(wire, 1, 0);
    process.poke(shard);
    client_connected(client, wire);
  });
}

void ClusterWorld::client_connected(std::uint32_t client, Wire& wire) {
  ClusterClient& one = clients_[client];
  one.wire = wire.number;
  one.speech.on_connected();
  one.speech.on_frame = [this, client, number = wire.number](const Frame& frame) {
    if (frame.kind == FrameKind::info) {
      clients_[client].learn(frame.text);
    }
    model_.on_frame(number, frame, now_);
  };
  model_.on_connected(wire, one.open.connect, now_);
  if (trace_.is_on) {
    note("client " + number_text(client) + " is connected to node " +
         number_text(wire.ends[1].who) + "." + number_text(wire.ends[1].shard) + " by connection " +
         number_text(wire.number));
  }
  // As client libraries do: what changed since the first INFO is told in answer to the first PING.
  ScenarioStep ping;
  ping.client = client;
  one.speech.say(one.open);
  one.speech.say(ping);
  for (const auto& [sid, step] : one.subscriptions) {
    one.speech.say(step);
  }
  pump(client);
}

// Moves what a client has said into its link, as far as there is room.
void ClusterWorld::pump(std::uint32_t client) {
  ClusterClient& one = clients_[client];
  Wire* wire = one.wire == 0 ? nullptr : network_.find(one.wire);
  if (wire == nullptr || !wire->ends[0].has_socket) {
    return;
  }
  for (ClientOperation& operation : one.speech.operations()) {
    model_.on_said(wire->number, operation, now_);
    wire->operations.push_back(std::move(operation));
  }
  one.speech.operations().clear();
  one.speech.on_sent(wire->from(0).send(now_, one.speech.unsent()));
  network_.arm(*wire);
}

void ClusterWorld::on_handed_in(Wire& wire, std::uint64_t bytes) {
  wire.handed_in += bytes;
  while (!wire.operations.empty() && wire.handed_in >= wire.operations.front().end) {
    model_.on_handed_in(wire.number, wire.operations.front(), now_);
    ++result_.counts.operations;
    wire.operations.pop_front();
  }
}

void ClusterWorld::on_arrival(Wire& wire, std::size_t end) {
  if (ShardShell* shell = shell_of(wire.ends[end])) {
    shell->on_arrival(wire, end);
    nodes_[wire.ends[end].who].process->poke(wire.ends[end].shard);
  } else if (!wire.ends[end].is_node) {
    read(wire);
  }
}

// The client reads all that has arrived.
void ClusterWorld::read(Wire& wire) {
  const std::uint32_t client = wire.ends[0].who;
  ClusterClient& one = clients_[client];
  SimPipe& pipe = wire.to(0);
  if (one.wire != wire.number || one.speech.is_paused) {
    return;
  }
  const bool has_news = pipe.has_arrived();
  while (pipe.has_arrived()) {
    one.speech.on_bytes(pipe.take(read_bytes));
  }
  if (!one.speech.violation().empty()) {
    violate("client " + number_text(client) + " cannot read: " + one.speech.violation());
  }
  pump(client);
  if (has_news) {
    on_space(wire, 1);
  }
  if (pipe.is_at_end()) {
    network_.close_socket(wire, 0);
    client_lost(client);
  }
}

void ClusterWorld::on_space(Wire& wire, std::size_t end) {
  if (ShardShell* shell = shell_of(wire.ends[end])) {
    shell->on_space(wire, end, now_);
    nodes_[wire.ends[end].who].process->poke(wire.ends[end].shard);
  } else if (!wire.ends[end].is_node && clients_[wire.ends[end].who].wire == wire.number) {
    pump(wire.ends[end].who);
  }
}

void ClusterWorld::on_reset(Wire& wire, std::size_t end) {
  wire.ends[end].has_socket = false;
  if (ShardShell* shell = shell_of(wire.ends[end])) {
    shell->on_reset(wire, end);
    nodes_[wire.ends[end].who].process->poke(wire.ends[end].shard);
  } else if (!wire.ends[end].is_node && clients_[wire.ends[end].who].wire == wire.number) {
    client_lost(wire.ends[end].who);
  }
}

// A server closed a socket, or was told of its end.
void ClusterWorld::on_node_closed(Wire& wire, std::size_t end, bool is_wish) {
  if (trace_.is_on && wire.ends[0].is_node) {
    note("wire " + number_text(wire.number) + " of node " + number_text(wire.ends[0].who) +
         " to node " + number_text(wire.ends[1].who) + " is closed at node " +
         number_text(wire.ends[end].who) + (is_wish ? " by its wish" : ""));
  }
  if (is_wish && wire.kind == ConnectionKind::client && !is_ending_) {
    const std::uint32_t node = wire.ends[1].who;
    if (!nodes_[node].is_leaving && !model_.may_be_closed(wire.number, now_) &&
        calm_.is_calm(node, node, now_, now_)) {
      violate("node " + number_text(node) + " closed the healthy connection " +
              number_text(wire.number) + " of client " + number_text(wire.ends[0].who));
    }
  }
  if (wire.kind == ConnectionKind::client) {
    model_.on_server_closed(wire.number, now_);
  }
  if (wire.ends[end].has_socket) {
    network_.close_socket(wire, end);
  }
}

}  // namespace rubus::sim
