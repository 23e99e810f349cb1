// Options for fuzzed shards: small limits, every kind of login, extreme durations.
#pragma once

#include "engine/seam/options.h"
#include "fuzz/byte_source.h"

namespace rubus::fuzz {

// Uses up four bytes. All zeros: the defaults of the server, without authentication.
Options options_of(ByteSource& source);

}  // namespace rubus::fuzz
