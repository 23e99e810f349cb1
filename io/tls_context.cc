#include "io/tls_context.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace rubus::io {

namespace {

constexpr unsigned char session_context[] = "rubus";

bool is_version_13_suite(const std::string& name) {
  return name.starts_with("TLS_AES_") || name.starts_with("TLS_CHACHA20_");
}

// Go spells two suites without the hash that IANA appends.
constexpr std::array<const char*, 2> shortened = {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
                                                  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305"};

bool set_ciphers(SSL_CTX* context, const std::vector<std::string>& names, std::string& problem) {
  std::string older;
  std::string newer;
  for (const std::string& name : names) {
    if (is_version_13_suite(name)) {
      newer += newer.empty() ? name : ":" + name;
      continue;
    }
    const std::optional<std::string> known = openssl_cipher_name(name);
    if (!known) {
      problem = "unrecognized cipher " + name;
      return false;
    }
    older += older.empty() ? *known : ":" + *known;
  }
  // Naming only suites of one TLS version leaves the other version's defaults alone, as in Go.
  if (!older.empty() && SSL_CTX_set_cipher_list(context, older.c_str()) != 1) {
    problem = "none of the configured cipher_suites is available: " + take_tls_error();
    return false;
  }
  if (!newer.empty() && SSL_CTX_set_ciphersuites(context, newer.c_str()) != 1) {
    problem = "none of the configured cipher_suites is available: " + take_tls_error();
    return false;
  }
  return true;
}

const char* group_name(const std::string& curve) {
  if (curve == "X25519") {
    return "X25519";
  }
  if (curve == "CurveP256") {
    return "P-256";
  }
  if (curve == "CurveP384") {
    return "P-384";
  }
  if (curve == "CurveP521") {
    return "P-521";
  }
  return nullptr;
}

// A curve that this OpenSSL does not have (X25519MLKEM768 before 3.5) is skipped: the list states
// preferences, and the others still serve.
bool set_curves(SSL_CTX* context, const std::vector<std::string>& curves, std::string& problem) {
  std::string groups;
  for (const std::string& curve : curves) {
    if (const char* name = group_name(curve)) {
      groups += groups.empty() ? name : std::string(":") + name;
    }
  }
  if (!groups.empty() && SSL_CTX_set1_groups_list(context, groups.c_str()) != 1) {
    problem = "curve_preferences cannot be used: " + take_tls_error();
    return false;
  }
  return true;
}

bool believe(SSL_CTX* context, const std::string& ca_file, std::string& problem) {
  if (ca_file.empty()) {
    return SSL_CTX_set_default_verify_paths(context) == 1;
  }
  if (SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr) != 1) {
    problem = "failed to parse root ca certificate: " + ca_file + ": " + take_tls_error();
    return false;
  }
  SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(ca_file.c_str()));
  return true;
}

}  // namespace

std::string take_tls_error() {
  std::string text = "unknown TLS error";
  while (const unsigned long code = ERR_get_error()) {
    if (const char* reason = ERR_reason_error_string(code)) {
      text = reason;
    }
  }
  return text;
}

std::optional<std::string> openssl_cipher_name(const std::string& name) {
  std::string full = name;
  if (std::find(shortened.begin(), shortened.end(), name) != shortened.end()) {
    full += "_SHA256";
  }
  const std::string known = OPENSSL_cipher_name(full.c_str());
  return known == "(NONE)" ? std::nullopt : std::optional<std::string>(known);
}

