// The strict reader of the text form: every word must be known, every number must be a number and
// lie in its range, and every line is accounted for.
#include <algorithm>

#include "engine/base/text_number.h"
#include "sim/scenario.h"

namespace rubus::sim {

namespace {

constexpr std::int64_t time_us_max = 1'000'000'000'000;  // eleven days
constexpr std::size_t clients_max = 64;
constexpr std::size_t nodes_max = 16;

struct NamedKind {
  std::string_view name;
  StepKind kind;
  bool has_operand;        // a word before the name=value words
  std::string_view words;  // allowed, with blanks around
};

constexpr NamedKind step_kinds[] = {
    {"open", StepKind::open, false,
     " bare verbose pedantic no_echo no_headers no_responders protocol user password token "},
    {"connect", StepKind::connect, false,
     " bare verbose pedantic no_echo no_headers no_responders protocol user password token "},
    {"subscribe", StepKind::subscribe, true, " sid queue "},
    {"unsubscribe", StepKind::unsubscribe, false, " sid max "},
    {"publish", StepKind::publish, true, " bytes reply header "},
    {"ping", StepKind::ping, false, ""},
    {"malformed", StepKind::malformed, true, ""},
    {"close", StepKind::close, false, ""},
    {"reset", StepKind::reset, false, ""},
    {"pause", StepKind::pause, false, ""},
    {"resume", StepKind::resume, false, ""},
    {"stall", StepKind::stall, false, " us "},
    {"half_open", StepKind::half_open, false, ""},
    {"crash", StepKind::crash, false, " us "},
    {"clock", StepKind::clock, false, " us "},
};

struct NamedMalformed {
  std::string_view name;
  Malformed kind;
};

constexpr NamedMalformed malformed_kinds[] = {
    {"unknown_verb", Malformed::unknown_verb},
    {"payload_too_large", Malformed::payload_too_large},
    {"line_too_long", Malformed::line_too_long},
    {"missing_arguments", Malformed::missing_arguments},
    {"bad_json", Malformed::bad_json},
    {"wrong_payload_end", Malformed::wrong_payload_end},
    {"server_error", Malformed::server_error},
};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end != 0) {
      words.push_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

class Reader {
 public:
  explicit Reader(std::string& why) : why_(why) {}

  bool read_line(std::string_view line, Scenario& scenario);
  bool fail(std::string_view what, std::string_view word) {
    why_ = std::string(what) + " \"" + std::string(word) + "\"";
    return false;
  }

 private:
  using Words = std::vector<std::string_view>;

  bool read_knob(const Words& words, Scenario& scenario);
  bool read_user(const Words& words, Scenario& scenario);
  bool read_client(const Words& words, Scenario& scenario);
  bool read_node(const Words& words, Scenario& scenario);
  bool read_service(const Words& words, Scenario& scenario);
  bool read_fault(const Words& words, Scenario& scenario);
  bool read_nodes(std::string_view value, const Scenario& scenario,
                  std::vector<std::uint32_t>& nodes);
  bool add_step(ScenarioStep&& step, std::string_view time, Scenario& scenario);
  bool read_step(const Words& words, Scenario& scenario);
  bool read_step_word(std::string_view name, std::string_view value, ScenarioStep& step);
  bool read_operand(std::string_view word, ScenarioStep& step);
  bool read_number(std::string_view word, std::int64_t least, std::int64_t most,
                   std::int64_t& number);
  // "name=value" → name, value; "name" → name, "".
  static std::pair<std::string_view, std::string_view> halves(std::string_view word) {
    const std::size_t equal = word.find('=');
    return equal == std::string_view::npos
               ? std::pair(word, std::string_view())
               : std::pair(word.substr(0, equal), word.substr(equal + 1));
  }

  std::string& why_;
};

bool Reader::read_number(std::string_view word, std::int64_t least, std::int64_t most,
                         std::int64_t& number) {
  const std::optional<std::int64_t> parsed = parse_signed(word);
  if (!parsed || *parsed < least || *parsed > most) {
    return fail("not a number in range:", word);
  }
  number = *parsed;
  return true;
}

bool Reader::read_knob(const Words& words, Scenario& scenario) {
  if (words.size() == 3) {
    for (const KnobName& knob : knob_names) {
      if (knob.name == words[1]) {
        return read_number(words[2], -1, time_us_max, scenario.knobs.*knob.value);
      }
    }
  }
  return fail("not a knob and a value:", words.size() > 1 ? words[1] : words[0]);
}

bool Reader::read_user(const Words& words, Scenario& scenario) {
  if (words.size() < 2) {
    return fail("a user needs a name:", words[0]);
  }
  ScenarioUser user;
  user.name = words[1];
  for (std::size_t at = 2; at < words.size(); ++at) {
    const auto [name, value] = halves(words[at]);
    std::vector<std::string>* list = name == "publish_allow"     ? &user.publish_allow
                                     : name == "publish_deny"    ? &user.publish_deny
                                     : name == "subscribe_allow" ? &user.subscribe_allow
                                     : name == "subscribe_deny"  ? &user.subscribe_deny
                                                                 : nullptr;
    if (list != nullptr) {
      for (const std::string_view entry : split(value, ',')) {
        list->emplace_back(entry);
      }
      user.has_permissions = true;
    } else if (name == "password") {
      user.password = value;
    } else if (name == "account") {
      user.account = value;
    } else if (words[at] == "hashed") {
      user.is_hashed = true;
    } else if (words[at] == "permissions") {
      user.has_permissions = true;
    } else if (name == "responses") {
      user.may_respond = true;
      user.has_permissions = true;
      if (!read_number(value, -1, 1'000'000, user.responses_max)) {
        return false;
      }
    } else if (name == "responses_ms") {
      if (!read_number(value, -1, time_us_max, user.responses_ms)) {
        return false;
      }
    } else {
      return fail("a user has no", words[at]);
    }
  }
  scenario.users.push_back(std::move(user));
  return true;
}

bool Reader::read_client(const Words& words, Scenario& scenario) {
  LinkShape link;
  for (std::size_t at = 1; at < words.size(); ++at) {
    const auto [name, value] = halves(words[at]);
    bool is_good = true;
    if (name == "latency_us") {
      is_good = read_number(value, 0, time_us_max, link.latency_us);
    } else if (name == "jitter_us") {
      is_good = read_number(value, 0, time_us_max, link.jitter_us);
    } else if (name == "socket_bytes") {
      is_good = read_number(value, 1, std::int64_t{1} << 30U, link.socket_bytes);
    } else if (name == "home") {
      std::int64_t home = 0;
      is_good = read_number(value, 0, static_cast<std::int64_t>(nodes_max) - 1, home);
      link.home = static_cast<std::uint32_t>(home);
    } else if (name == "split" && value == "whole") {
      link.split = SplitMode::whole;
    } else if (name == "split" && value == "random") {
      link.split = SplitMode::random;
    } else if (name == "split" && value == "byte") {
      link.split = SplitMode::byte;
    } else {
      is_good = fail("a client has no", words[at]);
    }
    if (!is_good) {
      return false;
    }
  }
  scenario.links.push_back(link);
  return scenario.links.size() <= clients_max || fail("too many clients:", words[0]);
}

bool Reader::read_nodes(std::string_view value, const Scenario& scenario,
                        std::vector<std::uint32_t>& nodes) {
  for (const std::string_view word : split(value, ',')) {
    std::int64_t node = 0;
    if (!read_number(word, 0, static_cast<std::int64_t>(scenario.nodes.size()) - 1, node)) {
      return false;
    }
    nodes.push_back(static_cast<std::uint32_t>(node));
  }
  return true;
}

bool Reader::read_node(const Words& words, Scenario& scenario) {
  ScenarioNode node;
  for (std::size_t at = 1; at < words.size(); ++at) {
    const auto [name, value] = halves(words[at]);
    std::vector<std::string>* list = name == "routes"     ? &node.routes
                                     : name == "accounts" ? &node.accounts
                                                          : nullptr;
    std::string* text = name == "server_name" ? &node.server_name
                        : name == "cluster"   ? &node.cluster
                        : name == "password"  ? &node.password
                                              : nullptr;
    bool is_good = true;
    if (list != nullptr) {
      for (const std::string_view entry : split(value, ',')) {
        list->emplace_back(entry);
      }
    } else if (text != nullptr) {
      *text = value;
    } else if (name == "shards") {
      is_good = read_number(value, 1, 8, node.shards);
    } else if (name == "max_payload") {
      is_good = read_number(value, 1, time_us_max, node.max_payload);
    } else if (name == "start_us") {
      is_good = read_number(value, 0, time_us_max, node.start_us);
    } else if (words[at] == "no_advertise") {
      node.no_advertise = true;
    } else {
      is_good = fail("a node has no", words[at]);
    }
    if (!is_good) {
      return false;
    }
  }
  scenario.nodes.push_back(std::move(node));
  return scenario.nodes.size() <= nodes_max || fail("too many nodes:", words[0]);
}

bool Reader::read_service(const Words& words, Scenario& scenario) {
  if (words.size() != 3 || !words[2].starts_with("nodes=")) {
    return fail("a service is: service name nodes=…; not", words[0]);
  }
  ScenarioService service{std::string(words[1]), {}};
  if (!read_nodes(halves(words[2]).second, scenario, service.nodes)) {
    return false;
  }
  scenario.services.push_back(std::move(service));
  return true;
}

bool Reader::read_fault(const Words& words, Scenario& scenario) {
  ScenarioStep step;
  step.kind = StepKind::fault;
  if (!read_number(words[0], 0, time_us_max, step.at_us)) {
    return false;
  }
  std::size_t kind = 0;
  while (kind < fault_kinds && fault_name(static_cast<FaultKind>(kind)) != words[2]) {
    ++kind;
  }
  if (kind == fault_kinds) {
    return fail("no such fault:", words[2]);
  }
  step.fault.kind = static_cast<FaultKind>(kind);
  for (std::size_t at = 3; at < words.size(); ++at) {
    const auto [name, value] = halves(words[at]);
    bool is_good = true;
    if (name == "nodes") {
      is_good = read_nodes(value, scenario, step.fault.nodes);
    } else if (name == "name") {
      step.fault.name = value;
    } else if (name == "us" || name == "extra_us") {
      is_good =
          read_number(value, 0, time_us_max, name == "us" ? step.fault.us : step.fault.extra_us);
    } else {
      is_good = fail("a fault has no", words[at]);
    }
    if (!is_good) {
      return false;
    }
  }
  return add_step(std::move(step), words[0], scenario);
}

bool Reader::add_step(ScenarioStep&& step, std::string_view time, Scenario& scenario) {
  if (!scenario.steps.empty() && scenario.steps.back().at_us > step.at_us) {
    return fail("steps are sorted by time; too late for", time);
  }
  scenario.steps.push_back(std::move(step));
  return true;
}

bool Reader::read_operand(std::string_view word, ScenarioStep& step) {
  if (step.kind != StepKind::malformed) {
    step.subject = word;
    return true;
  }
  for (const NamedMalformed& known : malformed_kinds) {
    if (known.name == word) {
      step.malformed = known.kind;
      return true;
    }
  }
  return fail("no such malformed input:", word);
}

bool Reader::read_step_word(std::string_view name, std::string_view value, ScenarioStep& step) {
  ConnectWish& wish = step.connect;
  if (name == "bare" || name == "verbose" || name == "pedantic" || name == "no_responders") {
    bool& flag = name == "bare"       ? wish.is_bare
                 : name == "verbose"  ? wish.verbose
                 : name == "pedantic" ? wish.pedantic
                                      : wish.no_responders;
    flag = true;
    return value.empty() || fail("a flag has no value:", value);
  }
  if (name == "no_echo" || name == "no_headers") {
    (name == "no_echo" ? wish.echo : wish.headers) = false;
    return value.empty() || fail("a flag has no value:", value);
  }
  if (value.empty()) {
    return fail("a value is missing after", name);
  }
  if (name == "bytes" || name == "max" || name == "us") {
    const bool may_be_negative = step.kind == StepKind::clock;
    return read_number(value, may_be_negative ? -time_us_max : 0, time_us_max, step.number);
  }
  if (name == "header") {
    return read_number(value, 0, 1'000'000, step.header);
  }
  if (name == "protocol") {
    return read_number(value, 0, 9, wish.protocol);
  }
  std::string& text = name == "sid"     ? step.sid
                      : name == "queue" ? step.queue
                      : name == "reply" ? step.reply
                      : name == "user"  ? wish.user
                      : name == "token" ? wish.token
                                        : wish.password;
  text = value;
  return true;
}

bool Reader::read_step(const Words& words, Scenario& scenario) {
  ScenarioStep step;
  std::int64_t client = 0;
  if (words.size() < 3) {
    return fail("a step is: time client what; not", words[0]);
  }
  if (words[1] == "net") {
    return read_fault(words, scenario);
  }
  if (!read_number(words[0], 0, time_us_max, step.at_us) ||
      !read_number(words[1], 0, static_cast<std::int64_t>(scenario.links.size()) - 1, client)) {
    return false;
  }
  step.client = static_cast<std::uint32_t>(client);
  for (const NamedKind& known : step_kinds) {
    if (known.name != words[2]) {
      continue;
    }
    step.kind = known.kind;
    std::size_t at = 3;
    if (known.has_operand) {
      if (at == words.size()) {
        return fail("what follows is missing:", words[2]);
      }
      if (!read_operand(words[at++], step)) {
        return false;
      }
    }
    for (; at < words.size(); ++at) {
      const auto [name, value] = halves(words[at]);
      if (known.words.find(" " + std::string(name) + " ") == std::string_view::npos) {
        return fail(std::string(words[2]) + " has no", words[at]);
      }
      if (!read_step_word(name, value, step)) {
        return false;
      }
    }
    return add_step(std::move(step), words[0], scenario);
  }
  return fail("no such step:", words[2]);
}

bool Reader::read_line(std::string_view line, Scenario& scenario) {
  const Words words = split(line, ' ');
  if (words[0] == "seed" && words.size() == 2) {
    const std::optional<std::uint64_t> seed = parse_unsigned(words[1]);
    scenario.seed = seed.value_or(0);
    return seed.has_value() || fail("not a seed:", words[1]);
  }
  if (words[0] == "knob") {
    return read_knob(words, scenario);
  }
  if (words[0] == "user") {
    return read_user(words, scenario);
  }
  if (words[0] == "no_auth_user" && words.size() == 2) {
    scenario.no_auth_user = words[1];
    return true;
  }
  if (words[0] == "token" && (words.size() == 2 || (words.size() == 3 && words[2] == "hashed"))) {
    scenario.token = words[1];
    scenario.is_token_hashed = words.size() == 3;
    return true;
  }
  if (words[0] == "client") {
    return read_client(words, scenario);
  }
  if (words[0] == "node") {
    return read_node(words, scenario);
  }
  if (words[0] == "service") {
    return read_service(words, scenario);
  }
  if (words[0].front() >= '0' && words[0].front() <= '9') {
    return read_step(words, scenario);
  }
  return fail("no such line:", words[0]);
}

}  // namespace

std::optional<Scenario> parse_scenario(std::string_view text, std::string& why) {
  Scenario scenario;
  std::string wrong;
  Reader reader(wrong);
  std::uint64_t number = 0;
  bool is_headed = false;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') {
      continue;
    }
    bool is_good = true;
    if (!is_headed) {
      is_good = line == "scenario 1" || reader.fail("the first line is \"scenario 1\", not", line);
      is_headed = true;
    } else {
      is_good = line.find_first_not_of(' ') != std::string_view::npos
                    ? reader.read_line(line, scenario)
                    : reader.fail("blank line with", line);
    }
    if (!is_good) {
      why = "line " + number_text(number) + ": " + wrong;
      return std::nullopt;
    }
  }
  if (!is_headed) {
    why = "line 1: the first line is \"scenario 1\"";
    return std::nullopt;
  }
  return scenario;
}

}  // namespace rubus::sim
