// nkeys and signatures: what is decoded is what was encoded, and nothing else decodes.
//
// Input: a choice, then text or key bytes. The texts are judged by a decoder that works on single
// bits and shares nothing with engine/auth/nkey.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/auth/nkey.h"
#include "fuzz/byte_source.h"
#include "fuzz/target.h"

namespace rubus::fuzz {

namespace {

constexpr std::string_view digits_32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view digits_64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::array<NkeyKind, 4> kinds = {NkeyKind::user, NkeyKind::server, NkeyKind::account,
                                           NkeyKind::curve};

// The digits as a row of bits, cut into bytes; nothing if a digit is foreign, or if a whole digit
// is left over. Left-over bits may be anything, as in Go's decoder.
std::optional<std::string> bytes_of(std::string_view text, std::string_view digits, int width) {
  std::vector<bool> bits;
  for (const char digit : text) {
    const std::size_t value = digits.find(digit);
    if (value == digits.npos) {
      return std::nullopt;
    }
    for (int bit = width - 1; bit >= 0; --bit) {
      bits.push_back(((value >> static_cast<unsigned>(bit)) & 1U) != 0);
    }
  }
  std::string bytes;
  std::size_t at = 0;
  for (; at + 8 <= bits.size(); at += 8) {
    unsigned value = 0;
    for (std::size_t bit = 0; bit < 8; ++bit) {
      value = value * 2 + (bits[at + bit] ? 1U : 0U);
    }
    bytes.push_back(static_cast<char>(value));
  }
  if (bits.size() - at >= static_cast<std::size_t>(width)) {
    return std::nullopt;
  }
  return bytes;
}

void judge_key_text(std::string_view text) {
  for (const NkeyKind kind : kinds) {
    const std::optional<PublicKey> key = decode_nkey(kind, text);
    if (!key.has_value()) {
      continue;
    }
    law(encode_nkey(kind, *key) == text, "a decoded key encodes to its text",
        encode_nkey(kind, *key), text);
    const std::optional<std::string> bytes = bytes_of(text, digits_32, 5);
    law(bytes.has_value() && bytes->size() == 35, "a key has 35 bytes", text);
    law(bytes->substr(1, nkey_bytes) ==
            std::string_view(reinterpret_cast<const char*>(key->data()), key->size()),
        "the key is what stands between prefix and checksum", text);
    for (const NkeyKind other : kinds) {
      law(other == kind || !decode_nkey(other, text).has_value(), "a key is of one kind", text);
    }
  }
}

// Every well-formed key decodes, and no text that differs in one digit does.
void judge_key_bytes(ByteSource& source) {
  const NkeyKind kind = source.pick(kinds);
  const std::size_t damaged = source.below(56);
  const std::size_t damage = 1 + source.below(31);
  PublicKey key{};
  for (std::uint8_t& byte : key) {
    byte = source.byte();
  }
  std::string text = encode_nkey(kind, key);
  law(text.size() == 56, "a key has 56 digits", text);
  law(decode_nkey(kind, text) == key, "an encoded key decodes to itself", text);
  law((kind == NkeyKind::user) == decode_user_nkey(text).has_value(), "only U keys are users",
      text);
  text[damaged] = digits_32[(digits_32.find(text[damaged]) + damage) % 32];
  law(!decode_nkey(kind, text).has_value(), "one wrong digit is noticed", text);
}

void judge_signature(std::string_view text) {
  const std::optional<std::string> signature = decode_signature(text);
  const bool padded = text.size() == 88 && text.ends_with("==");
  std::string plain(padded ? text.substr(0, 86) : text);
  if (padded) {
    // The standard alphabet; its last two digits are the other ones, and the url ones are foreign.
    for (char& digit : plain) {
      digit = digit == '+' ? '-' : digit == '/' ? '_' : digit == '-' || digit == '_' ? '!' : digit;
    }
  }
  const std::optional<std::string> bytes = bytes_of(plain, digits_64, 6);
  const bool wanted = bytes.has_value() && bytes->size() == 64;
  law(signature.has_value() == wanted, "64 bytes of base64 are a signature, nothing else is", text);
  law(!wanted || *signature == *bytes, "a signature is the bytes of its digits", text);
}

void judge_base64(std::string_view bytes) {
  const std::string text =
      encode_base64_url({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  law(text.size() == (bytes.size() * 8 + 5) / 6, "base64 has no padding", text);
  const std::optional<std::string> back = bytes_of(text, digits_64, 6);
  law(back.has_value() && *back == bytes, "base64 gives its bytes back", text, bytes);
}

}  // namespace

void run_target(std::string_view input) {
  ByteSource source(input);
  switch (source.below(4)) {
    case 0:
      return judge_key_text(source.rest());
    case 1:
      return judge_key_bytes(source);
    case 2:
      return judge_signature(source.rest());
    default:
      return judge_base64(source.rest());
  }
}

}  // namespace rubus::fuzz
