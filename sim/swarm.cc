#include "sim/swarm.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/base/random.h"
#include "engine/base/text_number.h"
#include "sim/stand_ins.h"

namespace rubus::sim {

namespace {

constexpr std::array<std::string_view, 12> literal_subjects = {
    "a",         "b",         "a.b",   "a.c",     "a.b.c", "b.c",
    "orders.eu", "orders.us", "x.y.z", "a.b.c.d", "rpc",   "$x"};
constexpr std::array<std::string_view, 12> patterns = {
    "a", "a.*", "*.b", "a.>", ">", "*", "a.b.c", "orders.*", "a.*.c", "x.y.>", "rpc", "b"};
constexpr std::array<std::string_view, 6> odd_subjects = {"a..b", "a.>.b", "foo*",
                                                          "a.*",  ">",     "b.*.c"};
constexpr std::array<std::string_view, 3> queues = {"q1", "q2", "workers"};

struct Weights {
  std::array<std::uint64_t, 15> of_kind{};  // indexed by StepKind
};

class Drawer {
 public:
  Drawer(std::uint64_t seed, const SwarmSize& size) : seed_(seed), size_(size) {}
  Scenario draw();

 private:
  bool chance(std::string_view name, std::uint64_t percent) {
    return RandomStream(seed_, name).below(100) < percent;
  }
  std::uint64_t number(std::string_view name, std::uint64_t least, std::uint64_t most) {
    return least + RandomStream(seed_, name).below(most - least + 1);
  }
  void draw_knobs(Scenario& scenario);
  void draw_users(Scenario& scenario);
  void draw_links(Scenario& scenario);
  Weights draw_weights();
  ScenarioStep draw_step(RandomStream& stream, const Scenario& scenario, const Weights& weights);
  void fill_step(RandomStream& stream, const Scenario& scenario, ScenarioStep& step);
  void fill_publish(RandomStream& stream, const Scenario& scenario, ScenarioStep& step);
  void fill_connect(RandomStream& stream, const Scenario& scenario, ConnectWish& wish);

  template <std::size_t count>
  static std::string one_of(RandomStream& stream,
                            const std::array<std::string_view, count>& choices) {
    return std::string(choices[stream.below(count)]);
  }

