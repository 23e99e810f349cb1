#include "io/command_line_flags.h"

#include <algorithm>
#include <charconv>

#include "io/config_field.h"

namespace rubus::io {

namespace {

using R = FlagReading;
using V = FlagValue;

constexpr std::string_view server_section = "Server";
constexpr std::string_view logging_section = "Logging";
constexpr std::string_view security_section = "Security";
constexpr std::string_view cluster_section = "Cluster";
constexpr std::string_view other_section = "Other";

void set_monitor_port(std::optional<ListenAddress>& address, std::int64_t port) {
  if (!address) {
    address = ListenAddress{"", 0};
  }
  address->port = port_number(port);
}

void ignore(R&, const V&) {}

std::vector<FlagRow> server_flags() {
  return {
      {"a addr net", FlagKind::text, [](R& r, const V& v) { r.config.client.host = v.text; },
       server_section, "HOST", "Listen on this address (default 0.0.0.0)"},
      {"p port", FlagKind::integer,
       [](R& r, const V& v) { r.config.client.port = port_number(v.integer); }, server_section,
       "PORT", "Listen for clients on this port (default 4222; -1 takes any free one)"},
      {"n name server_name", FlagKind::text,
       [](R& r, const V& v) { r.config.engine.identity.server_name = v.text; }, server_section,
       "NAME", "Name of this server (default: its id)"},
      {"P pid", FlagKind::text, [](R& r, const V& v) { r.config.pid_file = v.text; },
       server_section, "FILE", "Write the process id to this file"},
      {"m http_port", FlagKind::integer,
       [](R& r, const V& v) { set_monitor_port(r.config.monitor.http, v.integer); }, server_section,
       "PORT", "Serve monitoring over HTTP on this port"},
      {"ms https_port", FlagKind::integer,
       [](R& r, const V& v) { set_monitor_port(r.config.monitor.https, v.integer); },
       server_section, "PORT", "Serve monitoring over HTTPS on this port"},
      {"c config", FlagKind::text, [](R& r, const V& v) { r.config_file = v.text; }, server_section,
       "FILE", "Read this configuration file"},
      {"t", FlagKind::boolean, [](R& r, const V& v) { r.check_config = v.boolean; }, server_section,
       "", "Check the configuration file and leave"},
      {"sl signal", FlagKind::text, [](R& r, const V& v) { r.signal = v.text; }, server_section,
       "COMMAND[=PID]",
       "Send a command to a running server: stop, quit, term, reopen, reload, ldm;\n"
       "PID is a process id or a pid file"},
      {"client_advertise", FlagKind::text,
       [](R& r, const V& v) { r.config.client_advertise = v.text; }, server_section, "HOST[:PORT]",
       "Address that other servers tell clients"},
      {"ports_file_dir", FlagKind::text, [](R& r, const V& v) { r.config.ports_file_dir = v.text; },
       server_section, "DIR", "Write a file with the ports in use to this directory"},
      {"prometheus", FlagKind::text, [](R& r, const V& v) { r.prometheus = v.text; },
       server_section, "[HOST:]PORT", "Serve metrics, and nothing else, on this port"},
      {"record", FlagKind::text, [](R& r, const V& v) { r.config.record_file = v.text; },
       server_section, "FILE", "Record every input batch to this file, for replay"},
      {"js jetstream", FlagKind::boolean, [](R& r, const V& v) { r.jetstream = v.boolean; },
       server_section, "", "Enable JetStream (not supported yet)"},
      {"sd store_dir", FlagKind::text, ignore, server_section, "DIR",
       "Directory for JetStream's storage (no effect yet)"},
  };
}

std::vector<FlagRow> logging_flags() {
  return {
      {"l log", FlagKind::text, [](R& r, const V& v) { r.config.log.file = v.text; },
       logging_section, "FILE", "Log to this file"},
      {"T logtime", FlagKind::boolean,
       [](R& r, const V& v) { r.config.log.timestamps = v.boolean; }, logging_section, "",
       "Put the time on each log line (default true)"},
      {"logtime_utc", FlagKind::boolean, [](R& r, const V& v) { r.config.log.utc = v.boolean; },
       logging_section, "", "That time is UTC, not local"},
      {"s syslog", FlagKind::boolean, [](R& r, const V& v) { r.config.log.syslog = v.boolean; },
       logging_section, "", "Log to the system log"},
      {"r remote_syslog", FlagKind::text,
       [](R& r, const V& v) { r.config.log.remote_syslog = v.text; }, logging_section, "URL",
       "Log to a remote system log (udp://localhost:514)"},
      {"D debug", FlagKind::boolean,
       [](R& r, const V& v) { r.config.engine.trace.debug = v.boolean; }, logging_section, "",
       "Log debugging lines"},
      {"V trace", FlagKind::boolean,
       [](R& r, const V& v) { r.config.engine.trace.trace = v.boolean; }, logging_section, "",
       "Log the protocol of every client"},
      {"VV", FlagKind::boolean, [](R& r, const V& v) { r.config.engine.trace.trace = v.boolean; },
       logging_section, "", "As -V, and of the system account too"},
      {"DV", FlagKind::boolean,
       [](R& r, const V& v) {
         r.config.engine.trace.debug = v.boolean;
         r.config.engine.trace.trace = v.boolean;
       },
       logging_section, "", "Both -D and -V"},
      {"DVV", FlagKind::boolean,
       [](R& r, const V& v) {
         r.config.engine.trace.debug = v.boolean;
         r.config.engine.trace.trace = v.boolean;
       },
       logging_section, "", "Both -D and -VV"},
      {"log_size_limit", FlagKind::integer,
       [](R& r, const V& v) { r.config.log.size_limit = v.integer; }, logging_section, "BYTES",
       "Begin a new log file at this size (default 0: never)"},
      {"max_traced_msg_len", FlagKind::integer,
       [](R& r, const V& v) { r.config.engine.trace.message_bytes_max = v.integer; },
       logging_section, "BYTES", "Trace at most this much of a message (default 0: all)"},
  };
}

std::vector<FlagRow> security_flags() {
  return {
      {"user", FlagKind::text,
       [](R& r, const V& v) { r.config.engine.authorization.username = v.text; }, security_section,
       "NAME", "User name that clients must give"},
      {"pass", FlagKind::text,
       [](R& r, const V& v) { r.config.engine.authorization.password = v.text; }, security_section,
       "PASSWORD", "Password that clients must give"},
      {"auth", FlagKind::text,
       [](R& r, const V& v) { r.config.engine.authorization.token = v.text; }, security_section,
       "TOKEN", "Token that clients must give"},
      {"tls", FlagKind::boolean,
       [](R& r, const V& v) {
         r.tls_disabled = !v.boolean;
         r.tls_asked = v.boolean;
       },
       security_section, "", "Require TLS of clients"},
      {"tlscert", FlagKind::text,
       [](R& r, const V& v) {
         r.tls_certificate = v.text;
         r.tls_asked = !r.tls_disabled;
       },
       security_section, "FILE", "Certificate of this server"},
      {"tlskey", FlagKind::text,
       [](R& r, const V& v) {
         r.tls_key = v.text;
         r.tls_asked = !r.tls_disabled;
       },
       security_section, "FILE", "Private key of that certificate"},
      {"tlsverify", FlagKind::boolean,
       [](R& r, const V& v) {
         r.tls_verify = v.boolean;
         r.tls_asked = !r.tls_disabled;
       },
       security_section, "", "Require TLS and a certificate of each client"},
      {"tlscacert", FlagKind::text,
       [](R& r, const V& v) {
         r.tls_authority = v.text;
         r.tls_asked = !r.tls_disabled;
       },
       security_section, "FILE", "Authority by which client certificates are verified"},
  };
}

std::vector<FlagRow> other_flags() {
  return {
      {"routes", FlagKind::text, [](R& r, const V& v) { r.routes = v.text; }, cluster_section,
       "URL,URL", "Servers to connect to"},
      {"cluster cluster_listen", FlagKind::text, [](R& r, const V& v) { r.cluster = v.text; },
       cluster_section, "URL", "Where to listen for other servers (nats://0.0.0.0:6222)"},
      {"cluster_name", FlagKind::text,
       [](R& r, const V& v) { r.config.engine.cluster.name = v.text; }, cluster_section, "NAME",
       "Name of the cluster (default: a random one, or that of a server it meets)"},
      {"no_advertise", FlagKind::boolean,
       [](R& r, const V& v) { r.config.engine.cluster.no_advertise = v.boolean; }, cluster_section,
       "", "Do not tell clients about the cluster's servers"},
      {"cluster_advertise", FlagKind::text,
       [](R& r, const V& v) { r.config.cluster_advertise = v.text; }, cluster_section,
       "HOST[:PORT]", "Address that other servers are told"},
      {"connect_retries", FlagKind::integer,
       [](R& r, const V& v) {
         r.config.engine.cluster.connect_retries =
             static_cast<std::uint32_t>(std::clamp<std::int64_t>(v.integer, 0, UINT32_MAX));
       },
       cluster_section, "COUNT", "How often to try again to connect to a server that others named"},
      {"profile", FlagKind::integer, [](R& r, const V& v) { r.profile_port = v.integer; },
       other_section, "PORT", "Profiling port (not supported)"},
      {"h help", FlagKind::boolean, [](R& r, const V& v) { r.show_help = v.boolean; },
       other_section, "", "Show this text"},
      {"v version", FlagKind::boolean, [](R& r, const V& v) { r.show_version = v.boolean; },
       other_section, "", "Show the version"},
      {"help_tls", FlagKind::boolean, [](R& r, const V& v) { r.show_tls_help = v.boolean; },
       other_section, "", "Show what there is to know about TLS"},
  };
}

// Go reads "0x1F", "0b1", "0o17", "017" and "1_000" too.
FlagParsing parse_integer(std::string_view text) {
  std::string digits;
  for (const char letter : text) {
    if (letter != '_') {
      digits.push_back(letter);
    }
  }
  std::string_view rest = digits;
  const bool negative = !rest.empty() && rest.front() == '-';
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) {
    rest.remove_prefix(1);
  }
  int base = 10;
  if (rest.size() > 1 && rest.front() == '0') {
    const char mark = rest[1];
    const bool hexadecimal = mark == 'x' || mark == 'X';
    const bool binary = mark == 'b' || mark == 'B';
    const bool octal = mark == 'o' || mark == 'O';
    base = hexadecimal ? 16 : (binary ? 2 : 8);
    rest.remove_prefix(hexadecimal || binary || octal ? 2 : 1);
  }
  FlagParsing parsing;
  std::uint64_t number = 0;
  const std::from_chars_result result =
      std::from_chars(rest.data(), rest.data() + rest.size(), number, base);
  const std::uint64_t limit = std::uint64_t{INT64_MAX} + (negative ? 1 : 0);
  if (result.ec == std::errc::invalid_argument || result.ptr != rest.data() + rest.size()) {
    parsing.error = "parse error";
  } else if (result.ec != std::errc() || number > limit) {
    parsing.error = "value out of range";
  } else {
    parsing.value.integer = static_cast<std::int64_t>(negative ? ~number + 1 : number);
  }
  return parsing;
}

FlagParsing parse_boolean(std::string_view text) {
  constexpr std::string_view yes[] = {"1", "t", "T", "TRUE", "true", "True"};
  constexpr std::string_view no[] = {"0", "f", "F", "FALSE", "false", "False"};
  FlagParsing parsing;
  parsing.value.boolean = std::find(std::begin(yes), std::end(yes), text) != std::end(yes);
  if (!parsing.value.boolean && std::find(std::begin(no), std::end(no), text) == std::end(no)) {
    parsing.error = "parse error";
  }
  return parsing;
}

}  // namespace

const std::vector<FlagRow>& flag_table() {
  static const std::vector<FlagRow> table = [] {
    std::vector<FlagRow> all = server_flags();
    for (const std::vector<FlagRow>& part : {logging_flags(), security_flags(), other_flags()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return table;
}

const FlagRow* find_flag(std::string_view name) {
  for (const FlagRow& row : flag_table()) {
    for (std::string_view names = row.names; !names.empty();) {
      const std::size_t end = std::min(names.find(' '), names.size());
      if (names.substr(0, end) == name) {
        return &row;
      }
      names.remove_prefix(std::min(end + 1, names.size()));
    }
  }
  return nullptr;
}

FlagParsing parse_flag_value(FlagKind kind, std::string_view text) {
  switch (kind) {
    case FlagKind::boolean:
      return parse_boolean(text);
    case FlagKind::integer:
      return parse_integer(text);
    case FlagKind::text:
      break;
  }
  FlagParsing parsing;
  parsing.value.text = text;
  return parsing;
}

}  // namespace rubus::io