TlsContext::Handle TlsContext::make_one(const SSL_METHOD* method, const TlsFiles& files,
                                        const std::pair<std::string, std::string>* pair,
                                        Trust trust, std::string& problem) {
  Handle context(SSL_CTX_new(method));
  SSL_CTX* const raw = context.get();
  if (raw == nullptr) {
    problem = "OpenSSL: " + take_tls_error();
    return nullptr;
  }
  SSL_CTX_set_min_proto_version(raw, files.min_version == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(raw, session_context, sizeof session_context - 1);
  SSL_CTX_set_num_tickets(raw, 1);
  if (pair != nullptr) {
    if (SSL_CTX_use_certificate_chain_file(raw, pair->first.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(raw, pair->second.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(raw) != 1) {
      problem = "error parsing X509 certificate/key pair: " + pair->first + ", " + pair->second +
                ": " + take_tls_error();
      return nullptr;
    }
  }
  if (!set_ciphers(raw, files.cipher_suites, problem) ||
      !set_curves(raw, files.curve_preferences, problem)) {
    return nullptr;
  }
  if (trust == Trust::certified || !files.ca_file.empty()) {
    if (!believe(raw, files.ca_file, problem)) {
      return nullptr;
    }
  }
  if (trust == Trust::certified) {
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  } else if (!files.pinned_certs.empty()) {
    // Pinning needs to see the certificate, whoever signed it.
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  }
  return context;
}

std::shared_ptr<TlsContext> TlsContext::make(const TlsFiles& files, bool verify_client,
                                             std::string& problem) {
  auto made = std::make_shared<TlsContext>();
  std::vector<const std::pair<std::string, std::string>*> pairs;
  for (const auto& pair : files.certificates) {
    pairs.push_back(&pair);
  }
  if (pairs.empty()) {
    pairs.push_back(nullptr);  // `tls {}` is accepted; every handshake then fails
  }
  for (const auto* pair : pairs) {
    Handle context = make_one(TLS_server_method(), files, pair,
                              verify_client ? Trust::certified : Trust::anybody, problem);
    if (context == nullptr) {
      return nullptr;
    }
    made->contexts_.push_back(std::move(context));
  }
  if (made->contexts_.size() > 1) {
    // The macros of OpenSSL's header cast in the old style.
    SSL_CTX_callback_ctrl(made->handle(), SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                          reinterpret_cast<void (*)()>(&TlsContext::choose_by_name));
    SSL_CTX_set_tlsext_servername_arg(made->handle(), made.get());
  }
  made->set_pins(files);
  return made;
}

std::shared_ptr<TlsContext> TlsContext::make_dialing(const TlsFiles& files, std::string& problem) {
  auto made = std::make_shared<TlsContext>();
  const auto* const pair = files.certificates.empty() ? nullptr : &files.certificates.front();
  Handle context = make_one(TLS_client_method(), files, pair,
                            files.insecure ? Trust::anybody : Trust::certified, problem);
  if (context == nullptr) {
    return nullptr;
  }
  made->contexts_.push_back(std::move(context));
  made->set_pins(files);
  return made;
}

void TlsContext::set_pins(const TlsFiles& files) {
  pinned_certs_ = files.pinned_certs;
  for (std::string& pin : pinned_certs_) {
    std::transform(pin.begin(), pin.end(), pin.begin(), [](char letter) {
      return letter >= 'A' && letter <= 'F' ? static_cast<char>(letter + ('a' - 'A')) : letter;
    });
  }
}

WallTime TlsContext::certificate_end() const {
  const X509* const certificate = SSL_CTX_get0_certificate(handle());
  std::tm end{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) {
    return {};
  }
  return {static_cast<std::int64_t>(::timegm(&end)) * 1'000'000'000};
}

int TlsContext::choose_by_name(SSL* stream, int*, void* self) {
  const char* const name = SSL_get_servername(stream, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) {
    return SSL_TLSEXT_ERR_OK;
  }
  for (const Handle& context : static_cast<TlsContext*>(self)->contexts_) {
    X509* const certificate = SSL_CTX_get0_certificate(context.get());
    if (certificate != nullptr && X509_check_host(certificate, name, 0, 0, nullptr) == 1) {
      SSL_set_SSL_CTX(stream, context.get());
      break;
    }
  }
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace rubus::io