  std::uint64_t seed_;
  SwarmSize size_;
};

void Drawer::draw_knobs(Scenario& scenario) {
  Knobs& knobs = scenario.knobs;
  if (chance("small payloads", 30)) {
    knobs.max_payload = static_cast<std::int64_t>(number("max payload", 16, 4096));
  }
  if (chance("small pending", 30)) {
    knobs.max_pending = static_cast<std::int64_t>(number("max pending", 1024, 65536));
  }
  if (chance("short lines", 20)) {
    knobs.max_control_line = static_cast<std::int64_t>(number("max control line", 256, 1024));
  }
  if (chance("few subscriptions", 20)) {
    knobs.max_subscriptions = static_cast<std::int64_t>(number("max subscriptions", 1, 5));
  }
  if (chance("few connections", 10)) {
    knobs.max_connections = static_cast<std::int64_t>(number("max connections", 1, 4));
  }
  if (chance("frequent pings", 40)) {
    knobs.ping_interval_ms = static_cast<std::int64_t>(number("ping interval", 50, 3000));
    knobs.ping_max = static_cast<std::int64_t>(number("ping max", 1, 4));
  }
  if (chance("write deadline", 30)) {
    knobs.write_deadline_ms = static_cast<std::int64_t>(number("write deadline ms", 20, 2000));
  }
  knobs.match_cache = chance("match cache", 75) ? 1 : 0;
  knobs.headers = chance("headers", 90) ? 1 : 0;
  knobs.fast_producer_stall = chance("stall", 75) ? 1 : 0;
  knobs.turn_us = static_cast<std::int64_t>(number("turn", 0, 400));
  knobs.batch_inputs = static_cast<std::int64_t>(number("batch inputs", 1, 64));
}

void Drawer::draw_users(Scenario& scenario) {
  if (!chance("users", 35)) {
    if (chance("token", 8)) {
      scenario.token = "T0ken";
      scenario.is_token_hashed = chance("hashed token", 50);
    }
    return;
  }
  scenario.users.push_back(
      {"alice", "wonder", false, false, {}, {}, {}, {}, false, 1, 120'000, ""});
  scenario.users.push_back({"hash", "brown", true, false, {}, {}, {}, {}, false, 1, 120'000, ""});
  ScenarioUser bob{"bob", "builder", false, true, {}, {}, {}, {}, false, 1, 120'000, ""};
  if (chance("bob publishes", 60)) {
    bob.publish_allow = {"a.>", "orders.*"};
  }
  if (chance("bob is denied to publish", 50)) {
    bob.publish_deny = {"a.b", "b"};
  }
  if (chance("bob subscribes", 60)) {
    bob.subscribe_allow = {"a.>", "_INBOX.>", "rpc"};
  }
  if (chance("bob is denied to subscribe", 50)) {
    bob.subscribe_deny = {"a.c", "a.b.c:q1"};
  }
  if (chance("bob responds", 50)) {
    bob.may_respond = true;
    bob.responses_max = static_cast<std::int64_t>(number("responses", 1, 3));
    bob.responses_ms = static_cast<std::int64_t>(number("responses ms", 1, 500));
  }
  scenario.users.push_back(bob);
  if (chance("nkey user", 30)) {
    ScenarioUser nina;
    nina.name = stand_in_nkey("nina");
    nina.password = "signs";
    scenario.users.push_back(nina);
  }
  if (chance("no auth user", 30)) {
    scenario.no_auth_user = chance("no auth bob", 50) ? "bob" : "alice";
  }
  scenario.knobs.auth_timeout_ms = static_cast<std::int64_t>(number("auth timeout", 20, 2000));
  scenario.knobs.job_us = static_cast<std::int64_t>(number("job", 0, 30'000));
}

void Drawer::draw_links(Scenario& scenario) {
  const std::uint64_t clients = number("clients", 1, size_.clients_max);
  const bool has_tight_sockets = chance("tight sockets", 40);
  RandomStream stream(seed_, "links");
  for (std::uint64_t client = 0; client < clients; ++client) {
    LinkShape link;
    link.latency_us = static_cast<std::int64_t>(stream.below(2000));
    link.jitter_us = static_cast<std::int64_t>(stream.below(500));
    const std::uint64_t split = stream.below(10);
    link.split = split < 4 ? SplitMode::whole : split < 8 ? SplitMode::random : SplitMode::byte;
    const std::uint64_t socket = stream.below(4096);
    link.socket_bytes = has_tight_sockets ? 64 + static_cast<std::int64_t>(socket) : 262'144;
    scenario.links.push_back(link);
  }
}

Weights Drawer::draw_weights() {
  // open subscribe unsubscribe publish ping malformed close reset pause resume stall half_open
  // crash clock connect. No second CONNECT is drawn yet: the model does not foresee its +OK when a
  // password check is under way.
  constexpr std::array<std::uint64_t, 15> usual = {10, 22, 6, 40, 6, 1, 2, 1, 2, 3, 2, 1, 1, 1, 0};
  Weights weights;
  RandomStream stream(seed_, "weights");
  for (std::size_t kind = 0; kind < usual.size(); ++kind) {
    const bool is_needed = kind == static_cast<std::size_t>(StepKind::open) ||
                           kind == static_cast<std::size_t>(StepKind::publish);
    const bool is_on = stream.below(100) < 60 || is_needed;
    weights.of_kind[kind] = is_on ? usual[kind] * (1 + stream.below(3)) : 0;
  }
  return weights;
}

void Drawer::fill_connect(RandomStream& stream, const Scenario& scenario, ConnectWish& wish) {
  wish.is_bare = stream.below(100) < 8;
  wish.verbose = stream.below(100) < 25;
  wish.pedantic = stream.below(100) < 25;
  wish.echo = stream.below(100) >= 20;
  wish.headers = stream.below(100) >= 25;
  wish.no_responders = wish.headers && scenario.knobs.headers != 0 && stream.below(100) < 50;
  wish.protocol = stream.below(100) < 15 ? 0 : 1;
  if (stream.below(100) < 2) {
    wish.protocol = 7;
  }
  if (stream.below(100) < 2) {
    wish.no_responders = true;
    wish.headers = false;
  }
  if (!scenario.token.empty()) {
    const std::uint64_t draw = stream.below(100);
    wish.token = draw < 85 ? scenario.token : draw < 93 ? "wrong" : "";
  }
  if (!scenario.users.empty() && stream.below(100) < 90) {
    const ScenarioUser& user = scenario.users[stream.below(scenario.users.size())];
    wish.user = user.name;
    wish.password = stream.below(100) < 8 ? "wrong" : user.password;
  }
}

void Drawer::fill_publish(RandomStream& stream, const Scenario& scenario, ScenarioStep& step) {
  step.subject =
      stream.below(100) < 6 ? one_of(stream, odd_subjects) : one_of(stream, literal_subjects);
  const std::uint64_t size = stream.below(100);
  step.number = static_cast<std::int64_t>(size < 60   ? stream.below(64)
                                          : size < 90 ? stream.below(1500)
                                                      : stream.below(20'000));
  const bool may_be_too_large = stream.below(100) < 3;
  if (!may_be_too_large && scenario.knobs.max_payload < 20'000) {
    step.number = std::min(step.number, scenario.knobs.max_payload / 2);
  }
  if (stream.below(100) < 35) {
    const std::uint64_t inbox = stream.below(100) < 70 ? step.client : stream.below(8);
    step.reply = "_INBOX." + number_text(inbox) + "." + number_text(stream.below(4));
  }
  const bool fits = scenario.knobs.max_payload > 400;
  if (stream.below(100) < 25 && fits && (scenario.knobs.headers != 0 || stream.below(100) < 5)) {
    step.header = static_cast<std::int64_t>(stream.below(120));
  }
}

void Drawer::fill_step(RandomStream& stream, const Scenario& scenario, ScenarioStep& step) {
  switch (step.kind) {
    case StepKind::open:
      return fill_connect(stream, scenario, step.connect);
    case StepKind::connect:
      fill_connect(stream, scenario, step.connect);
      step.connect.is_bare = false;
      return;
    case StepKind::subscribe:
      step.subject =
          stream.below(100) < 4 ? one_of(stream, odd_subjects) : one_of(stream, patterns);
      if (stream.below(100) < 25) {
        step.subject = "_INBOX." + number_text(step.client) + ".*";
      }
      step.sid = number_text(1 + stream.below(8));
      if (stream.below(100) < 35) {
        step.queue = one_of(stream, queues);
      }
      return;
    case StepKind::unsubscribe:
      step.sid = number_text(1 + stream.below(8));
      step.number = static_cast<std::int64_t>(stream.below(100) < 60 ? 1 + stream.below(6) : 0);
      return;
    case StepKind::publish:
      return fill_publish(stream, scenario, step);
    case StepKind::malformed:
      step.malformed = static_cast<Malformed>(stream.below(7));
      return;
    case StepKind::stall:
      step.number = static_cast<std::int64_t>(stream.below(3'000'000));
      return;
    case StepKind::crash:
      step.number = static_cast<std::int64_t>(stream.below(50'000));
      return;
    case StepKind::clock:
      step.number = static_cast<std::int64_t>(stream.below(576'000'000)) - 288'000'000;
      return;
    case StepKind::ping:
    case StepKind::close:
    case StepKind::reset:
    case StepKind::pause:
    case StepKind::resume:
    case StepKind::half_open:
    case StepKind::fault:
      return;
  }
}

ScenarioStep Drawer::draw_step(RandomStream& stream, const Scenario& scenario,
                               const Weights& weights) {
  ScenarioStep step;
  step.client = static_cast<std::uint32_t>(stream.below(scenario.links.size()));
  std::uint64_t total = 0;
  for (const std::uint64_t weight : weights.of_kind) {
    total += weight;
  }
  std::uint64_t draw = stream.below(total);
  std::size_t kind = 0;
  while (draw >= weights.of_kind[kind]) {
    draw -= weights.of_kind[kind++];
  }
  step.kind = static_cast<StepKind>(kind);
  fill_step(stream, scenario, step);
  return step;
}

Scenario Drawer::draw() {
  Scenario scenario;
  scenario.seed = seed_;
  draw_knobs(scenario);
  draw_users(scenario);
  draw_links(scenario);
  const Weights weights = draw_weights();
  const std::uint64_t steps = number("steps", 5, size_.steps_max);
  const std::uint64_t pace_us = std::uint64_t{1} << number("pace", 4, 15);
  RandomStream times(seed_, "times");
  std::int64_t at_us = 0;
  // Everybody is there at first; what follows may happen in any order.
  for (std::uint32_t client = 0; client < scenario.links.size(); ++client) {
    RandomStream stream(seed_, "first open " + number_text(client));
    ScenarioStep step;
    step.client = client;
    step.kind = StepKind::open;
    fill_step(stream, scenario, step);
    scenario.steps.push_back(step);
  }
  for (std::uint64_t at = 0; at < steps; ++at) {
    RandomStream stream(seed_, "step " + number_text(at));
    at_us += static_cast<std::int64_t>(times.below(pace_us));
    ScenarioStep step = draw_step(stream, scenario, weights);
    step.at_us = at_us;
    scenario.steps.push_back(step);
  }
  return scenario;
}

}  // namespace

Scenario swarm_scenario(std::uint64_t seed, const SwarmSize& size) {
  return Drawer(seed, size).draw();
}

}  // namespace rubus::sim
