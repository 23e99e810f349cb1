#include "io/server_identity.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <memory>

#include "engine/auth/nkey.h"
#include "engine/base/ensure.h"
#include "io/socket_address.h"

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

constexpr std::string_view letters_and_digits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// What Go calls a global unicast address; private ranges are among them.
bool is_routable(const std::string& text) {
  boost::system::error_code problem;
  const auto address = boost::asio::ip::make_address(text, problem);
  return !problem && !address.is_loopback() && !address.is_unspecified() &&
         !address.is_multicast() && !(address.is_v6() && address.to_v6().is_link_local()) &&
         !text.starts_with("169.254.");
}

std::vector<std::string> routable_addresses() {
  std::vector<std::string> addresses = interface_addresses();
  std::erase_if(addresses, [](const std::string& address) { return !is_routable(address); });
  return addresses;
}

}  // namespace

ServerKeys make_server_keys(EntropySource& entropy) {
  return {encode_nkey(NkeyKind::server, fresh_public_key(EVP_PKEY_ED25519, entropy)),
          encode_nkey(NkeyKind::curve, fresh_public_key(EVP_PKEY_X25519, entropy))};
}

std::string make_cluster_name(EntropySource& entropy) {
  std::array<std::uint8_t, 22> bytes{};
  entropy.fill(bytes);
  std::string name;
  for (const std::uint8_t byte : bytes) {
    name += letters_and_digits[byte % letters_and_digits.size()];
  }
  return name;
}

std::string node_hash(std::string_view server_name) {
  constexpr std::size_t hash_letters = 8;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  ensure(EVP_Digest(server_name.data(), server_name.size(), digest.data(), &size, EVP_sha256(),
                    nullptr) == 1 &&
             size >= hash_letters,
         "OpenSSL can do SHA-256");
  std::string text;
  for (std::size_t i = 0; i < hash_letters; ++i) {
    text += letters_and_digits[digest[i] % letters_and_digits.size()];
  }
  return text;
}

std::vector<std::string> reachable_urls(const std::string& host, std::uint16_t port) {
  std::vector<std::string> urls;
  if (!is_unspecified(host)) {
    urls.push_back(host_port_text(host, port));
    return urls;
  }
  for (const std::string& address : routable_addresses()) {
    urls.push_back(host_port_text(address, port));
  }
  return urls;
}

std::string reachable_host(const std::string& host) {
  if (!is_unspecified(host)) {
    return host;
  }
  const std::vector<std::string> addresses = routable_addresses();
  return addresses.empty() ? host : addresses.front();
}

}  // namespace rubus::io
