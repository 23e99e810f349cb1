#include "tests/transcripts/tls_client.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdio>
#include <stdexcept>

namespace rubus::transcript {
namespace {

void require(bool done, const char* what) {
  if (!done)
    throw std::runtime_error(std::string("OpenSSL: ") + what);
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

}  // namespace

TlsClient::TlsClient()
    : context_(SSL_CTX_new(TLS_client_method())),
      session_(SSL_new(context_.get())),
      from_wire_(BIO_new(BIO_s_mem())),
      to_wire_(BIO_new(BIO_s_mem())) {
  require(session_ != nullptr, "no session");
  SSL_set_bio(session_.get(), from_wire_, to_wire_);
  SSL_set_connect_state(session_.get());
}

void TlsClient::shake() {
  const int result = SSL_do_handshake(session_.get());
  if (result == 1)
    return;
  const int error = SSL_get_error(session_.get(), result);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
    failed_ = true;
}

bool TlsClient::is_established() const { return SSL_is_init_finished(session_.get()) == 1; }

std::string TlsClient::on_wire(std::string_view bytes) {
  BIO_write(from_wire_, bytes.data(), static_cast<int>(bytes.size()));
  if (!is_established())
    shake();
  std::string plain;
  std::array<char, 16384> buffer{};
  while (is_established()) {
    const int count = SSL_read(session_.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (count <= 0)
      break;
    plain.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return plain;
}

void TlsClient::write(std::string_view plain) {
  require(SSL_write(session_.get(), plain.data(), static_cast<int>(plain.size())) ==
              static_cast<int>(plain.size()),
          "cannot write");
}

std::string TlsClient::wire() {
  std::string bytes(static_cast<std::size_t>(BIO_pending(to_wire_)), '\0');
  if (!bytes.empty())
    BIO_read(to_wire_, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

void write_certificate(const std::string& certificate_file, const std::string& key_file) {
  const std::unique_ptr<EVP_PKEY, FreeKey> key(EVP_EC_gen("P-256"));
  const std::unique_ptr<X509, FreeCertificate> certificate(X509_new());
  require(key && certificate, "no key or certificate");
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 24L * 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  const std::string common_name = "127.0.0.1";
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate.get(), name);
  X509_EXTENSION* const addresses =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
  require(addresses != nullptr, "no alternative name");
  X509_add_ext(certificate.get(), addresses, -1);
  X509_EXTENSION_free(addresses);
  require(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0, "cannot sign");

  const std::unique_ptr<std::FILE, CloseFile> to(std::fopen(certificate_file.c_str(), "w"));
  const std::unique_ptr<std::FILE, CloseFile> key_to(std::fopen(key_file.c_str(), "w"));
  require(to && PEM_write_X509(to.get(), certificate.get()) == 1, "cannot write certificate");
  require(key_to && PEM_write_PrivateKey(key_to.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                         nullptr) == 1,
          "cannot write key");
}

}  // namespace rubus::transcript
