// The configuration's digest, "sha256:<hex>", as the start log, `-t` and /varz show it.
//
// It is taken over the parsed tree and not over the file, so comments, includes and layout do not
// change it; the tree is written as JSON with sorted keys, like the reference does, and the digests
// are equal. Made with OpenSSL.
#pragma once

#include <string>

#include "io/config_value.h"

namespace rubus::io {

std::string config_digest(const ConfigValue& root);

// The JSON the digest is taken over.
std::string config_json(const ConfigValue& root);

}  // namespace rubus::io
