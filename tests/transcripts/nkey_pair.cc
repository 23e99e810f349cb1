#include "tests/transcripts/nkey_pair.h"

#include <openssl/evp.h>

#include <memory>
#include <stdexcept>
#include <utility>

namespace rubus::transcript {
namespace {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

Key key_of(const std::array<std::uint8_t, 32>& seed) {
  Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  if (!key)
    throw std::runtime_error("OpenSSL refuses the Ed25519 seed");
  return key;
}

// CRC-16/XMODEM, the check value of nkeys.
std::uint16_t crc16(std::string_view bytes) {
  unsigned crc = 0;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned>(static_cast<unsigned char>(c)) << 8U;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 0x8000U) != 0 ? (crc << 1U) ^ 0x1021U : crc << 1U;
    }
    crc &= 0xFFFFU;
  }
  return static_cast<std::uint16_t>(crc);
}

// Bytes to text, `width` bits a character, most significant bit first, without padding.
std::string to_alphabet(std::string_view bytes, std::string_view alphabet, unsigned width) {
  std::string text;
  unsigned held = 0;
  unsigned bits = 0;
  for (const char c : bytes) {
    held = (held << 8U) | static_cast<unsigned char>(c);
    bits += 8;
    while (bits >= width) {
      bits -= width;
      text.push_back(alphabet[(held >> bits) & ((1U << width) - 1)]);
    }
    held &= (1U << bits) - 1;
  }
  if (bits > 0)
    text.push_back(alphabet[(held << (width - bits)) & ((1U << width) - 1)]);
  return text;
}

std::string nkey_text(std::uint8_t prefix, std::string_view bytes) {
  std::string raw(1, static_cast<char>(prefix));
  raw += bytes;
  const std::uint16_t crc = crc16(raw);
  raw.push_back(static_cast<char>(crc & 0xFFU));
  raw.push_back(static_cast<char>(crc >> 8U));
  return to_alphabet(raw, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 5);
}

void replace_all(std::string& text, std::string_view from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
}

}  // namespace

NkeyPair::NkeyPair(std::uint8_t seed_fill) : seed_{} {
  seed_.fill(seed_fill);
  const Key key = key_of(seed_);
  std::array<unsigned char, 32> raw{};
  std::size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(key.get(), raw.data(), &size) != 1 || size != raw.size()) {
    throw std::runtime_error("OpenSSL gives no Ed25519 public key");
  }
  constexpr std::uint8_t user_prefix = 20U << 3U;  // makes the text begin with U
  public_text_ = nkey_text(user_prefix, std::string(raw.begin(), raw.end()));
}

std::string NkeyPair::sign(std::string_view message) const {
  const Key key = key_of(seed_);
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
  std::array<unsigned char, 64> signature{};
  std::size_t size = signature.size();
  const std::string bytes(message);
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size,
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) != 1) {
    throw std::runtime_error("OpenSSL does not sign");
  }
  return std::string(signature.begin(), signature.end());
}

std::string base64_text(std::string_view bytes, Base64 dialect) {
  std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  alphabet += dialect == Base64::padded_standard ? "+/" : "-_";
  std::string text = to_alphabet(bytes, alphabet, 6);
  while (dialect != Base64::raw_url && text.size() % 4 != 0)
    text.push_back('=');
  return text;
}

std::string with_credentials(std::string text, std::string_view nonce) {
  if (text.find("nkey}") == std::string::npos && text.find("{signature") == std::string::npos) {
    return text;
  }
  const NkeyPair ours(0x51);
  const NkeyPair other(0x52);
  const std::string good = ours.sign(nonce);
  replace_all(text, "{nkey}", ours.public_text());
  replace_all(text, "{other_nkey}", other.public_text());
  replace_all(text, "{signature}", base64_text(good, Base64::raw_url));
  // One signature in fifteen has no character in which the alphabets differ, and would be taken.
  std::string padded_url = base64_text(good, Base64::padded_url);
  if (padded_url.find_first_of("-_") == std::string::npos) {
    padded_url.front() = '-';
  }
  replace_all(text, "{signature:padded_url}", padded_url);
  replace_all(text, "{signature:padded_standard}", base64_text(good, Base64::padded_standard));
  replace_all(text, "{signature:of_other_key}", base64_text(other.sign(nonce), Base64::raw_url));
  replace_all(text, "{signature:of_other_nonce}",
              base64_text(ours.sign(std::string(nonce) + "x"), Base64::raw_url));
  return text;
}

}  // namespace rubus::transcript
