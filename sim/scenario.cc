#include "sim/scenario.h"

#include <algorithm>

#include "engine/base/text_number.h"
#include "sim/stand_ins.h"

namespace rubus::sim {

namespace {

void put(std::string& text, std::int64_t number) { append_number(text, number); }

void put_list(std::string& text, std::string_view name, const std::vector<std::string>& values) {
  if (values.empty()) {
    return;
  }
  text.append(" ").append(name).append("=");
  for (std::size_t at = 0; at < values.size(); ++at) {
    text.append(at == 0 ? "" : ",").append(values[at]);
  }
}

void put_user(std::string& text, const ScenarioUser& user) {
  text.append("user ").append(user.name).append(" password=").append(user.password);
  text.append(user.is_hashed ? " hashed" : "");
  text.append(user.has_permissions ? " permissions" : "");
  put_list(text, "publish_allow", user.publish_allow);
  put_list(text, "publish_deny", user.publish_deny);
  put_list(text, "subscribe_allow", user.subscribe_allow);
  put_list(text, "subscribe_deny", user.subscribe_deny);
  if (user.may_respond) {
    text.append(" responses=");
    put(text, user.responses_max);
    text.append(" responses_ms=");
    put(text, user.responses_ms);
  }
  if (!user.account.empty()) {
    text.append(" account=").append(user.account);
  }
  text.push_back('\n');
}

std::string_view name_of(SplitMode split) {
  switch (split) {
    case SplitMode::whole:
      return "whole";
    case SplitMode::random:
      return "random";
    case SplitMode::byte:
      return "byte";
  }
  return "?";
}

std::string_view name_of(Malformed malformed) {
  switch (malformed) {
    case Malformed::unknown_verb:
      return "unknown_verb";
    case Malformed::payload_too_large:
      return "payload_too_large";
    case Malformed::line_too_long:
      return "line_too_long";
    case Malformed::missing_arguments:
      return "missing_arguments";
    case Malformed::bad_json:
      return "bad_json";
    case Malformed::wrong_payload_end:
      return "wrong_payload_end";
    case Malformed::server_error:
      return "server_error";
  }
  return "?";
}

void put_connect(std::string& text, const ConnectWish& wish) {
  text.append(wish.is_bare ? " bare" : "");
  text.append(wish.verbose ? " verbose" : "");
  text.append(wish.pedantic ? " pedantic" : "");
  text.append(wish.echo ? "" : " no_echo");
  text.append(wish.headers ? "" : " no_headers");
  text.append(wish.no_responders ? " no_responders" : "");
  if (wish.protocol != 1) {
    text.append(" protocol=");
    put(text, wish.protocol);
  }
  if (!wish.user.empty()) {
    text.append(" user=").append(wish.user).append(" password=").append(wish.password);
  }
  if (!wish.token.empty()) {
    text.append(" token=").append(wish.token);
  }
}

void put_word(std::string& text, std::string_view name, std::string_view value) {
  if (!value.empty()) {
    text.append(" ").append(name).append("=").append(value);
  }
}

void put_number(std::string& text, std::string_view name, std::int64_t value) {
  text.append(" ").append(name).append("=");
  put(text, value);
}

void put_nodes(std::string& text, const std::vector<std::uint32_t>& nodes) {
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    text.append(at == 0 ? " nodes=" : ",");
    append_number(text, std::uint64_t{nodes[at]});
  }
}

void put_fault(std::string& text, const Fault& fault) {
  text.append(fault_name(fault.kind));
  put_nodes(text, fault.nodes);
  put_word(text, "name", fault.name);
  if (fault.us != 0) {
    put_number(text, "us", fault.us);
  }
  if (fault.extra_us != 0) {
    put_number(text, "extra_us", fault.extra_us);
  }
}

void put_node(std::string& text, const ScenarioNode& node) {
  text.append("node");
  put_number(text, "shards", node.shards);
  put_list(text, "routes", node.routes);
  put_word(text, "server_name", node.server_name);
  if (node.cluster != ScenarioNode().cluster) {
    put_word(text, "cluster", node.cluster);
  }
  put_word(text, "password", node.password);
  put_list(text, "accounts", node.accounts);
  if (node.max_payload != 0) {
    put_number(text, "max_payload", node.max_payload);
  }
  if (node.start_us != 0) {
    put_number(text, "start_us", node.start_us);
  }
  text.append(node.no_advertise ? " no_advertise" : "").push_back('\n');
}

}  // namespace

std::string_view fault_name(FaultKind kind) {
  static constexpr std::array<std::string_view, fault_kinds> names = {
      "crash",     "power_off", "readdress", "stop", "lame_duck", "freeze", "reload", "ask",
      "partition", "one_way",   "clog",      "slow", "half_open", "cut",    "forget", "stale"};
  return names[static_cast<std::size_t>(kind)];
}

// Steps that are a word and at most a number of microseconds.
void put_plain_step(std::string& text, const ScenarioStep& step, std::string_view word,
                    bool has_duration) {
  text.append(word);
  if (has_duration) {
    put_number(text, "us", step.number);
  }
}

void put_publish(std::string& text, const ScenarioStep& step) {
  text.append(" publish ").append(step.subject);
  put_number(text, "bytes", step.number);
  put_word(text, "reply", step.reply);
  if (step.header >= 0) {
    put_number(text, "header", step.header);
  }
}

