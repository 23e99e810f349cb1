// The flags about other servers and metrics: URLs, so they are taken apart when the file is read.
#include "io/command_line_flags.h"
#include "io/config_peers.h"
#include "io/config_text.h"
#include "io/config_url.h"
#include "io/config_value.h"

namespace rubus::io {

namespace {

using Trouble = std::optional<std::string>;

// -1 is no port of a URL, so it is taken off and put back.
Trouble apply_cluster(ServerConfig& config, const std::string& written) {
  if (written.empty()) {
    config.cluster_listen.reset();
    return std::nullopt;
  }
  constexpr std::string_view random = ":-1";
  const std::size_t end = written.size() - std::min(written.size(), random.size());
  const bool any_port = written.substr(end) == random;
  const UrlReading reading = parse_url(any_port ? written.substr(0, end) + ":0" : written);
  if (reading.error) {
    return "parse " + go_quote(written) + ": " + *reading.error;
  }
  const ParsedUrl& url = reading.url;
  // "localhost:6222" has a scheme and no host, as Go reads it.
  const bool has_authority = written.find("//") != std::string::npos;
  if (!has_authority || url.port.empty()) {
    return std::string(has_authority && !url.host.empty() ? "address " + url.host + ": " : "") +
           "missing port in address";
  }
  if (url.has_user && !url.has_password) {
    return "expected cluster password to be set";
  }
  const std::int64_t port = any_port ? -1 : parse_go_integer(url.port, "Atoi").value;
  // The start refuses what is no port.
  config.cluster_listen =
      ListenAddress{url.host, static_cast<std::int32_t>(std::min<std::int64_t>(port, INT32_MAX))};
  config.engine.cluster.username = url.username;
  config.engine.cluster.password = url.password;
  return std::nullopt;
}

Trouble apply_routes(ServerConfig& config, const std::string& written) {
  std::vector<RemoteUrl>& routes = config.engine.cluster.routes;
  routes.clear();
  for (std::size_t begin = 0; begin < written.size();) {
    const std::size_t end = std::min(written.find(',', begin), written.size());
    const std::string one = written.substr(begin, end - begin);
    const UrlReading reading = parse_url(one);
    if (reading.error || !has_dialable_port(reading.url)) {
      return "error parsing route url [" + go_quote(one) + "]";
    }
    routes.push_back(remote_of(reading.url, standard_route_port));
    begin = end + 1;
  }
  return std::nullopt;
}

Trouble apply_prometheus(ServerConfig& config, const std::string& written) {
  const auto parts = split_host_port(written);
  const IntegerReading port = parse_go_integer(parts ? parts->second : written, "Atoi");
  if (port.error || port.value < -1 || port.value > UINT16_MAX) {
    return "invalid address for metrics: " + go_quote(written);
  }
  config.metrics = ListenAddress{parts ? parts->first : "", static_cast<std::int32_t>(port.value)};
  return std::nullopt;
}

}  // namespace

std::optional<std::string> apply_peer_flags(FlagReading& reading) {
  Trouble trouble;
  if (reading.cluster) {
    trouble = apply_cluster(reading.config, *reading.cluster);
  }
  if (!trouble && reading.routes) {
    trouble = apply_routes(reading.config, *reading.routes);
  }
  if (!trouble && !reading.prometheus.empty()) {
    trouble = apply_prometheus(reading.config, reading.prometheus);
  }
  if (trouble) {
    return trouble;
  }
  const bool no_cluster = !reading.config.cluster_listen && reading.cluster.value_or("").empty();
  if (!reading.routes.value_or("").empty() && no_cluster) {
    return "solicited routes require cluster capabilities, e.g. --cluster";
  }
  return std::nullopt;
}

}  // namespace rubus::io
