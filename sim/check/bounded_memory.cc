#include "sim/check/bounded_memory.h"

#include "engine/base/text_number.h"

namespace rubus::sim {

namespace {

constexpr std::uint64_t pin_factor = 16;
constexpr std::uint64_t connection_bytes = 262'144;  // read blocks and tails of one connection

}  // namespace

void check_bounded_memory(const Scenario& scenario, SimProcess& process,
                          std::uint64_t waiting_bytes, std::vector<std::string>& violations) {
  const std::uint64_t connections = process.open_sockets();
  const std::uint64_t unfinished = static_cast<std::uint64_t>(
      2 * (scenario.knobs.max_payload < 0 ? 0 : scenario.knobs.max_payload) +
      2 * scenario.knobs.max_control_line);
  const std::uint64_t most =
      pin_factor * waiting_bytes + connections * (connection_bytes + unfinished);
  const std::uint64_t held = process.shard().blocks().bytes_in_use();
  if (held > most) {
    violations.push_back("the pool holds " + number_text(held) + " bytes for " +
                         number_text(connections) + " connections with " +
                         number_text(waiting_bytes) + " bytes to be sent");
  }
}

}  // namespace rubus::sim
