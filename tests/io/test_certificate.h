// Certificates made on the spot, and TLS settings of either side that use them.
#pragma once

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "io/tls_context.h"

namespace rubus::io {

// A self-signed certificate and its key in two files.
class Certificate {
 public:
  Certificate(const std::string& name, const char* alternatives) {
    EVP_PKEY* const key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    X509* const made = X509_new();
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_gmtime_adj(X509_getm_notBefore(made), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_NAME* const subject = X509_get_subject_name(made);
    add(subject, "O", "Rubus");
    add(subject, "CN", name);
    X509_set_issuer_name(made, subject);
    X509_set_pubkey(made, key);
    X509_EXTENSION* const extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternatives);
    X509_add_ext(made, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(made, key, EVP_sha256());
    const std::string stem =
        ::testing::TempDir() + "rubus_" + name + "_" + std::to_string(::getpid());
    files = {stem + ".crt", stem + ".key"};
    std::FILE* out = std::fopen(files.first.c_str(), "w");
    PEM_write_X509(out, made);
    std::fclose(out);
    out = std::fopen(files.second.c_str(), "w");
    PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(out);
    X509_free(made);
    EVP_PKEY_free(key);
  }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;
  ~Certificate() {
    ::unlink(files.first.c_str());
    ::unlink(files.second.c_str());
  }

  std::pair<std::string, std::string> files;

 private:
  static void add(X509_NAME* subject, const char* kind, const std::string& value) {
    X509_NAME_add_entry_by_txt(subject, kind, MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, 0);
  }
};

inline TlsFiles files_of(const Certificate& certificate) {
  TlsFiles files;
  files.present = true;
  files.certificates.push_back(certificate.files);
  return files;
}

inline std::shared_ptr<TlsContext> context_of(const TlsFiles& files, bool verify) {
  std::string problem;
  std::shared_ptr<TlsContext> made = TlsContext::make(files, verify, problem);
  EXPECT_NE(made, nullptr) << problem;
  return made;
}

inline std::shared_ptr<TlsContext> dialing_context_of(const TlsFiles& files) {
  std::string problem;
  std::shared_ptr<TlsContext> made = TlsContext::make_dialing(files, problem);
  EXPECT_NE(made, nullptr) << problem;
  return made;
}

inline TlsFiles trusting(const Certificate& authority) {
  TlsFiles files;
  files.present = true;
  files.ca_file = authority.files.first;
  return files;
}

}  // namespace rubus::io
