// hash_of(): XXH3 (libxxhash), the same value on every machine and build; for hash tables and
// for the framing checksums of recordings. Never seeded.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>
#include <string_view>

namespace rubus {

inline std::uint64_t hash_of(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

inline std::uint64_t hash_of(std::uint64_t value) {
  value = (value ^ (value >> 32U)) * 0xD6E8FEB86659FD93ULL;
  return value ^ (value >> 32U);
}

}  // namespace rubus
