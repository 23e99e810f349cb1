#include "io/config_start_checks.h"

#include <algorithm>
#include <string_view>

#include "io/config_text.h"

namespace rubus::io {

namespace {

std::optional<std::string> no_auth_user_error(const Authorization& authorization) {
  const std::string& name = authorization.no_auth_user;
  if (name.empty()) {
    return std::nullopt;
  }
  if (authorization.users.empty()) {
    return "no_auth_user: \"" + name + "\" present, but users/nkeys are not defined";
  }
  const bool known = std::any_of(authorization.users.begin(), authorization.users.end(),
                                 [&name](const User& user) {
                                   return user.nkey.empty() ? user.name == name : user.nkey == name;
                                 });
  if (known) {
    return std::nullopt;
  }
  return "no_auth_user: \"" + name +
         "\" not present as user or nkey in authorization block or account configuration";
}

bool is_known_system_account(const Options& options) {
  return options.system_account.empty() || options.system_account == Options{}.system_account ||
         std::any_of(options.accounts.begin(), options.accounts.end(),
                     [&options](const AccountOptions& account) {
                       return account.name == options.system_account;
                     });
}

std::optional<std::string> monitor_error(const ServerConfig& config) {
  const MonitorListen& monitor = config.monitor;
  if (monitor.http && monitor.https) {
    return "Can't start monitoring: can't specify both HTTP (" +
           std::to_string(monitor.http->port) + ") and HTTPs (" +
           std::to_string(monitor.https->port) + ") ports";
  }
  if (monitor.https && !config.tls.present) {
    return "Can't start monitoring: TLS cert and key required for HTTPS";
  }
  return std::nullopt;
}

std::optional<std::string> port_error(const ListenAddress& address, std::string_view failed) {
  constexpr std::int32_t port_max = 65'535;
  if (address.port >= -1 && address.port <= port_max) {
    return std::nullopt;
  }
  const std::string port = std::to_string(address.port);
  return std::string(failed) + address.host + ":" + port + ", \"listen tcp: address " + port +
         ": invalid port\"";
}

std::optional<std::string> limits_error(const Options& options) {
  if (options.lame_duck_duration.nanoseconds > 0 &&
      options.lame_duck_grace_period >= options.lame_duck_duration) {
    return "lame duck grace period (" + duration_text(options.lame_duck_grace_period) +
           ") should be strictly lower than lame duck duration (" +
           duration_text(options.lame_duck_duration) + ")";
  }
  if (options.limits.max_payload > options.limits.max_pending) {
    return "max_payload (" + std::to_string(options.limits.max_payload) +
           ") cannot be higher than max_pending (" + std::to_string(options.limits.max_pending) +
           ")";
  }
  if (options.identity.server_name.find(' ') != std::string::npos) {
    return "server name cannot contain spaces";
  }
  return no_auth_user_error(options.authorization);
}

bool is_plain_text(const std::string& password) { return password.substr(0, 2) != "$2"; }

bool has_plain_text_password(const Options& options) {
  const Authorization& authorization = options.authorization;
  if (!authorization.password.empty() && is_plain_text(authorization.password)) {
    return true;
  }
  return std::any_of(authorization.users.begin(), authorization.users.end(),
                     [&options](const User& user) {
                       const bool by_certificate = user.password.empty() && options.tls.map;
                       return user.nkey.empty() && !by_certificate && is_plain_text(user.password);
                     });
}

}  // namespace

std::optional<StartRefusal> start_refusal(const ServerConfig& config) {
  if (const std::optional<std::string> error = limits_error(config.engine)) {
    return StartRefusal{*error, false};
  }
  if (!is_known_system_account(config.engine)) {
    return StartRefusal{"error resolving system account: account missing", false};
  }
  if (const std::optional<std::string> error = monitor_error(config)) {
    return StartRefusal{*error, true};
  }
  if (const std::optional<std::string> error =
          port_error(config.client, "Error listening on port: ")) {
    return StartRefusal{*error, true};
  }
  for (const std::optional<ListenAddress>& monitor : {config.monitor.http, config.monitor.https}) {
    if (const std::optional<std::string> error =
            monitor ? port_error(*monitor,
                                 "Can't start monitoring: can't listen to the monitor "
                                 "port: ")
                    : std::nullopt) {
      return StartRefusal{*error, true};
    }
  }
  return std::nullopt;
}

std::vector<std::string> start_warnings(const ServerConfig& config) {
  constexpr std::int64_t payload_advised = 8'388'608;
  std::vector<std::string> warnings;
  if (config.engine.limits.max_payload > payload_advised) {
    warnings.emplace_back(
        "Maximum payloads over 8.00 MB are generally discouraged and could lead to poor "
        "performance");
  }
  if (has_plain_text_password(config.engine)) {
    warnings.emplace_back("Plaintext passwords detected, use nkeys or bcrypt");
  }
  return warnings;
}

}  // namespace rubus::io
