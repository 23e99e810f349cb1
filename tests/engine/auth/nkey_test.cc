#include "engine/auth/nkey.h"

#include <gtest/gtest.h>

namespace rubus::test {
namespace {

constexpr std::string_view known_user = "UCNGL4W5QX66CFX6A6DCBVDH5VOHMI7B2UZZU7TXAUQQSI2JPHULCKBR";

TEST(Nkey, a_public_user_key_survives_decoding_and_encoding) {
  const std::optional<PublicKey> key = decode_user_nkey(known_user);
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(encode_nkey(NkeyKind::user, *key), known_user);
}

TEST(Nkey, any_single_changed_character_is_refused) {
  for (std::size_t at = 0; at < known_user.size(); ++at) {
    std::string changed(known_user);
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(decode_user_nkey(changed).has_value()) << at;
  }
}

TEST(Nkey, a_key_of_another_kind_is_refused) {
  const std::optional<PublicKey> key = decode_user_nkey(known_user);
  ASSERT_TRUE(key.has_value());
  EXPECT_FALSE(decode_user_nkey(encode_nkey(NkeyKind::account, *key)).has_value());
  EXPECT_EQ(encode_nkey(NkeyKind::server, *key).front(), 'N');
  EXPECT_EQ(encode_nkey(NkeyKind::curve, *key).front(), 'X');
}

TEST(Signature, raw_url_and_padded_standard_alphabets_are_accepted_but_not_padded_url) {
  const std::string raw(85, '_');
  EXPECT_TRUE(decode_signature(raw + "w").has_value());
  EXPECT_TRUE(decode_signature(std::string(85, '/') + "w==").has_value());
  EXPECT_FALSE(decode_signature(raw + "w==").has_value());
  EXPECT_FALSE(decode_signature(std::string(84, '_')).has_value());
  EXPECT_FALSE(decode_signature("").has_value());
}

TEST(Nonce, eleven_bytes_are_fifteen_characters) {
  const std::array<std::uint8_t, 11> nonce{};
  EXPECT_EQ(encode_base64_url(nonce), "AAAAAAAAAAAAAAA");
}

}  // namespace
}  // namespace rubus::test
