// What a node of a cluster is started with, and its place in the address space.
//
// Node k starts at 10.0.0.(k+1); its n-th change of address gives 10.0.n.(k+1). Clients live at
// 10.1.0.c. Ports are the usual ones of a NATS server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/seam/input.h"
#include "engine/seam/options.h"
#include "sim/scenario.h"

namespace rubus::sim {

inline constexpr std::uint16_t client_port = 4222;
inline constexpr std::uint16_t cluster_port = 6222;

Address node_address(std::uint32_t node, std::uint32_t version, std::uint16_t port);
// Whose address this is, whichever version; nullopt: nobody's.
struct AddressOwner {
  std::uint32_t node = 0;
  std::uint32_t version = 0;
};
std::optional<AddressOwner> owner_of(const Address& address, std::size_t nodes);
std::string host_text(const Address& address);
// "10.0.0.1"; nullopt: not an address.
std::optional<Address> parse_host(std::string_view text);

struct NodeStart {
  std::uint32_t node = 0;
  std::uint32_t shard = 0;
  std::uint32_t address_version = 0;
  std::uint32_t epoch = 0;
};
Options node_options(const Scenario& scenario, const NodeStart& start);

}  // namespace rubus::sim
