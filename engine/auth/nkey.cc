#include "engine/auth/nkey.h"

namespace rubus {

namespace {

constexpr std::string_view base32_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view base64_url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view base64_standard_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t raw_bytes = 1 + nkey_bytes + 2;
constexpr std::size_t text_bytes = 56;
constexpr std::size_t signature_bytes = 64;

std::uint16_t crc16_xmodem(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = 0;
  for (const std::uint8_t byte : bytes) {
    crc ^= static_cast<std::uint32_t>(byte) << 8U;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 0x8000U) != 0 ? ((crc << 1U) ^ 0x1021U) : (crc << 1U);
    }
    crc &= 0xFFFFU;
  }
  return static_cast<std::uint16_t>(crc);
}

// Decodes `bits` bits per character; false if a character is foreign or the spare bits are not 0.
bool decode_digits(std::string_view text, std::string_view alphabet, unsigned bits,
                   std::string& bytes) {
  std::uint32_t pending = 0;
  unsigned pending_bits = 0;
  for (const char character : text) {
    const std::size_t digit = alphabet.find(character);
    if (digit == std::string_view::npos) {
      return false;
    }
    pending = (pending << bits) | static_cast<std::uint32_t>(digit);
    pending_bits += bits;
    if (pending_bits >= 8) {
      pending_bits -= 8;
      bytes.push_back(static_cast<char>((pending >> pending_bits) & 0xFFU));
      pending &= (1U << pending_bits) - 1;
    }
  }
  return pending_bits < bits;
}

std::string encode_digits(std::span<const std::uint8_t> bytes, std::string_view alphabet,
                          unsigned bits) {
  std::string text;
  std::uint32_t pending = 0;
  unsigned pending_bits = 0;
  for (const std::uint8_t byte : bytes) {
    pending = (pending << 8U) | byte;
    pending_bits += 8;
    while (pending_bits >= bits) {
      pending_bits -= bits;
      text.push_back(alphabet[(pending >> pending_bits) & ((1U << bits) - 1)]);
    }
    pending &= (1U << pending_bits) - 1;
  }
  if (pending_bits > 0) {
    text.push_back(alphabet[(pending << (bits - pending_bits)) & ((1U << bits) - 1)]);
  }
  return text;
}

}  // namespace

std::string encode_nkey(NkeyKind kind, std::span<const std::uint8_t, nkey_bytes> key) {
  std::array<std::uint8_t, raw_bytes> raw{};
  raw[0] = static_cast<std::uint8_t>(kind);
  for (std::size_t at = 0; at < nkey_bytes; ++at) {
    raw[1 + at] = key[at];
  }
  const std::uint16_t crc = crc16_xmodem(std::span(raw).first(1 + nkey_bytes));
  raw[1 + nkey_bytes] = static_cast<std::uint8_t>(crc & 0xFFU);
  raw[2 + nkey_bytes] = static_cast<std::uint8_t>(crc >> 8U);
  return encode_digits(raw, base32_alphabet, 5);
}

std::optional<PublicKey> decode_nkey(NkeyKind kind, std::string_view text) {
  std::string raw;
  if (text.size() != text_bytes || !decode_digits(text, base32_alphabet, 5, raw) ||
      raw.size() != raw_bytes ||
      static_cast<std::uint8_t>(raw[0]) != static_cast<std::uint8_t>(kind)) {
    return std::nullopt;
  }
  const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(raw.data()),
                                            raw.size());
  const std::uint16_t crc = crc16_xmodem(bytes.first(1 + nkey_bytes));
  if (bytes[1 + nkey_bytes] != (crc & 0xFFU) || bytes[2 + nkey_bytes] != (crc >> 8U)) {
    return std::nullopt;
  }
  PublicKey key{};
  for (std::size_t at = 0; at < nkey_bytes; ++at) {
    key[at] = bytes[1 + at];
  }
  return key;
}

std::optional<std::string> decode_signature(std::string_view text) {
  std::string bytes;
  const bool is_padded = text.size() == 88 && text.substr(86) == "==";
  const std::string_view digits = is_padded ? text.substr(0, 86) : text;
  const std::string_view alphabet = is_padded ? base64_standard_alphabet : base64_url_alphabet;
  if (!decode_digits(digits, alphabet, 6, bytes) || bytes.size() != signature_bytes) {
    return std::nullopt;
  }
  return bytes;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return std::nullopt;
  }
  for (int padding = 0; padding < 2 && !text.empty() && text.back() == '='; ++padding) {
    text.remove_suffix(1);
  }
  std::string bytes;
  if (!decode_digits(text, base64_standard_alphabet, 6, bytes)) {
    return std::nullopt;
  }
  return bytes;
}

std::string encode_base64_url(std::span<const std::uint8_t> bytes) {
  return encode_digits(bytes, base64_url_alphabet, 6);
}

}  // namespace rubus
