#include "io/config_reload.h"

#include <algorithm>
#include <iterator>

#include "io/config_reload_peers.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

std::string seconds_text(Duration value) {
  return float_text(static_cast<double>(value.nanoseconds) / 1e9);
}

// ---- equality of what the engine holds ----------------------------------------------------------

bool same(const std::optional<Permissions>& a, const std::optional<Permissions>& b) {
  if (a.has_value() != b.has_value()) {
    return false;
  }
  if (!a) {
    return true;
  }
  const bool same_responses =
      a->responses.has_value() == b->responses.has_value() &&
      (!a->responses || (a->responses->messages_max == b->responses->messages_max &&
                         a->responses->time_to_live == b->responses->time_to_live));
  return same_responses && a->publish_allow == b->publish_allow &&
         a->publish_deny == b->publish_deny && a->subscribe_allow == b->subscribe_allow &&
         a->subscribe_deny == b->subscribe_deny;
}

bool same_nkey_users(const std::vector<User>& a, const std::vector<User>& b) {
  const auto nkey_users = [](const std::vector<User>& all) {
    std::vector<const User*> some;
    for (const User& user : all) {
      if (!user.nkey.empty()) {
        some.push_back(&user);
      }
    }
    std::sort(some.begin(), some.end(),
              [](const User* x, const User* y) { return x->nkey < y->nkey; });
    return some;
  };
  const std::vector<const User*> left = nkey_users(a);
  const std::vector<const User*> right = nkey_users(b);
  return std::equal(
      left.begin(), left.end(), right.begin(), right.end(), [](const User* x, const User* y) {
        return x->nkey == y->nkey && x->account == y->account &&
               x->connection_types == y->connection_types && same(x->permissions, y->permissions);
      });
}

bool same_tls(const ServerConfig& a, const ServerConfig& b) {
  return a.tls.present == b.tls.present && a.tls.certificates == b.tls.certificates &&
         a.tls.ca_file == b.tls.ca_file && a.tls.cipher_suites == b.tls.cipher_suites &&
         a.tls.curve_preferences == b.tls.curve_preferences &&
         a.tls.min_version == b.tls.min_version && a.engine.tls.verify == b.engine.tls.verify;
}

// ---- refusals -----------------------------------------------------------------------------------

class Comparison {
 public:
  template <class Value>
  void must_equal(const char* field, const Value& old, const Value& fresh) {
    if (!refusal_ && old != fresh) {
      refuse(field, shown(old), shown(fresh));
    }
  }
  void refuse(const std::string& field, const std::string& old, const std::string& fresh) {
    if (!refusal_) {
      refusal_ = "config reload not supported for " + field + ": old=" + old + ", new=" + fresh;
    }
  }
  std::optional<std::string> refusal() && { return std::move(refusal_); }

 private:
  std::optional<std::string> refusal_;
};

// The user may only stop being one: then those that use it are closed with the others.
void compare_no_auth_user(Comparison& comparison, const Authorization& old,
                          const Authorization& fresh) {
  if (old.no_auth_user == fresh.no_auth_user) {
    return;
  }
  const bool still_defined = std::any_of(
      fresh.users.begin(), fresh.users.end(),
      [&old](const User& user) { return user.nkey.empty() && user.name == old.no_auth_user; });
  if (!fresh.no_auth_user.empty() || still_defined) {
    comparison.refuse("NoAuthUser", old.no_auth_user, fresh.no_auth_user);
  }
}

}  // namespace

std::optional<std::string> reload_refusal(const ServerConfig& old, const ServerConfig& fresh) {
  const Options& was = old.engine;
  const Options& now = fresh.engine;
  Comparison comparison;
  // A server without a configured name goes by its id.
  const bool unnamed = was.identity.server_name == was.identity.server_id;
  if (!(unnamed && now.identity.server_name.empty())) {
    comparison.must_equal("ServerName", was.identity.server_name, now.identity.server_name);
  }
  comparison.must_equal("Host", old.client.host, fresh.client.host);
  // A random port stays what it has become; naming that number is no change either.
  const bool keeps_port =
      fresh.client.port == -1 || (old.client.port == -1 && fresh.client.port == old.bound_port);
  if (!keeps_port) {
    comparison.must_equal<std::int64_t>("Port", old.client.port, fresh.client.port);
  }
  comparison.must_equal("NoSublistCache", !was.match_cache, !now.match_cache);
  comparison.must_equal("NoHeaderSupport", !was.headers, !now.headers);
  comparison.must_equal("MaxSubs", was.limits.max_subscriptions, now.limits.max_subscriptions);
  comparison.must_equal<std::int64_t>("MaxSubTokens", was.limits.max_subscription_tokens,
                                      now.limits.max_subscription_tokens);
  compare_no_auth_user(comparison, was.authorization, now.authorization);
  comparison.must_equal("SystemAccount", was.system_account, now.system_account);
  comparison.must_equal("HTTPHost", was.monitor.http_host, now.monitor.http_host);
  comparison.must_equal("HTTPPort", port_of(old.monitor.http), port_of(fresh.monitor.http));
  comparison.must_equal("HTTPBasePath", was.monitor.http_base_path, now.monitor.http_base_path);
  comparison.must_equal("HTTPSPort", port_of(old.monitor.https), port_of(fresh.monitor.https));
  comparison.must_equal("MaxPending", was.limits.max_pending, now.limits.max_pending);
  comparison.must_equal("LogSizeLimit", old.log.size_limit, fresh.log.size_limit);
  comparison.must_equal("LogMaxFiles", old.log.files_max, fresh.log.files_max);
  comparison.must_equal("TLSMap", was.tls.map, now.tls.map);
  comparison.must_equal("AllowNonTLS", was.tls.policy == TlsPolicy::optional,
                        now.tls.policy == TlsPolicy::optional);
  comparison.must_equal<std::int64_t>("MaxClosedClients", was.limits.max_closed_clients,
                                      now.limits.max_closed_clients);
  std::optional<std::string> refusal = std::move(comparison).refusal();
  return refusal ? refusal : peer_reload_refusal(old, fresh);
}

