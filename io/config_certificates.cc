#include "io/config_certificates.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace rubus::io {

namespace {

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct X509Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

using BioPointer = std::unique_ptr<BIO, BioFree>;
using X509Pointer = std::unique_ptr<X509, X509Free>;
using KeyPointer = std::unique_ptr<EVP_PKEY, KeyFree>;

// Why: without one, OpenSSL would ask for the passphrase on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

X509Pointer parse_certificate(const std::string& pem) {
  const BioPointer bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  X509Pointer certificate(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return certificate;
}

KeyPointer parse_key(const std::string& pem) {
  const BioPointer bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  KeyPointer key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return key;
}

bool is_pem(const std::string& text) { return text.find("-----BEGIN ") != std::string::npos; }

FileReading read(const std::string& path, const ConfigSource& source) {
  if (!source.read_file) {
    return {{}, "open " + path + ": no such file or directory"};
  }
  return source.read_file(path);
}

}  // namespace

std::optional<std::string> key_pair_error(const std::pair<std::string, std::string>& files,
                                          const ConfigSource& source) {
  const FileReading certificate_file = read(files.first, source);
  if (certificate_file.error) {
    return certificate_file.error;
  }
  const FileReading key_file = read(files.second, source);
  if (key_file.error) {
    return key_file.error;
  }
  if (!is_pem(certificate_file.text)) {
    return "tls: failed to find any PEM data in certificate input";
  }
  const X509Pointer certificate = parse_certificate(certificate_file.text);
  if (!certificate) {
    return "tls: failed to parse certificate " + files.first;
  }
  if (!is_pem(key_file.text)) {
    return "tls: failed to find any PEM data in key input";
  }
  const KeyPointer key = parse_key(key_file.text);
  if (!key) {
    return "tls: failed to parse private key";
  }
  const bool match = X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return match ? std::nullopt
               : std::optional<std::string>("tls: private key does not match public key");
}

std::optional<std::string> tls_files_error(const TlsFiles& tls, const ConfigSource& source) {
  const std::size_t count = tls.certificates.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::pair<std::string, std::string>& files = tls.certificates[i];
    if (files.second.empty()) {
      return "missing 'key_file' in TLS configuration";
    }
    if (files.first.empty()) {
      return "missing 'cert_file' in TLS configuration";
    }
    if (const std::optional<std::string> error = key_pair_error(files, source)) {
      const std::string which =
          count == 1 ? "" : " " + std::to_string(i + 1) + "/" + std::to_string(count);
      return "error parsing X509 certificate/key pair" + which + ": " + *error;
    }
  }
  if (tls.ca_file.empty()) {
    return std::nullopt;
  }
  const FileReading authority = read(tls.ca_file, source);
  if (authority.error) {
    return authority.error;
  }
  return parse_certificate(authority.text)
             ? std::nullopt
             : std::optional<std::string>("failed to parse root ca certificate");
}

}  // namespace rubus::io
