#include "io/config_start_checks.h"

#include <algorithm>
#include <string_view>

#include "io/config_peers.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

constexpr std::string_view global_account = "$G";

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

bool is_configured(const Options& options, std::string_view name) {
  return std::any_of(options.accounts.begin(), options.accounts.end(),
                     [name](const AccountOptions& account) { return account.name == name; });
}

bool is_known_system_account(const Options& options) {
  const std::string& name = options.system_account;
  return name.empty() || name == Options{}.system_account || name == global_account ||
         is_configured(options, name);
}

// Leaf nodes join accounts that exist; "" is the global one.
std::optional<std::string> leaf_account_error(const Options& options) {
  const auto error = [&options](const std::string& name,
                                std::string_view where) -> std::optional<std::string> {
    const bool usual_system = name == Options{}.system_account && options.system_account == name;
    if (name.empty() || name == global_account || usual_system || is_configured(options, name)) {
      return std::nullopt;
    }
    return "cannot find local account \"" + name + "\" specified in leafnode " + std::string(where);
  };
  std::optional<std::string> found = error(options.leaf.account, "authorization");
  for (const LeafUser& user : options.leaf.users) {
    found = found ? found : error(user.account, "authorization");
  }
  for (const LeafRemote& remote : options.leaf.remotes) {
    found = found ? found : error(remote.account, "remote");
  }
  return found;
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

bool is_port(std::int32_t port) { return port >= -1 && port <= UINT16_MAX; }

std::optional<std::string> port_error(const ListenAddress& address, std::string_view failed) {
  if (is_port(address.port)) {
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
  if (std::optional<std::string> error = word_error("server name", options.identity.server_name)) {
    return error;
  }
  if (std::optional<std::string> error = leaf_account_error(options)) {
    return error;
  }
  if (std::optional<std::string> error = no_auth_user_error(options.authorization)) {
    return error;
  }
  return cluster_name_error(options.cluster.name);
}

// In the words of the ports for other servers: they have no address.
std::optional<std::string> peer_port_error(const std::optional<ListenAddress>& address,
                                           std::string_view what) {
  if (!address || is_port(address->port)) {
    return std::nullopt;
  }
  const std::string port = std::to_string(address->port);
  return "Error listening on " + std::string(what) + " port: " + port + " - listen tcp: address " +
         port + ": invalid port";
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
  for (const StartRefusal& error : config.start_errors) {
    if (!error.logged) {
      return error;
    }
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
  const std::string monitoring = "Can't start monitoring: can't listen to the monitor port: ";
  for (const std::optional<std::string>& error :
       {config.monitor.http ? port_error(*config.monitor.http, monitoring) : std::nullopt,
        config.monitor.https ? port_error(*config.monitor.https, monitoring) : std::nullopt,
        config.metrics ? port_error(*config.metrics, "Error listening on prometheus port: ")
                       : std::nullopt,
        peer_port_error(config.cluster_listen, "router"),
        peer_port_error(config.leaf_listen, "leafnode")}) {
    if (error) {
      return StartRefusal{*error, true};
    }
  }
  return config.start_errors.empty() ? std::nullopt : std::optional(config.start_errors.front());
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
  if (config.engine.cluster.enabled && config.engine.cluster.name.empty()) {
    warnings.emplace_back("Cluster name was dynamically generated, consider setting one");
  }
  const auto unverified = [&warnings](bool insecure, std::string_view links) {
    if (insecure) {
      warnings.push_back("TLS certificate chain and hostname of " + std::string(links) +
                         " will not be verified. DO NOT USE IN PRODUCTION!");
    }
  };
  unverified(config.cluster_listen && config.cluster_tls.insecure, "solicited routes");
  unverified(std::any_of(config.leaf_remote_tls.begin(), config.leaf_remote_tls.end(),
                         [](const TlsFiles& files) { return files.insecure; }),
             "solicited leafnodes");
  return warnings;
}

}  // namespace rubus::io