// ---- log lines ----------------------------------------------------------------------------------

namespace {

class Lines {
 public:
  template <class Value>
  void changed(const char* name, const Value& old, const Value& fresh) {
    if (old != fresh) {
      lines_.push_back("Reloaded: " + std::string(name) + " = " + shown(fresh));
    }
  }
  void say_if(bool condition, std::string text) {
    if (condition) {
      lines_.push_back(std::move(text));
    }
  }
  void add(std::vector<std::string> more) {
    std::move(more.begin(), more.end(), std::back_inserter(lines_));
  }
  std::vector<std::string> take() && { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
};

void list_logging(Lines& lines, const ServerConfig& old, const ServerConfig& fresh) {
  const TraceOptions& was = old.engine.trace;
  const TraceOptions& now = fresh.engine.trace;
  lines.changed("trace", was.trace, now.trace);
  lines.changed("debug", was.debug, now.debug);
  lines.changed("trace_headers", was.headers_only, now.headers_only);
  lines.changed("logtime", old.log.timestamps, fresh.log.timestamps);
  lines.changed("logtime_utc", old.log.utc, fresh.log.utc);
}

void list_authorization(Lines& lines, const Options& was, const Options& now) {
  lines.say_if(!same_nkey_users(was.authorization.users, now.authorization.users),
               "Reloaded: authorization nkey users");
  lines.say_if(true, "Reloaded: authorization users");
  lines.say_if(true, "Reloaded: accounts");
  lines.say_if(was.authorization.username != now.authorization.username,
               "Reloaded: authorization username");
  lines.say_if(was.authorization.password != now.authorization.password,
               "Reloaded: authorization password");
  lines.say_if(was.authorization.token != now.authorization.token, "Reloaded: authorization token");
}

void list_tls(Lines& lines, const ServerConfig& old, const ServerConfig& fresh) {
  const TlsOptions& was = old.engine.tls;
  const TlsOptions& now = fresh.engine.tls;
  lines.say_if(was.timeout != now.timeout, "Reloaded: tls timeout = " + seconds_text(now.timeout));
  lines.say_if(!same_tls(old, fresh),
               std::string("Reloaded: tls = ") + (fresh.tls.present ? "enabled" : "disabled"));
  lines.say_if(old.tls.pinned_certs != fresh.tls.pinned_certs,
               "Reloaded: " + std::to_string(fresh.tls.pinned_certs.size()) + " pinned_certs");
  lines.say_if(was.handshake_first != now.handshake_first,
               "Reloaded: Client TLS handshake first: " + shown(now.handshake_first));
  lines.say_if(was.handshake_first_fallback != now.handshake_first_fallback,
               "Reloaded: Client TLS handshake first fallback delay: " +
                   shown(now.handshake_first_fallback));
}

}  // namespace

std::vector<std::string> reload_lines(const ServerConfig& old, const ServerConfig& fresh) {
  const Options& was = old.engine;
  const Options& now = fresh.engine;
  Lines lines;
  lines.say_if(old.client_advertise != fresh.client_advertise,
               "Reload: client_advertise = " + fresh.client_advertise);
  list_logging(lines, old, fresh);
  lines.changed("max_connections", was.limits.max_connections, now.limits.max_connections);
  list_authorization(lines, was, now);
  lines.changed("ping_interval", was.limits.ping_interval, now.limits.ping_interval);
  lines.changed<std::int64_t>("ping_max", was.limits.ping_max, now.limits.ping_max);
  lines.say_if(was.authorization.timeout != now.authorization.timeout,
               "Reloaded: authorization timeout = " + seconds_text(now.authorization.timeout));
  lines.changed("max_control_line", was.limits.max_control_line, now.limits.max_control_line);
  lines.changed("max_payload", was.limits.max_payload, now.limits.max_payload);
  lines.say_if(was.fast_producer_stall != now.fast_producer_stall,
               std::string("Reloaded: fast producers will ") +
                   (now.fast_producer_stall ? "" : "not ") + "be stalled");
  lines.add(cluster_and_leaf_lines(old, fresh));
  lines.changed("pid_file", old.pid_file, fresh.pid_file);
  lines.changed("ports_file_dir", old.ports_file_dir, fresh.ports_file_dir);
  lines.changed("log_file", old.log.file, fresh.log.file);
  lines.changed("syslog", old.log.syslog, fresh.log.syslog);
  lines.changed("remote_syslog", old.log.remote_syslog, fresh.log.remote_syslog);
  lines.add(route_lines(old, fresh));
  list_tls(lines, old, fresh);
  lines.changed("write_deadline", was.limits.write_deadline, now.limits.write_deadline);
  lines.changed("lame_duck_duration", was.lame_duck_duration, now.lame_duck_duration);
  lines.changed("lame_duck_grace_period", was.lame_duck_grace_period, now.lame_duck_grace_period);
  lines.changed("max_traced_msg_len", was.trace.message_bytes_max, now.trace.message_bytes_max);
  lines.say_if(was.monitor.tags != now.monitor.tags, "Reloaded: tags");
  lines.say_if(was.monitor.metadata != now.monitor.metadata, "Reloaded: metadata");
  return std::move(lines).take();
}

}  // namespace rubus::io
