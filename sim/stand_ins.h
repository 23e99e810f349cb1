// Stand-ins for what takes real cryptography: the world answers password and signature checks by
// comparing with these. The forms are real, so that the engine treats them as such.
#pragma once

#include <string>
#include <string_view>

namespace rubus::sim {

// 60 characters in the shape of a bcrypt hash of `password`.
std::string stand_in_hash(std::string_view password);

// A public user nkey ("U" and 55 more, checksum included) that belongs to `name`.
std::string stand_in_nkey(std::string_view name);
bool is_nkey(std::string_view user);
// 64 bytes that stand for a nonce signed by who knows `password`; and how CONNECT says them.
std::string stand_in_signature(std::string_view password);
std::string signature_text(std::string_view password);

}  // namespace rubus::sim
