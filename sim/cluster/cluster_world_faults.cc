// Faults of the cluster world. Each ends by itself; each tells calm_ whom it disturbs, and how
// long.
#include <algorithm>

#include "engine/base/text_number.h"
#include "sim/cluster/cluster_world.h"

namespace rubus::sim {

namespace {

constexpr std::uint32_t address_versions_max = 200;
constexpr Duration leaving_max = seconds(5);

}  // namespace

void ClusterWorld::play_fault(const Fault& fault) {
  const Instant end = now_ + microseconds(fault.us);
  switch (fault.kind) {
    case FaultKind::crash:
    case FaultKind::power_off:
    case FaultKind::readdress:
    case FaultKind::stop:
    case FaultKind::lame_duck:
    case FaultKind::freeze:
    case FaultKind::reload:
    case FaultKind::ask:
      for (const std::uint32_t node : fault.nodes) {
        if (nodes_[node].process != nullptr && !nodes_[node].is_leaving) {
          ++result_.faults[static_cast<std::size_t>(fault.kind)];
          play_node_fault(fault, node);
        }
      }
      break;
    case FaultKind::partition:
    case FaultKind::one_way:
      play_partition(fault);
      break;
    case FaultKind::clog:
    case FaultKind::slow:
    case FaultKind::half_open:
    case FaultKind::cut:
      if (fault.nodes.size() == 2 && fault.nodes[0] != fault.nodes[1]) {
        ++result_.faults[static_cast<std::size_t>(fault.kind)];
        play_pair_fault(fault);
      }
      break;
    case FaultKind::forget:
      ++result_.faults[static_cast<std::size_t>(fault.kind)];
      resolver_.forget(fault.name, end);
      calm_.disturb_names(now_, end);
      break;
    case FaultKind::stale:
      ++result_.faults[static_cast<std::size_t>(fault.kind)];
      resolver_.keep_stale(fault.name, end);
      calm_.disturb_names(now_, end);
      break;
  }
}

void ClusterWorld::restart_later(std::uint32_t node, std::int64_t us) {
  agenda_.add(now_ + microseconds(us), [this, node] { start_node(node); });
}

void ClusterWorld::play_node_fault(const Fault& fault, std::uint32_t node) {
  const Instant end = now_ + microseconds(fault.us);
  switch (fault.kind) {
    case FaultKind::crash:
      calm_.disturb_node(node, now_, end);
      end_process(node, false);
      restart_later(node, fault.us);
      break;
    case FaultKind::power_off:
    case FaultKind::readdress:
      calm_.disturb_node(node, now_, end);
      end_process(node, true);
      if (fault.kind == FaultKind::readdress &&
          nodes_[node].address_version < address_versions_max) {
        ++nodes_[node].address_version;
      }
      restart_later(node, fault.us);
      break;
    case FaultKind::stop:
      calm_.disturb_node(node, now_, end + leaving_max);
      leave(node, ShutdownRequested{}, fault.us);
      break;
    case FaultKind::lame_duck:
      calm_.disturb_node(node, now_,
                         end + leaving_max + milliseconds(2 * scenario_.knobs.lame_duck_ms));
      leave(node, LameDuckRequested{}, fault.us);
      break;
    case FaultKind::freeze:
      calm_.disturb_node(node, now_, end);
      nodes_[node].process->freeze_until(end);
      break;
    case FaultKind::reload:
      reload(node);
      break;
    case FaultKind::ask:
      ask(node, fault.name);
      break;
    case FaultKind::partition:
    case FaultKind::one_way:
    case FaultKind::clog:
    case FaultKind::slow:
    case FaultKind::half_open:
    case FaultKind::cut:
    case FaultKind::forget:
    case FaultKind::stale:
      break;
  }
}

// Other limits and another time of configuration: nothing that ends a connection or a link.
void ClusterWorld::reload(std::uint32_t node) {
  NodeProcess& process = *nodes_[node].process;
  for (std::uint32_t shard = 0; shard < process.shards(); ++shard) {
    NodeStart start{node, shard, nodes_[node].address_version, nodes_[node].epoch};
    auto options = std::make_shared<Options>(node_options(scenario_, start));
    options->limits.max_control_line += 1;
    options->limits.ping_interval = options->limits.ping_interval + milliseconds(1);
    options->monitor.config_load_time = wall();
    tell(node, shard, OptionsChanged{options});
  }
}

void ClusterWorld::ask(std::uint32_t node, const std::string& path) {
  auto question = std::make_shared<MonitorQuestion>();
  const std::size_t mark = path.find('?');
  question->path = path.substr(0, mark);
  question->query = mark == std::string::npos ? "" : path.substr(mark + 1);
  ++nodes_[node].asked;
  tell(node, 0, MonitorAsked{MonitorTicket{++questions_}, question});
  agenda_.add(now_ + flight_, [this, node, epoch = nodes_[node].epoch, path] {
    const Node& at = nodes_[node];
    if (at.process != nullptr && at.epoch == epoch && at.asked > 0 && !at.process->is_frozen() &&
        calm_.is_calm(node, node, now_ - flight_, now_)) {
      violate("node " + number_text(node) + " never answered " + path);
    }
  });
}

void ClusterWorld::play_partition(const Fault& fault) {
  const bool is_both = fault.kind == FaultKind::partition;
  const Instant end = now_ + microseconds(fault.us);
  bool is_any = false;
  for (const std::uint32_t inner : fault.nodes) {
    for (std::uint32_t outer = 0; outer < nodes_.size(); ++outer) {
      if (std::find(fault.nodes.begin(), fault.nodes.end(), outer) != fault.nodes.end()) {
        continue;
      }
      is_any = true;
      network_.block(inner, outer);
      if (is_both) {
        network_.block(outer, inner);
      }
      calm_.disturb(inner, outer, now_, end);
      agenda_.add(end, [this, inner, outer, is_both] {
        network_.unblock(inner, outer);
        if (is_both) {
          network_.unblock(outer, inner);
        }
      });
    }
  }
  result_.faults[static_cast<std::size_t>(fault.kind)] += is_any ? 1 : 0;
}

void ClusterWorld::play_pair_fault(const Fault& fault) {
  const std::uint32_t one = fault.nodes[0];
  const std::uint32_t other = fault.nodes[1];
  const Instant end = now_ + microseconds(fault.us);
  calm_.disturb(one, other, now_, end);
  if (fault.kind == FaultKind::clog) {
    network_.block(one, other);
    network_.block(other, one);
    agenda_.add(end, [this, one, other] {
      network_.unblock(one, other);
      network_.unblock(other, one);
    });
  } else if (fault.kind == FaultKind::slow) {
    network_.add_latency(one, other, microseconds(fault.extra_us));
    agenda_.add(end, [this, one, other, extra = fault.extra_us] {
      network_.add_latency(one, other, microseconds(-extra));
    });
  } else if (fault.kind == FaultKind::half_open) {
    network_.swallow(one, other);
  } else {
    network_.cut(one, other);
  }
}

}  // namespace rubus::sim
