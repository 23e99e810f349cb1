// The client side of TLS over byte strings, and a throw-away certificate for the server.
//
// Bytes in, bytes out: it owns no socket, so whoever carries the bytes may split or delay them.
// Certificates are not verified; that is the business of the interoperability tests.
#ifndef RUBUS_TESTS_TRANSCRIPTS_TLS_CLIENT_H_
#define RUBUS_TESTS_TRANSCRIPTS_TLS_CLIENT_H_

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

namespace rubus::transcript {

class TlsClient {
 public:
  TlsClient();

  // Bytes from the wire; returns the plain bytes they make.
  [[nodiscard]] std::string on_wire(std::string_view bytes);
  void write(std::string_view plain);
  // Bytes that must go to the wire now.
  [[nodiscard]] std::string wire();

  // Makes progress with the handshake; ask wire() afterwards.
  void shake();
  [[nodiscard]] bool is_established() const;
  [[nodiscard]] bool has_failed() const { return failed_; }

 private:
  struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  struct FreeSession {
    void operator()(SSL* session) const { SSL_free(session); }
  };

  std::unique_ptr<SSL_CTX, FreeContext> context_;
  std::unique_ptr<SSL, FreeSession> session_;
  BIO* from_wire_;  // owned by session_
  BIO* to_wire_;    // owned by session_
  bool failed_ = false;
};

// A self-signed certificate for 127.0.0.1 that is valid for one day.
void write_certificate(const std::string& certificate_file, const std::string& key_file);

}  // namespace rubus::transcript

#endif  // RUBUS_TESTS_TRANSCRIPTS_TLS_CLIENT_H_
