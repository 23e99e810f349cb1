#include "sim/stand_ins.h"

#include <cstdint>

#include "engine/base/random.h"

namespace rubus::sim {

namespace {

// Bits from the front, `width` at a time, in `alphabet`; no padding.
std::string in_alphabet(std::string_view bytes, std::string_view alphabet, unsigned width) {
  std::string text;
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const char byte : bytes) {
    held = (held << 8U) | static_cast<unsigned char>(byte);
    for (bits += 8; bits >= width; bits -= width) {
      text.push_back(alphabet[(held >> (bits - width)) & ((1U << width) - 1)]);
    }
    held &= (1U << bits) - 1;
  }
  if (bits > 0) {
    text.push_back(alphabet[(held << (width - bits)) & ((1U << width) - 1)]);
  }
  return text;
}

// CRC-16/XMODEM, as nkeys end with it.
std::uint16_t checksum_of(std::string_view bytes) {
  std::uint16_t sum = 0;
  for (const char byte : bytes) {
    sum = static_cast<std::uint16_t>(sum ^ (static_cast<unsigned char>(byte) << 8U));
    for (int bit = 0; bit < 8; ++bit) {
      const bool is_high = (sum & 0x8000U) != 0;
      sum = static_cast<std::uint16_t>((sum << 1U) ^ (is_high ? 0x1021U : 0U));
    }
  }
  return sum;
}

}  // namespace

std::string stand_in_hash(std::string_view password) {
  std::string hash = "$2a$04$";
  hash.append(password);
  hash.resize(60, '.');
  return hash;
}

std::string stand_in_nkey(std::string_view name) {
  RandomStream stream(0, name);
  std::string bytes(1, static_cast<char>(20U << 3U));
  while (bytes.size() < 33) {
    bytes.push_back(static_cast<char>(stream.below(256)));
  }
  const std::uint16_t sum = checksum_of(bytes);
  bytes.push_back(static_cast<char>(sum & 0xFFU));
  bytes.push_back(static_cast<char>(sum >> 8U));
  return in_alphabet(bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 5);
}

bool is_nkey(std::string_view user) { return user.size() == 56 && user.front() == 'U'; }

std::string stand_in_signature(std::string_view password) {
  std::string bytes(password);
  bytes.resize(64, '~');
  return bytes;
}

std::string signature_text(std::string_view password) {
  return in_alphabet(stand_in_signature(password),
                     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 6);
}

}  // namespace rubus::sim
