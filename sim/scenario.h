// Scenario: one run of the simulator as a plain value with a text form.
//
// It says which server is run (knobs, users), what the links look like, and what happens when. The
// steps do not depend on each other: a step that makes no sense (a publish on a closed connection)
// does nothing, so any subset of the steps is again a scenario; that is what makes shrinking work.
// The text form is strict: an unknown word is an error with its line. Grammar: README.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/seam/options.h"

namespace rubus::sim {

// Numbers of the server and of the world around it; knob_names has the names of the text form.
struct Knobs {
  std::int64_t max_payload = 1'048'576;
  std::int64_t max_pending = 67'108'864;
  std::int64_t max_control_line = 4096;
  std::int64_t max_connections = 65'536;
  std::int64_t max_subscriptions = 0;
  std::int64_t ping_interval_ms = 120'000;
  std::int64_t ping_max = 2;
  std::int64_t write_deadline_ms = 10'000;
  std::int64_t auth_timeout_ms = 2'000;
  std::int64_t match_cache = 1;
  std::int64_t headers = 1;
  std::int64_t fast_producer_stall = 1;
  std::int64_t turn_us = 20;        // how long the shell collects inputs, at most
  std::int64_t job_us = 50'000;     // how long a password check takes, at most
  std::int64_t batch_inputs = 256;  // inputs per batch, at most
};

struct KnobName {
  std::string_view name;
  std::int64_t Knobs::*value;
};
inline constexpr std::array<KnobName, 15> knob_names = {{
    {"max_payload", &Knobs::max_payload},
    {"max_pending", &Knobs::max_pending},
    {"max_control_line", &Knobs::max_control_line},
    {"max_connections", &Knobs::max_connections},
    {"max_subscriptions", &Knobs::max_subscriptions},
    {"ping_interval_ms", &Knobs::ping_interval_ms},
    {"ping_max", &Knobs::ping_max},
    {"write_deadline_ms", &Knobs::write_deadline_ms},
    {"auth_timeout_ms", &Knobs::auth_timeout_ms},
    {"match_cache", &Knobs::match_cache},
    {"headers", &Knobs::headers},
    {"fast_producer_stall", &Knobs::fast_producer_stall},
    {"turn_us", &Knobs::turn_us},
    {"job_us", &Knobs::job_us},
    {"batch_inputs", &Knobs::batch_inputs},
}};

struct ScenarioUser {
  std::string name;
  std::string password;
  bool is_hashed = false;  // the server holds a bcrypt hash: logins take a job
  bool has_permissions = false;
  std::vector<std::string> publish_allow;
  std::vector<std::string> publish_deny;
  std::vector<std::string> subscribe_allow;
  std::vector<std::string> subscribe_deny;
  bool may_respond = false;
  std::int64_t responses_max = 1;
  std::int64_t responses_ms = 120'000;
};

enum class SplitMode : std::uint8_t { whole, random, byte };

struct LinkShape {
  std::int64_t latency_us = 100;
  std::int64_t jitter_us = 0;
  SplitMode split = SplitMode::whole;
  std::int64_t socket_bytes = 262'144;  // buffered on the way, per direction
};

enum class StepKind : std::uint8_t {
  open,  // connect and say CONNECT (unless bare)
  subscribe,
  unsubscribe,
  publish,
  ping,
  malformed,  // something that must end the connection
  close,
  reset,
  pause,  // the client stops reading
  resume,
  stall,      // the link carries nothing for a while
  half_open,  // the client's machine is gone without a word
  crash,      // the server stops at once and is started again after a while
  clock,      // the wall clock jumps
};

enum class Malformed : std::uint8_t {
  unknown_verb,
  payload_too_large,
  line_too_long,
  missing_arguments,
  bad_json,
  wrong_payload_end,
  server_error,  // -ERR from a client
};

struct ConnectWish {
  bool is_bare = false;
  bool verbose = false;
  bool pedantic = false;
  bool echo = true;
  bool headers = true;
  bool no_responders = false;
  std::int64_t protocol = 1;
  std::string user;
  std::string password;
};

struct ScenarioStep {
  std::int64_t at_us = 0;
  std::uint32_t client = 0;
  StepKind kind = StepKind::ping;
  ConnectWish connect;       // open
  std::string subject;       // subscribe, publish
  std::string sid;           // subscribe, unsubscribe
  std::string queue;         // subscribe
  std::string reply;         // publish
  std::int64_t number = 0;   // publish: bytes; unsubscribe: max (0: none); stall, crash, clock: µs
  std::int64_t header = -1;  // publish: header bytes at least; negative: PUB
  Malformed malformed = Malformed::unknown_verb;
};

struct Scenario {
  std::uint64_t seed = 0;
  Knobs knobs;
  std::vector<ScenarioUser> users;
  std::string no_auth_user;
  std::vector<LinkShape> links;     // one per client
  std::vector<ScenarioStep> steps;  // by time; ties in this order
};

std::string scenario_text(const Scenario& scenario);
std::string step_text(const ScenarioStep& step);
// nullopt: `why` has the line number and what is wrong.
std::optional<Scenario> parse_scenario(std::string_view text, std::string& why);
// The options that the server is started with.
Options server_options(const Scenario& scenario);
// A stand-in for a bcrypt hash of `password`; the world answers jobs by comparing with it.
std::string stand_in_hash(std::string_view password);

}  // namespace rubus::sim
