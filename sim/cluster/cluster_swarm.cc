#include "sim/cluster/cluster_swarm.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/base/random.h"
#include "engine/base/text_number.h"
#include "sim/cluster/cluster_world.h"

namespace rubus::sim {

namespace {

constexpr std::array<std::string_view, 6> literal_subjects = {"a",         "a.b", "orders.eu",
                                                              "orders.us", "rpc", "x.y.z"};
constexpr std::array<std::string_view, 9> patterns = {"a", "a.*", "a.b",   "orders.>", "orders.eu",
                                                      ">", "rpc", "x.*.z", "*"};
constexpr std::array<std::string_view, 2> queues = {"q1", "workers"};
constexpr std::array<std::string_view, 6> questions = {
    "/varz", "/connz?subs=1", "/subsz?subs=1", "/routez?subs=1", "/healthz", "/accountz"};

// What a client does, beside publishing.
enum class Deed : std::uint8_t {
  publish,
  subscribe,
  unsubscribe,
  reset,
  close_and_open,
  pause,
  stall,
  half_open,
  malformed,
};
constexpr std::array<std::uint64_t, 9> usual_deeds = {50, 25, 10, 2, 2, 1, 1, 1, 1};

// By FaultKind: crash power_off readdress stop lame_duck freeze reload ask partition one_way clog
// slow half_open cut forget stale
constexpr std::array<std::uint64_t, fault_kinds> usual_faults = {5, 4, 4, 4, 3, 4, 2, 3,
                                                                 7, 5, 4, 4, 4, 6, 2, 2};

template <std::size_t count>
std::size_t draw_weighted(RandomStream& stream, const std::array<std::uint64_t, count>& weights) {
  std::uint64_t total = 0;
  for (const std::uint64_t weight : weights) {
    total += weight;
  }
  std::uint64_t draw = stream.below(total);
  std::size_t kind = 0;
  while (draw >= weights[kind]) {
    draw -= weights[kind++];
  }
  return kind;
}

template <std::size_t count>
std::string one_of(RandomStream& stream, const std::array<std::string_view, count>& choices) {
  return std::string(choices[stream.below(count)]);
}

class Drawer {
 public:
  Drawer(std::uint64_t seed, const ClusterSize& size) : seed_(seed), size_(size) {}
  Scenario draw();

 private:
  bool chance(std::string_view name, std::uint64_t percent) {
    return RandomStream(seed_, name).below(100) < percent;
  }
  std::uint64_t number(std::string_view name, std::uint64_t least, std::uint64_t most) {
    return least + RandomStream(seed_, name).below(most - least + 1);
  }
  std::int64_t knob(std::string_view name, std::uint64_t least, std::uint64_t most) {
    return static_cast<std::int64_t>(number(name, least, most));
  }
  void draw_knobs();
  void draw_nodes();
  void draw_routes();
  void draw_differences();
  void draw_users();
  void draw_clients();
  void draw_weights();
  void draw_round(std::uint64_t round);
  void add_deed(RandomStream& stream);
  void add_fault(RandomStream& stream);
  void add_rolling(RandomStream& stream);
  void fill_fault(RandomStream& stream, Fault& fault);
  void fill_publish(RandomStream& stream, ScenarioStep& step);
  ScenarioStep opening(RandomStream& stream, std::uint32_t client);
  void add(ScenarioStep step) {
    step.at_us = at_us_;
    scenario_.steps.push_back(std::move(step));
  }
  std::uint32_t some_node(RandomStream& stream) {
    return static_cast<std::uint32_t>(stream.below(scenario_.nodes.size()));
  }

