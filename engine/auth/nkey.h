// nkeys: the text form of NATS public keys.
//
// base32 (RFC 4648, no padding) of: one prefix byte, the 32 key bytes, CRC-16/XMODEM of both,
// little-endian. A decoded key is only known to be well formed; whether it signed anything is
// decided by a job (JobKind::ed25519_verify).
// Source: NATS client protocol, authentication by nkey.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rubus {

constexpr std::size_t nkey_bytes = 32;
using PublicKey = std::array<std::uint8_t, nkey_bytes>;

enum class NkeyKind : std::uint8_t {
  user = 20U << 3U,    // 'U'
  server = 13U << 3U,  // 'N'
  account = 0U << 3U,  // 'A'
  curve = 23U << 3U,   // 'X'
};

std::string encode_nkey(NkeyKind kind, std::span<const std::uint8_t, nkey_bytes> key);

// The key bytes if `text` is a well-formed public key of `kind`.
std::optional<PublicKey> decode_nkey(NkeyKind kind, std::string_view text);

inline std::optional<PublicKey> decode_user_nkey(std::string_view text) {
  return decode_nkey(NkeyKind::user, text);
}

// The signature of CONNECT: base64, raw url alphabet or standard with padding, of 64 bytes.
// The url alphabet with padding is refused, as nats-server does.
std::optional<std::string> decode_signature(std::string_view text);

// base64 in the standard alphabet, padded.
std::optional<std::string> decode_base64(std::string_view text);

// base64 raw url, as used for the nonce of INFO.
std::string encode_base64_url(std::span<const std::uint8_t> bytes);

}  // namespace rubus
