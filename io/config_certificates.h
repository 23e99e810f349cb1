// Certificate files named by a configuration: do they exist, parse, and belong together?
//
// Asked while the configuration is read, so that `-t` and a reload see a bad file before anything
// is changed. Files come through ConfigSource; parsing is OpenSSL's. Nothing is kept: the shell
// loads the files again for its TLS context.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "io/config_parser.h"
#include "io/server_config.h"

namespace rubus::io {

// What is wrong with a certificate and its key, in the reference's words, or nothing.
std::optional<std::string> key_pair_error(const std::pair<std::string, std::string>& files,
                                          const ConfigSource& source);

// What is wrong with the tls block's files as a whole, or nothing.
std::optional<std::string> tls_files_error(const TlsFiles& tls, const ConfigSource& source);

}  // namespace rubus::io
