// TlsContext: certificates, trust and preferences of one listener, ready for handshakes.
//
// Built from files at start and again at each reload; connections keep the context they began with.
// Several certificates: the first whose names match what the client asks for (SNI) is presented,
// else the first. Resumption works by stateless tickets whose key lives and dies with the context,
// so nothing resumes across a reload that may have changed who is trusted.
// Not here: handshakes (tls_stream.h) and when they happen (the engine).
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/time.h"
#include "io/server_config.h"

namespace rubus::io {

class TlsContext {
 public:
  // Null with `problem` set if a file or a setting is unusable.
  static std::shared_ptr<TlsContext> make(const TlsFiles& files, bool verify_client,
                                          std::string& problem);

  SSL_CTX* handle() const { return contexts_.front().get(); }
  // When the first certificate ends; 0 without one.
  WallTime certificate_end() const;
  const std::vector<std::string>& pinned_certs() const { return pinned_certs_; }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  using Handle = std::unique_ptr<SSL_CTX, Free>;

  static Handle make_one(const TlsFiles& files, const std::pair<std::string, std::string>* pair,
                         bool verify_client, std::string& problem);
  static int choose_by_name(SSL* stream, int* alert, void* self);

  std::vector<Handle> contexts_;  // one per certificate, at least one
  std::vector<std::string> pinned_certs_;
};

// The newest entry of OpenSSL's error queue in words; the queue is empty afterwards.
std::string take_tls_error();

// "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" → "ECDHE-RSA-AES128-GCM-SHA256"; nullopt if unknown.
std::optional<std::string> openssl_cipher_name(const std::string& name);

}  // namespace rubus::io
