// Address: where a socket leads to. Bytes, never text: the engine resolves no names.
#pragma once

#include <array>
#include <cstdint>

namespace rubus {

struct Address {
  std::array<std::uint8_t, 16> bytes{};  // IPv4 in the first four
  std::uint16_t port = 0;
  bool is_v6 = false;
};

}  // namespace rubus
