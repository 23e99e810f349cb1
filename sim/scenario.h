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
  // Of clusters: pings, links between servers, and what surrounds them.
  std::int64_t peer_ping_ms = 1'000;
  std::int64_t peer_ping_max = 2;
  std::int64_t peer_write_deadline_ms = 2'000;
  std::int64_t peer_latency_us = 200;
  std::int64_t peer_jitter_us = 0;
  std::int64_t peer_split = 0;  // SplitMode
  std::int64_t peer_socket_bytes = 262'144;
  std::int64_t connect_backoff = 0;
  std::int64_t dial_timeout_ms = 1'000;  // of a dial that nobody answers
  std::int64_t resolve_us = 2'000;       // how long a resolver takes, at most
  std::int64_t lame_duck_ms = 300;
};

struct KnobName {
  std::string_view name;
  std::int64_t Knobs::*value;
};
inline constexpr std::array<KnobName, 26> knob_names = {{
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
    {"peer_ping_ms", &Knobs::peer_ping_ms},
    {"peer_ping_max", &Knobs::peer_ping_max},
    {"peer_write_deadline_ms", &Knobs::peer_write_deadline_ms},
    {"peer_latency_us", &Knobs::peer_latency_us},
    {"peer_jitter_us", &Knobs::peer_jitter_us},
    {"peer_split", &Knobs::peer_split},
    {"peer_socket_bytes", &Knobs::peer_socket_bytes},
    {"connect_backoff", &Knobs::connect_backoff},
    {"dial_timeout_ms", &Knobs::dial_timeout_ms},
    {"resolve_us", &Knobs::resolve_us},
    {"lame_duck_ms", &Knobs::lame_duck_ms},
}};

struct ScenarioUser {
  std::string name;  // a public nkey (stand_ins.h): its logins take a job, too
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
  std::string account;  // empty: the global one; only clusters look at it
};

enum class SplitMode : std::uint8_t { whole, random, byte };

struct LinkShape {
  std::int64_t latency_us = 100;
  std::int64_t jitter_us = 0;
  SplitMode split = SplitMode::whole;
  std::int64_t socket_bytes = 262'144;  // buffered on the way, per direction
  std::uint32_t home = 0;               // clusters: the node that the client connects to first
};

// A server of a cluster, counted from 0. Its host is called "node0", its first address is 10.0.0.1;
// each change of address raises the last number.
struct ScenarioNode {
  std::int64_t shards = 1;
  std::vector<std::string> routes;  // "node1", the name of a service, or an address
  std::string server_name;          // empty: as the host
  std::string cluster = "SIM";
  std::string password;               // of the cluster port, and said when dialing; empty: none
  std::vector<std::string> accounts;  // that exist here; empty: all
  std::int64_t max_payload = 0;       // 0: the knob
  std::int64_t start_us = 0;          // comes up that much later
  bool no_advertise = false;
};

// A host name with an address for each of its nodes that is up: a headless service.
struct ScenarioService {
  std::string name;
  std::vector<std::uint32_t> nodes;
};

enum class FaultKind : std::uint8_t {
  crash,      // the process is gone, its host is not: peers are told by the host
  power_off,  // the host is gone without a word
  readdress,  // like power_off; it comes back with another address
  stop,       // orderly, then started again
  lame_duck,  // told to leave; started again when it has
  freeze,     // the process does not run
  reload,     // with options that end nothing
  ask,        // a monitoring question; `name` is the path
  partition,  // `nodes` from all others, both ways
  one_way,    // nothing passes from `nodes` to the others
  clog,       // nothing passes between the two
  slow,       // everything between the two takes `extra_us` longer
  half_open,  // connections between the two swallow all, and nobody is told
  cut,        // connections between the two are reset
  forget,     // a resolver does not know `name`
  stale,      // a resolver answers for `name` what was true at the beginning
};
inline constexpr std::size_t fault_kinds = 16;

// Ends by itself after `us`, so that no step depends on another.
struct Fault {
  FaultKind kind = FaultKind::cut;
  std::vector<std::uint32_t> nodes;
  std::string name;
  std::int64_t us = 0;
  std::int64_t extra_us = 0;
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
  connect,    // CONNECT once more on an open connection
  fault,      // of a cluster: see Fault
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
  std::string user;  // or a public nkey, which is told with a signature
  std::string password;
  std::string token;
};

struct ScenarioStep {
  std::int64_t at_us = 0;
  std::uint32_t client = 0;
  StepKind kind = StepKind::ping;
  ConnectWish connect;       // open, connect
  std::string subject;       // subscribe, publish
  std::string sid;           // subscribe, unsubscribe
  std::string queue;         // subscribe
  std::string reply;         // publish
  std::int64_t number = 0;   // publish: bytes; unsubscribe: max (0: none); stall, crash, clock: µs
  std::int64_t header = -1;  // publish: header bytes at least; negative: PUB
  Malformed malformed = Malformed::unknown_verb;
  Fault fault;
};

struct Scenario {
  std::uint64_t seed = 0;
  Knobs knobs;
  std::vector<ScenarioUser> users;
  std::string no_auth_user;
  std::string token;  // without users: what everybody has to say
  bool is_token_hashed = false;
  std::vector<ScenarioNode> nodes;  // none: a single server, judged by the exact model
  std::vector<ScenarioService> services;
  std::vector<LinkShape> links;     // one per client
  std::vector<ScenarioStep> steps;  // by time; ties in this order
};

std::string scenario_text(const Scenario& scenario);
std::string step_text(const ScenarioStep& step);
std::string_view fault_name(FaultKind kind);
// nullopt: `why` has the line number and what is wrong.
std::optional<Scenario> parse_scenario(std::string_view text, std::string& why);
// The options that the server is started with.
Options server_options(const Scenario& scenario);

}  // namespace rubus::sim
