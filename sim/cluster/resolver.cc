#include "sim/cluster/resolver.h"

#include <algorithm>

#include "engine/base/text_number.h"
#include "sim/cluster/node_options.h"

namespace rubus::sim {

std::vector<std::uint32_t> Resolver::nodes_of(const std::string& host, bool& is_service) const {
  is_service = false;
  if (host.starts_with("node")) {
    const std::optional<std::uint64_t> node = parse_unsigned(std::string_view(host).substr(4));
    if (node && *node < scenario_.nodes.size()) {
      return {static_cast<std::uint32_t>(*node)};
    }
  }
  for (const ScenarioService& service : scenario_.services) {
    if (service.name == host) {
      is_service = true;
      return service.nodes;
    }
  }
  return {};
}

Duration Resolver::delay() {
  const std::uint64_t most = static_cast<std::uint64_t>(scenario_.knobs.resolve_us) + 1;
  return microseconds(static_cast<std::int64_t>(order_.below(most)));
}

HostAddresses Resolver::find(const std::string& host, const std::vector<Place>& places,
                             Instant now) {
  HostAddresses found;
  if (const std::optional<Address> literal = parse_host(host)) {
    found.addresses.push_back(*literal);
    return found;
  }
  bool is_service = false;
  const std::vector<std::uint32_t> nodes = nodes_of(host, is_service);
  const bool is_stale = stale_.contains(host) && stale_[host] > now;
  if (!forgotten_.contains(host) || forgotten_[host] <= now) {
    for (const std::uint32_t node : nodes) {
      if (is_stale || !is_service || places[node].is_up) {
        found.addresses.push_back(
            node_address(node, is_stale ? 0 : places[node].address_version, 0));
      }
    }
  }
  for (std::size_t at = found.addresses.size(); at > 1; --at) {
    std::swap(found.addresses[at - 1], found.addresses[order_.below(at)]);
  }
  if (found.addresses.empty()) {
    found.trouble = "no such host";
  }
  return found;
}

}  // namespace rubus::sim
