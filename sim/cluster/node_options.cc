#include "sim/cluster/node_options.h"

#include <algorithm>

#include "engine/base/random.h"
#include "engine/base/text_number.h"
#include "sim/stand_ins.h"

namespace rubus::sim {

namespace {

std::string server_id(const Scenario& scenario, const NodeStart& start) {
  RandomStream stream(scenario.seed,
                      "server id " + number_text(start.node) + " " + number_text(start.epoch));
  static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string id = "N";
  while (id.size() < 56) {
    id.push_back(alphabet[stream.below(alphabet.size())]);
  }
  return id;
}

bool is_here(const ScenarioNode& node, const std::string& account) {
  return account.empty() || node.accounts.empty() ||
         std::find(node.accounts.begin(), node.accounts.end(), account) != node.accounts.end();
}

void set_accounts(const Scenario& scenario, const ScenarioNode& node, Options& options) {
  options.authorization.users.clear();
  for (const ScenarioUser& wish : scenario.users) {
    if (!is_here(node, wish.account)) {
      continue;
    }
    User user;
    user.name = wish.name;
    user.password = wish.is_hashed ? stand_in_hash(wish.password) : wish.password;
    user.account = wish.account;
    if (wish.has_permissions) {
      user.permissions = Permissions{wish.publish_allow, wish.publish_deny, wish.subscribe_allow,
                                     wish.subscribe_deny, std::nullopt};
    }
    options.authorization.users.push_back(std::move(user));
    const auto is_same = [&](const AccountOptions& known) { return known.name == wish.account; };
    if (!wish.account.empty() &&
        std::none_of(options.accounts.begin(), options.accounts.end(), is_same)) {
      AccountOptions account;
      account.name = wish.account;
      options.accounts.push_back(std::move(account));
    }
  }
  std::sort(options.accounts.begin(), options.accounts.end(),
            [](const AccountOptions& a, const AccountOptions& b) { return a.name < b.name; });
}

}  // namespace

Address node_address(std::uint32_t node, std::uint32_t version, std::uint16_t port) {
  Address address;
  address.bytes = {10, 0, static_cast<std::uint8_t>(version), static_cast<std::uint8_t>(node + 1)};
  address.port = port;
  return address;
}

std::optional<AddressOwner> owner_of(const Address& address, std::size_t nodes) {
  if (address.is_v6 || address.bytes[0] != 10 || address.bytes[1] != 0 || address.bytes[3] == 0 ||
      address.bytes[3] > nodes) {
    return std::nullopt;
  }
  return AddressOwner{static_cast<std::uint32_t>(address.bytes[3] - 1), address.bytes[2]};
}

std::string host_text(const Address& address) {
  std::string text;
  for (std::size_t at = 0; at < 4; ++at) {
    text += (at == 0 ? "" : ".") + number_text(std::uint64_t{address.bytes[at]});
  }
  return text;
}

std::optional<Address> parse_host(std::string_view text) {
  Address address;
  for (std::size_t at = 0; at < 4; ++at) {
    const std::size_t end = at == 3 ? text.size() : text.find('.');
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    const std::optional<std::uint64_t> part = parse_unsigned(text.substr(0, end));
    if (!part || *part > 255) {
      return std::nullopt;
    }
    address.bytes[at] = static_cast<std::uint8_t>(*part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return address;
}

Options node_options(const Scenario& scenario, const NodeStart& start) {
  const ScenarioNode& node = scenario.nodes[start.node];
  const Knobs& knobs = scenario.knobs;
  Options options = server_options(scenario);
  const std::string host = host_text(node_address(start.node, start.address_version, 0));
  options.identity.server_id = server_id(scenario, start);
  options.identity.server_name =
      node.server_name.empty() ? "node" + number_text(start.node) : node.server_name;
  options.identity.host = host;
  options.identity.port = client_port;
  options.identity.node_hash = "node000" + number_text(start.node % 10);
  if (!node.no_advertise) {
    options.identity.connect_urls = {host + ":" + number_text(std::uint64_t{client_port})};
  }
  if (node.max_payload > 0) {
    options.limits.max_payload = node.max_payload;
  }
  set_accounts(scenario, node, options);
  options.shard = {start.shard, static_cast<std::uint32_t>(node.shards)};
  options.lame_duck_duration = milliseconds(knobs.lame_duck_ms);
  options.lame_duck_grace_period = milliseconds(knobs.lame_duck_ms / 3);
  ClusterOptions& cluster = options.cluster;
  cluster.enabled = true;
  cluster.name = node.cluster;
  cluster.host = host;
  cluster.port = cluster_port;
  cluster.no_advertise = node.no_advertise;
  cluster.connect_backoff = knobs.connect_backoff != 0;
  cluster.ping_interval = milliseconds(knobs.peer_ping_ms);
  cluster.ping_max = static_cast<std::uint32_t>(knobs.peer_ping_max);
  cluster.write_deadline = milliseconds(knobs.peer_write_deadline_ms);
  if (!node.password.empty()) {
    cluster.username = "route";
    cluster.password = node.password;
  }
  for (const std::string& name : node.routes) {
    RemoteUrl url;
    url.host = name;
    url.port = cluster_port;
    url.username = cluster.username;
    url.password = cluster.password;
    cluster.routes.push_back(std::move(url));
  }
  return options;
}

}  // namespace rubus::sim