std::string step_text(const ScenarioStep& step) {
  std::string text;
  put(text, step.at_us);
  text.push_back(' ');
  if (step.kind == StepKind::fault) {
    text.append("net ");
    put_fault(text, step.fault);
    return text;
  }
  put(text, step.client);
  switch (step.kind) {
    case StepKind::open:
      text.append(" open");
      put_connect(text, step.connect);
      break;
    case StepKind::connect:
      text.append(" connect");
      put_connect(text, step.connect);
      break;
    case StepKind::subscribe:
      text.append(" subscribe ").append(step.subject);
      put_word(text, "sid", step.sid);
      put_word(text, "queue", step.queue);
      break;
    case StepKind::unsubscribe:
      text.append(" unsubscribe");
      put_word(text, "sid", step.sid);
      if (step.number != 0) {
        put_number(text, "max", step.number);
      }
      break;
    case StepKind::publish:
      put_publish(text, step);
      break;
    case StepKind::malformed:
      text.append(" malformed ").append(name_of(step.malformed));
      break;
    case StepKind::ping:
      put_plain_step(text, step, " ping", false);
      break;
    case StepKind::close:
      put_plain_step(text, step, " close", false);
      break;
    case StepKind::reset:
      put_plain_step(text, step, " reset", false);
      break;
    case StepKind::pause:
      put_plain_step(text, step, " pause", false);
      break;
    case StepKind::resume:
      put_plain_step(text, step, " resume", false);
      break;
    case StepKind::stall:
      put_plain_step(text, step, " stall", true);
      break;
    case StepKind::half_open:
      put_plain_step(text, step, " half_open", false);
      break;
    case StepKind::crash:
      put_plain_step(text, step, " crash", true);
      break;
    case StepKind::clock:
      put_plain_step(text, step, " clock", true);
      break;
    case StepKind::fault:
      break;
  }
  return text;
}

std::string scenario_text(const Scenario& scenario) {
  std::string text = "scenario 1\nseed ";
  append_number(text, scenario.seed);
  text.push_back('\n');
  const Knobs defaults;
  for (const KnobName& knob : knob_names) {
    if (scenario.knobs.*knob.value != defaults.*knob.value) {
      text.append("knob ").append(knob.name).append(" ");
      put(text, scenario.knobs.*knob.value);
      text.push_back('\n');
    }
  }
  for (const ScenarioUser& user : scenario.users) {
    put_user(text, user);
  }
  if (!scenario.no_auth_user.empty()) {
    text.append("no_auth_user ").append(scenario.no_auth_user).append("\n");
  }
  if (!scenario.token.empty()) {
    text.append("token ").append(scenario.token);
    text.append(scenario.is_token_hashed ? " hashed\n" : "\n");
  }
  for (const ScenarioNode& node : scenario.nodes) {
    put_node(text, node);
  }
  for (const ScenarioService& service : scenario.services) {
    text.append("service ").append(service.name);
    put_nodes(text, service.nodes);
    text.push_back('\n');
  }
  for (const LinkShape& link : scenario.links) {
    text.append("client");
    put_number(text, "latency_us", link.latency_us);
    put_number(text, "jitter_us", link.jitter_us);
    put_word(text, "split", name_of(link.split));
    put_number(text, "socket_bytes", link.socket_bytes);
    if (link.home != 0) {
      put_number(text, "home", link.home);
    }
    text.push_back('\n');
  }
  for (const ScenarioStep& step : scenario.steps) {
    text.append(step_text(step)).push_back('\n');
  }
  return text;
}

namespace {

// "subject:queue" in the text form is "subject queue" in the options.
std::vector<std::string> with_blanks(std::vector<std::string> entries) {
  for (std::string& entry : entries) {
    std::replace(entry.begin(), entry.end(), ':', ' ');
  }
  return entries;
}

}  // namespace

Options server_options(const Scenario& scenario) {
  const Knobs& knobs = scenario.knobs;
  Options options;
  options.identity.server_id = "NSIM" + std::string(52, 'A');
  options.identity.server_name = "sim";
  options.identity.version = "2.12.0";
  options.identity.git_commit = "sim";
  options.identity.toolchain = "sim";
  options.identity.host = "127.0.0.1";
  options.identity.port = 4222;
  options.limits.max_payload = knobs.max_payload;
  options.limits.max_pending = knobs.max_pending;
  options.limits.max_control_line = knobs.max_control_line;
  options.limits.max_connections = knobs.max_connections;
  options.limits.max_subscriptions = knobs.max_subscriptions;
  options.limits.ping_interval = milliseconds(knobs.ping_interval_ms);
  options.limits.ping_max = static_cast<std::uint32_t>(knobs.ping_max);
  options.limits.write_deadline = milliseconds(knobs.write_deadline_ms);
  options.authorization.timeout = milliseconds(knobs.auth_timeout_ms);
  options.match_cache = knobs.match_cache != 0;
  options.headers = knobs.headers != 0;
  options.fast_producer_stall = knobs.fast_producer_stall != 0;
  options.authorization.no_auth_user = scenario.no_auth_user;
  options.authorization.token =
      scenario.is_token_hashed ? stand_in_hash(scenario.token) : scenario.token;
  for (const ScenarioUser& wish : scenario.users) {
    User user;
    (is_nkey(wish.name) ? user.nkey : user.name) = wish.name;
    user.password = wish.is_hashed ? stand_in_hash(wish.password) : wish.password;
    if (wish.has_permissions) {
      user.permissions =
          Permissions{wish.publish_allow, wish.publish_deny, with_blanks(wish.subscribe_allow),
                      with_blanks(wish.subscribe_deny), std::nullopt};
      if (wish.may_respond) {
        user.permissions->responses =
            ResponsePermission{wish.responses_max, milliseconds(wish.responses_ms)};
      }
    }
    options.authorization.users.push_back(std::move(user));
  }
  return options;
}

}  // namespace rubus::sim
