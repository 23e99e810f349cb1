#include "io/server_identity.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <memory>

#include "engine/auth/nkey.h"
#include "engine/base/ensure.h"

namespace rubus::io {

namespace {

PublicKey fresh_public_key(int algorithm, EntropySource& entropy) {
  std::array<std::uint8_t, 32> secret{};
  entropy.fill(secret);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_new_raw_private_key(algorithm, nullptr, secret.data(), secret.size()),
      &EVP_PKEY_free);
  OPENSSL_cleanse(secret.data(), secret.size());
  PublicKey open{};
  std::size_t size = open.size();
  ensure(key != nullptr && EVP_PKEY_get_raw_public_key(key.get(), open.data(), &size) == 1,
         "OpenSSL derives a public key from any 32 bytes");
  return open;
}

}  // namespace

ServerKeys make_server_keys(EntropySource& entropy) {
  return {encode_nkey(NkeyKind::server, fresh_public_key(EVP_PKEY_ED25519, entropy)),
          encode_nkey(NkeyKind::curve, fresh_public_key(EVP_PKEY_X25519, entropy))};
}

}  // namespace rubus::io
