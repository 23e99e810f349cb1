#include "sim/shrink.h"

#include <algorithm>
#include <utility>

namespace rubus::sim {

namespace {

// Steps [first, first + count) left out.
Scenario without_steps(const Scenario& scenario, std::size_t first, std::size_t count) {
  Scenario simpler = scenario;
  const auto begin = simpler.steps.begin() + static_cast<std::ptrdiff_t>(first);
  simpler.steps.erase(
      begin, begin + static_cast<std::ptrdiff_t>(std::min(count, simpler.steps.size() - first)));
  return simpler;
}

void add_fewer_steps(const Scenario& scenario, std::vector<Scenario>& simpler) {
  const std::size_t steps = scenario.steps.size();
  for (std::size_t count = steps / 2; count > 0; count /= 2) {
    for (std::size_t first = 0; first < steps; first += count) {
      simpler.push_back(without_steps(scenario, first, count));
    }
  }
  if (steps == 1) {
    simpler.push_back(without_steps(scenario, 0, 1));
  }
}

void add_plainer_world(const Scenario& scenario, std::vector<Scenario>& simpler) {
  const Knobs defaults;
  for (const KnobName& knob : knob_names) {
    if (scenario.knobs.*knob.value != defaults.*knob.value) {
      simpler.push_back(scenario);
      simpler.back().knobs.*knob.value = defaults.*knob.value;
    }
  }
  if (!scenario.users.empty()) {
    simpler.push_back(scenario);
    simpler.back().users.clear();
    simpler.back().no_auth_user.clear();
  }
  for (std::size_t at = 0; at < scenario.links.size(); ++at) {
    const LinkShape& link = scenario.links[at];
    const LinkShape plain;
    if (link.split != plain.split || link.jitter_us != 0 ||
        link.socket_bytes != plain.socket_bytes || link.latency_us != plain.latency_us) {
      simpler.push_back(scenario);
      simpler.back().links[at] = plain;
      simpler.back().links[at].home = link.home;
    }
  }
  const bool is_last_unused =
      scenario.links.size() > 1 &&
      std::none_of(scenario.steps.begin(), scenario.steps.end(), [&](const ScenarioStep& step) {
        return step.client + 1 == scenario.links.size();
      });
  if (is_last_unused) {
    simpler.push_back(scenario);
    simpler.back().links.pop_back();
  }
}

bool is_node_used(const Scenario& scenario, std::uint32_t node) {
  const auto names_it = [node](const std::vector<std::uint32_t>& nodes) {
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
  };
  return std::any_of(scenario.steps.begin(), scenario.steps.end(),
                     [&](const ScenarioStep& step) { return names_it(step.fault.nodes); }) ||
         std::any_of(scenario.links.begin(), scenario.links.end(),
                     [node](const LinkShape& link) { return link.home == node; }) ||
         std::any_of(scenario.services.begin(), scenario.services.end(),
                     [&](const ScenarioService& service) { return names_it(service.nodes); });
}

void add_smaller_cluster(const Scenario& scenario, std::vector<Scenario>& simpler) {
  if (scenario.nodes.size() > 1 &&
      !is_node_used(scenario, static_cast<std::uint32_t>(scenario.nodes.size()) - 1)) {
    simpler.push_back(scenario);
    simpler.back().nodes.pop_back();
  }
  for (std::size_t at = 0; at < scenario.nodes.size(); ++at) {
    ScenarioNode plain;
    plain.routes = scenario.nodes[at].routes;
    const auto add_if = [&](bool is_special, auto&& change) {
      if (is_special) {
        simpler.push_back(scenario);
        change(simpler.back().nodes[at]);
      }
    };
    const ScenarioNode& node = scenario.nodes[at];
    add_if(node.shards > 1, [](ScenarioNode& one) { --one.shards; });
    add_if(node.start_us != 0, [](ScenarioNode& one) { one.start_us = 0; });
    add_if(node.routes.size() > 1, [](ScenarioNode& one) { one.routes.pop_back(); });
    add_if(!node.password.empty() || node.max_payload != 0 || node.no_advertise ||
               !node.accounts.empty() || node.cluster != plain.cluster || !node.server_name.empty(),
           [&](ScenarioNode& one) {
             const std::int64_t shards = one.shards;
             one = plain;
             one.shards = shards;
           });
  }
  for (std::size_t at = 0; at < scenario.links.size(); ++at) {
    if (scenario.links[at].home != 0) {
      simpler.push_back(scenario);
      simpler.back().links[at].home = 0;
    }
  }
}

// Shorter faults, and calls for one node instead of many.
bool make_fault_plainer(Fault& fault) {
  if (fault.nodes.size() > 2) {
    fault.nodes.pop_back();
    return true;
  }
  if (fault.us > 10'000) {
    fault.us = fault.us / 2;
    return true;
  }
  return false;
}

void add_plainer_steps(const Scenario& scenario, std::vector<Scenario>& simpler) {
  for (std::size_t at = 0; at < scenario.steps.size(); ++at) {
    ScenarioStep step = scenario.steps[at];
    if (step.kind == StepKind::publish && step.number > 0) {
      step.number = step.number > 16 ? step.number / 2 : 0;
    } else if (step.kind == StepKind::publish && step.header >= 0) {
      step.header = -1;
    } else if (step.kind == StepKind::publish && !step.reply.empty()) {
      step.reply.clear();
    } else if (step.kind == StepKind::subscribe && !step.queue.empty()) {
      step.queue.clear();
    } else if (step.kind == StepKind::fault && make_fault_plainer(step.fault)) {
      // done
    } else {
      continue;
    }
    simpler.push_back(scenario);
    simpler.back().steps[at] = step;
  }
}

}  // namespace

std::vector<Scenario> simpler_scenarios(const Scenario& scenario) {
  std::vector<Scenario> simpler;
  add_fewer_steps(scenario, simpler);
  add_plainer_world(scenario, simpler);
  add_smaller_cluster(scenario, simpler);
  add_plainer_steps(scenario, simpler);
  return simpler;
}

Scenario shrunk(Scenario scenario, const std::function<bool(const Scenario&)>& still_fails,
                std::uint64_t questions_max) {
  std::uint64_t questions = 0;
  bool is_progress = true;
  while (is_progress && questions < questions_max) {
    is_progress = false;
    for (Scenario& simpler : simpler_scenarios(scenario)) {
      if (questions++ >= questions_max) {
        break;
      }
      if (still_fails(simpler)) {
        scenario = std::move(simpler);
        is_progress = true;
        break;
      }
    }
  }
  return scenario;
}

}  // namespace rubus::sim