  std::uint64_t seed_;
  ClusterSize size_;
  Scenario scenario_;
  std::int64_t at_us_ = 0;
  std::uint64_t drawn_ = 0;
  std::array<std::uint64_t, 9> deeds_{};
  std::array<std::uint64_t, fault_kinds> faults_{};
};

void Drawer::draw_knobs() {
  Knobs& knobs = scenario_.knobs;
  knobs.match_cache = chance("match cache", 75) ? 1 : 0;
  knobs.turn_us = knob("turn", 0, 300);
  knobs.batch_inputs = knob("batch inputs", 1, 64);
  knobs.peer_ping_ms = knob("peer ping", 200, 1500);
  knobs.peer_ping_max = knob("peer ping max", 1, 3);
  knobs.peer_write_deadline_ms = knob("peer write deadline", 200, 2000);
  knobs.peer_latency_us = knob("peer latency", 20, chance("far apart", 20) ? 30'000 : 2'000);
  knobs.peer_jitter_us = knob("peer jitter", 0, 1'000);
  knobs.peer_split = knob("peer split", 0, 2);
  knobs.peer_socket_bytes = chance("tight peer sockets", 25) ? knob("peer socket bytes", 700, 8'192)
                                                             : knobs.peer_socket_bytes;
  knobs.dial_timeout_ms = knob("dial timeout", 200, 2000);
  knobs.resolve_us = knob("resolve", 0, 20'000);
  knobs.connect_backoff = chance("connect backoff", 10) ? 1 : 0;
  knobs.job_us = knob("job", 0, 30'000);
  knobs.lame_duck_ms = knob("lame duck", 30, 1'000);
  if (chance("frequent pings", 30)) {
    knobs.ping_interval_ms = knob("ping interval", 300, 3000);
  }
  if (chance("small payloads", 20)) {
    knobs.max_payload = knob("max payload", 600, 4096);
  }
}

void Drawer::draw_nodes() {
  const std::uint64_t shape = number("cluster shape", 0, 99);
  std::uint64_t nodes = shape < 8 ? 1 : shape < 22 ? 2 : shape < 60 ? 3 : number("nodes", 4, 7);
  nodes = std::min<std::uint64_t>(nodes, size_.nodes_max);
  const bool is_sharded = chance("shards", 45);
  RandomStream stream(seed_, "shards of nodes");
  for (std::uint64_t at = 0; at < nodes; ++at) {
    ScenarioNode node;
    const std::uint64_t shards = 1 + stream.below(size_.shards_max);
    node.shards = is_sharded ? static_cast<std::int64_t>(shards) : 1;
    const bool is_late = stream.below(100) < 15;
    const std::uint64_t later = stream.below(2'000'000);
    node.start_us = is_late ? static_cast<std::int64_t>(later) : 0;
    scenario_.nodes.push_back(node);
  }
}

void Drawer::draw_routes() {
  const std::uint64_t way = number("routes", 0, 99);
  RandomStream stream(seed_, "routes of nodes");
  std::vector<std::uint32_t> all;
  for (std::uint32_t at = 0; at < scenario_.nodes.size(); ++at) {
    ScenarioNode& node = scenario_.nodes[at];
    all.push_back(at);
    const std::uint64_t earlier = at == 0 ? 0 : stream.below(at);
    if (way < 25) {
      node.routes = {"cluster"};  // a headless service that names the node itself, too
    } else if (way < 50) {
      node.routes = at == 0 ? std::vector<std::string>() : std::vector<std::string>{"node0"};
    } else if (way < 75) {
      node.routes = {at == 0 ? "node0" : "node" + number_text(earlier)};
    } else {
      for (std::uint32_t other = 0; other < scenario_.nodes.size(); ++other) {
        node.routes.push_back("node" + number_text(std::uint64_t{other}));
      }
    }
    if (stream.below(100) < 10) {
      node.routes.emplace_back("10.9.9.9");  // nobody has that address
    }
  }
  if (way < 25) {
    scenario_.services.push_back({"cluster", all});
  }
}

// One node that does not belong, or belongs with other limits.
void Drawer::draw_differences() {
  RandomStream stream(seed_, "differences");
  if (chance("password", 20)) {
    for (ScenarioNode& node : scenario_.nodes) {
      node.password = "secret";
    }
  }
  const std::uint64_t kind = stream.below(100);
  // The last node: nobody depends on it to find others, unless routes were drawn that way.
  ScenarioNode& node = scenario_.nodes.back();
  if (scenario_.nodes.size() > 1 && kind < 8) {
    node.cluster = "OTHER";
  } else if (scenario_.nodes.size() > 1 && kind < 14 && !node.password.empty()) {
    node.password = "wrong";
  } else if (scenario_.nodes.size() > 2 && kind < 20) {
    node.server_name = "twin";
    scenario_.nodes[scenario_.nodes.size() - 2].server_name = "twin";
  }
  for (ScenarioNode& one : scenario_.nodes) {
    const std::uint64_t draw = stream.below(100);
    one.no_advertise = draw < 8;
    one.max_payload = draw >= 8 && draw < 14 ? 2'000'000 : 0;
  }
}

void Drawer::draw_users() {
  if (!chance("users", 45)) {
    return;
  }
  const auto user = [this](std::string name, std::string account, bool is_hashed) {
    ScenarioUser one;
    one.name = std::move(name);
    one.password = "pw";
    one.account = std::move(account);
    one.is_hashed = is_hashed;
    scenario_.users.push_back(std::move(one));
  };
  user("ann", "A", false);
  user("amy", "A", chance("hashed", 50));
  user("bob", "B", false);
  user("gus", "", false);
  if (chance("permissions", 50)) {
    user("pat", "A", false);
    ScenarioUser& pat = scenario_.users.back();
    pat.has_permissions = true;
    pat.publish_deny = {"a.b"};
    pat.subscribe_deny = {"orders.us"};
  }
  if (chance("missing account", 20)) {
    scenario_.nodes.back().accounts = {"A"};
  }
}

void Drawer::draw_clients() {
  const std::uint64_t clients = number("clients", 2, 8);
  RandomStream stream(seed_, "links");
  for (std::uint64_t client = 0; client < clients; ++client) {
    LinkShape link;
    link.latency_us = static_cast<std::int64_t>(stream.below(1500));
    link.jitter_us = static_cast<std::int64_t>(stream.below(300));
    const std::uint64_t split = stream.below(10);
    link.split = split < 5 ? SplitMode::whole : split < 9 ? SplitMode::random : SplitMode::byte;
    link.home = some_node(stream);
    scenario_.links.push_back(link);
  }
}

void Drawer::draw_weights() {
  RandomStream deeds(seed_, "deed weights");
  for (std::size_t at = 0; at < deeds_.size(); ++at) {
    const bool is_on = deeds.below(100) < 60 || at < 2;
    deeds_[at] = is_on ? usual_deeds[at] * (1 + deeds.below(3)) : 0;
  }
  RandomStream faults(seed_, "fault weights");
  for (std::size_t at = 0; at < faults_.size(); ++at) {
    const bool is_on = faults.below(100) < 40 || at == static_cast<std::size_t>(FaultKind::ask);
    faults_[at] = is_on ? usual_faults[at] * (1 + faults.below(3)) : 0;
  }
}

ScenarioStep Drawer::opening(RandomStream& stream, std::uint32_t client) {
  ScenarioStep step;
  step.client = client;
  step.kind = StepKind::open;
  ConnectWish& wish = step.connect;
  wish.verbose = stream.below(100) < 15;
  wish.pedantic = stream.below(100) < 10;
  wish.echo = stream.below(100) < 85;
  wish.headers = stream.below(100) < 85;
  wish.no_responders = stream.below(100) < 60 && wish.headers;
  wish.protocol = stream.below(100) < 10 ? 0 : 1;
  if (!scenario_.users.empty()) {
    const ScenarioUser& user = scenario_.users[stream.below(scenario_.users.size())];
    wish.user = user.name;
    wish.password = stream.below(100) < 4 ? "wrong" : user.password;
  }
  return step;
}

void Drawer::fill_publish(RandomStream& stream, ScenarioStep& step) {
  step.subject = one_of(stream, literal_subjects);
  const std::uint64_t size = stream.below(100);
  step.number = static_cast<std::int64_t>(size < 70 ? stream.below(64) : stream.below(1500));
  step.number = std::min(step.number, scenario_.knobs.max_payload / 3);
  if (stream.below(100) < 40) {
    step.reply = "_INBOX." + number_text(step.client) + "." + number_text(drawn_);
  }
  if (stream.below(100) < 20) {
    step.header = static_cast<std::int64_t>(stream.below(100));
  }
}

void Drawer::add_deed(RandomStream& stream) {
  ScenarioStep step;
  step.client = static_cast<std::uint32_t>(stream.below(scenario_.links.size()));
  switch (static_cast<Deed>(draw_weighted(stream, deeds_))) {
    case Deed::publish:
      step.kind = StepKind::publish;
      fill_publish(stream, step);
      break;
    case Deed::subscribe:
      step.kind = StepKind::subscribe;
      step.subject = one_of(stream, patterns);
      step.sid = number_text(1 + stream.below(6));
      step.queue = stream.below(100) < 40 ? one_of(stream, queues) : "";
      break;
    case Deed::unsubscribe:
      step.kind = StepKind::unsubscribe;
      step.sid = number_text(1 + stream.below(6));
      step.number = static_cast<std::int64_t>(stream.below(100) < 20 ? 1 + stream.below(5) : 0);
      break;
    case Deed::reset:
      step.kind = StepKind::reset;
      break;
    case Deed::close_and_open:
      step.kind = StepKind::close;
      add(step);
      step = opening(stream, step.client);
      break;
    case Deed::pause:
      step.kind = stream.below(2) == 0 ? StepKind::pause : StepKind::resume;
      break;
    case Deed::stall:
      step.kind = StepKind::stall;
      step.number = static_cast<std::int64_t>(stream.below(1'000'000));
      break;
    case Deed::half_open:
      step.kind = StepKind::half_open;
      break;
    case Deed::malformed:
      step.kind = StepKind::malformed;
      step.malformed = static_cast<Malformed>(stream.below(7));
      break;
  }
  add(std::move(step));
}

void Drawer::fill_fault(RandomStream& stream, Fault& fault) {
  const std::uint64_t length = stream.below(100);
  fault.us = static_cast<std::int64_t>(length < 50   ? 1'000 + stream.below(300'000)
                                       : length < 85 ? 300'000 + stream.below(3'000'000)
                                                     : 3'000'000 + stream.below(12'000'000));
  fault.nodes = {some_node(stream)};
  const std::size_t nodes = scenario_.nodes.size();
  switch (fault.kind) {
    case FaultKind::crash:
    case FaultKind::power_off:
    case FaultKind::readdress:
    case FaultKind::stop:
    case FaultKind::lame_duck:
    case FaultKind::freeze:
      if (stream.below(100) < 10) {
        fault.nodes.clear();  // all at once
        for (std::uint32_t node = 0; node < nodes; ++node) {
          fault.nodes.push_back(node);
        }
      }
      break;
    case FaultKind::reload:
      fault.us = 0;
      break;
    case FaultKind::ask:
      fault.us = 0;
      fault.name = one_of(stream, questions);
      break;
    case FaultKind::partition:
    case FaultKind::one_way:
      // Isolated, or cut in two.
      for (std::uint32_t node = 0; stream.below(2) == 0 && node < nodes / 2; ++node) {
        const std::uint32_t more = some_node(stream);
        if (std::find(fault.nodes.begin(), fault.nodes.end(), more) == fault.nodes.end()) {
          fault.nodes.push_back(more);
        }
      }
      break;
    case FaultKind::clog:
    case FaultKind::slow:
    case FaultKind::half_open:
    case FaultKind::cut:
      fault.nodes.push_back(static_cast<std::uint32_t>(
          (fault.nodes[0] + 1 + stream.below(std::max<std::size_t>(nodes, 2) - 1)) % nodes));
      fault.extra_us = fault.kind == FaultKind::slow
                           ? static_cast<std::int64_t>(1'000 + stream.below(400'000))
                           : 0;
      fault.us = fault.kind == FaultKind::cut || fault.kind == FaultKind::half_open ? 0 : fault.us;
      break;
    case FaultKind::forget:
    case FaultKind::stale:
      fault.name = scenario_.services.empty() ? "node" + number_text(fault.nodes[0])
                                              : scenario_.services[0].name;
      fault.nodes.clear();
      break;
  }
}

void Drawer::add_fault(RandomStream& stream) {
  ScenarioStep step;
  step.kind = StepKind::fault;
  step.fault.kind = static_cast<FaultKind>(draw_weighted(stream, faults_));
  fill_fault(stream, step.fault);
  add(std::move(step));
}

// One node after the other, each time with a little while in between.
void Drawer::add_rolling(RandomStream& stream) {
  constexpr std::array<FaultKind, 4> ways = {FaultKind::stop, FaultKind::lame_duck,
                                             FaultKind::crash, FaultKind::readdress};
  const FaultKind way = ways[stream.below(ways.size())];
  const std::int64_t pace_us = static_cast<std::int64_t>(500'000 + stream.below(8'000'000));
  for (std::uint32_t node = 0; node < scenario_.nodes.size(); ++node) {
    ScenarioStep step;
    step.kind = StepKind::fault;
    step.fault.kind = way;
    step.fault.nodes = {node};
    step.fault.us = static_cast<std::int64_t>(10'000 + stream.below(300'000));
    add(std::move(step));
    at_us_ += pace_us;
  }
}

void Drawer::draw_round(std::uint64_t round) {
  RandomStream stream(seed_, "round " + number_text(round));
  const std::uint64_t pace_us = std::uint64_t{1} << (6 + stream.below(11));
  const std::uint64_t before = 4 + stream.below(16);
  const std::uint64_t faults = stream.below(100) < 15 ? 0 : 1 + stream.below(4);
  const std::uint64_t during = stream.below(12);
  const std::uint64_t wait = stream.below(100);
  const std::uint64_t short_wait_us = stream.below(3'000'000);
  const bool is_rolling = stream.below(100) < 8;
  const auto deeds = [&](std::uint64_t count) {
    for (std::uint64_t at = 0; at < count; ++at) {
      RandomStream own(seed_, "deed " + number_text(++drawn_));
      at_us_ += static_cast<std::int64_t>(own.below(pace_us));
      add_deed(own);
    }
  };
  deeds(before);
  for (std::uint64_t at = 0; at < faults; ++at) {
    RandomStream own(seed_, "fault " + number_text(++drawn_));
    at_us_ += static_cast<std::int64_t>(own.below(own.below(2) == 0 ? pace_us : 2'000'000));
    add_fault(own);
  }
  if (is_rolling) {
    RandomStream own(seed_, "rolling " + number_text(round));
    add_rolling(own);
  }
  deeds(during);
  if (stream.below(1'000) < 4) {
    at_us_ += 650'000'000;  // learned servers are given up in that time
  }
  at_us_ += wait < 50 ? static_cast<std::int64_t>(short_wait_us)
                      : convergence_bound(scenario_).nanoseconds / 1000 + 2'000'000;
}

Scenario Drawer::draw() {
  scenario_.seed = seed_;
  draw_knobs();
  draw_nodes();
  draw_routes();
  draw_differences();
  draw_users();
  draw_clients();
  draw_weights();
  for (std::uint32_t client = 0; client < scenario_.links.size(); ++client) {
    RandomStream stream(seed_, "first open " + number_text(std::uint64_t{client}));
    add(opening(stream, client));
    ScenarioStep inbox;
    inbox.client = client;
    inbox.kind = StepKind::subscribe;
    inbox.sid = "inbox";
    inbox.subject = "_INBOX." + number_text(std::uint64_t{client}) + ".*";
    add(inbox);
  }
  at_us_ = static_cast<std::int64_t>(number("head start", 0, 3'000'000));
  const std::uint64_t rounds = number("rounds", 1, size_.rounds_max);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    draw_round(round);
  }
  return std::move(scenario_);
}

}  // namespace

Scenario cluster_scenario(std::uint64_t seed, const ClusterSize& size) {
  return Drawer(seed, size).draw();
}

}  // namespace rubus::sim
