// TlsContext: certificates, trust and preferences of one listener or of one kind of dialed
// connections, ready for handshakes.
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

  // For the side that dials: the certificate of the other side must come from `ca_file`, or from an
  // authority of the system without one; `insecure` believes anybody. The first of the certificates
  // is shown if the other side asks.
  static std::shared_ptr<TlsContext> make_dialing(const TlsFiles& files, std::string& problem);

  SSL_CTX* handle() const { return contexts_.front().get(); }
  // When the first certificate ends; 0 without one.
  WallTime certificate_end() const;
  const std::vector<std::string>& pinned_certs() const { return pinned_certs_; }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  using Handle = std::unique_ptr<SSL_CTX, Free>;

  enum class Trust : std::uint8_t { anybody, certified };

  static Handle make_one(const SSL_METHOD* method, const TlsFiles& files,
                         const std::pair<std::string, std::string>* pair, Trust trust,
                         std::string& problem);
  void set_pins(const TlsFiles& files);
  static int choose_by_name(SSL* stream, int* alert, void* self);

  std::vector<Handle> contexts_;  // one per certificate, at least one
  std::vector<std::string> pinned_certs_;
};

// Those of a server, by what is spoken and who began it. Null where TLS is not configured.
struct TlsContexts {
  std::shared_ptr<const TlsContext> client;
  std::shared_ptr<const TlsContext> route;
  std::shared_ptr<const TlsContext> leaf;
  std::shared_ptr<const TlsContext> dialed_route;
  std::vector<std::shared_ptr<const TlsContext>> dialed_leaf;  // by LeafOptions.remotes
};

// The newest entry of OpenSSL's error queue in words; the queue is empty afterwards.
std::string take_tls_error();

// "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" → "ECDHE-RSA-AES128-GCM-SHA256"; nullopt if unknown.
std::optional<std::string> openssl_cipher_name(const std::string& name);

}  // namespace rubus::io
