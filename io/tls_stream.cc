#include "io/tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/base/ensure.h"

namespace rubus::io {

// The BIO between OpenSSL and a TlsStream: reads from incoming_, appends to outgoing_. OpenSSL's
// own memory BIOs would keep a copy and a buffer per connection.
struct TlsStreamPipe {
  static TlsStream& owner(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* place, int size) {
    BIO_clear_retry_flags(bio);
    std::string_view& incoming = owner(bio).incoming_;
    if (incoming.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t count = std::min(incoming.size(), static_cast<std::size_t>(size));
    std::memcpy(place, incoming.data(), count);
    incoming.remove_prefix(count);
    return static_cast<int>(count);
  }
  static int write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    owner(bio).outgoing_.append(bytes, static_cast<std::size_t>(size));
    return size;
  }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* const fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "rubus");
      BIO_meth_set_read(fresh, &TlsStreamPipe::read);
      BIO_meth_set_write(fresh, &TlsStreamPipe::write);
      BIO_meth_set_ctrl(fresh, &TlsStreamPipe::control);
      return fresh;
    }();
    return made;
  }
};

namespace {

constexpr std::size_t kept_bytes_max = 4096;  // an idle stream gives larger buffers back

std::string hex_sha256(const unsigned char* bytes, std::size_t size) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int digest_size = 0;
  EVP_Digest(bytes, size, digest.data(), &digest_size, EVP_sha256(), nullptr);
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < digest_size; ++i) {
    text += digits[digest[i] >> 4U];
    text += digits[digest[i] & 15U];
  }
  return text;
}

std::string spki_sha256(X509* certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &bytes);
  std::string text = size > 0 ? hex_sha256(bytes, static_cast<std::size_t>(size)) : std::string();
  OPENSSL_free(bytes);
  return text;
}

std::string cert_sha256(X509* certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  std::string text = size > 0 ? hex_sha256(bytes, static_cast<std::size_t>(size)) : std::string();
  OPENSSL_free(bytes);
  return text;
}

std::string subject_text(X509* certificate) {
  BIO* const memory = BIO_new(BIO_s_mem());
  X509_NAME_print_ex(memory, X509_get_subject_name(certificate), 0,
                     XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory, &bytes);
  std::string text(bytes, size > 0 ? static_cast<std::size_t>(size) : 0);
  BIO_free(memory);
  return text;
}

void add_alternative_names(X509* certificate, TlsFacts& facts) {
  auto* const names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_EMAIL && name->type != GEN_DNS) {
      continue;
    }
    const ASN1_IA5STRING* const value = name->d.ia5;
    const std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                           static_cast<std::size_t>(ASN1_STRING_length(value)));
    (name->type == GEN_EMAIL ? facts.emails : facts.dns_names).push_back(text);
  }
  GENERAL_NAMES_free(names);
}

std::string version_text(const SSL* stream) {
  switch (SSL_version(stream)) {
    case TLS1_2_VERSION:
      return "1.2";
    case TLS1_3_VERSION:
      return "1.3";
    default:
      return SSL_get_version(stream);
  }
}

}  // namespace

TlsStream::TlsStream(std::shared_ptr<const TlsContext> context)
    : context_(std::move(context)), stream_(SSL_new(context_->handle())) {
  connect_pipe();
  SSL_set_accept_state(stream_.get());
}

TlsStream::TlsStream(std::shared_ptr<const TlsContext> context, const std::string& host)
    : context_(std::move(context)), stream_(SSL_new(context_->handle())) {
  connect_pipe();
  SSL_set_connect_state(stream_.get());
  // Digits are compared with the addresses in the certificate and are no name to ask for.
  X509_VERIFY_PARAM* const rules = SSL_get0_param(stream_.get());
  if (X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) != 1) {
    SSL_set1_host(stream_.get(), host.c_str());
    SSL_ctrl(stream_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(host.c_str()));
  }
  ERR_clear_error();
  shake_hands();
}

void TlsStream::connect_pipe() {
  ensure(stream_ != nullptr, "OpenSSL makes a stream from a valid context");
  BIO* const pipe = BIO_new(TlsStreamPipe::method());
  ensure(pipe != nullptr, "OpenSSL has memory for a pipe");
  BIO_set_data(pipe, this);
  BIO_set_init(pipe, 1);
  SSL_set_bio(stream_.get(), pipe, pipe);
}

TlsStream::~TlsStream() = default;

void TlsStream::feed(std::string_view ciphertext) {
  ensure(incoming_.empty(), "all ciphertext was used before more is fed");
  incoming_ = ciphertext;
}

void TlsStream::note_result(int result) {
  const int code = SSL_get_error(stream_.get(), result);
  if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE) {
    return;
  }
  incoming_ = {};
  if (code == SSL_ERROR_ZERO_RETURN) {
    state_ = State::ended;
    return;
  }
  problem_ = take_tls_error();
  if (const long verdict = SSL_get_verify_result(stream_.get()); verdict != X509_V_OK) {
    problem_ += std::string(": ") + X509_verify_cert_error_string(verdict);
  }
  state_ = State::failed;
}

bool TlsStream::is_pinned() const {
  if (context_->pinned_certs().empty()) {
    return true;
  }
  X509* const peer = SSL_get0_peer_certificate(stream_.get());
  const auto& pins = context_->pinned_certs();
  return peer != nullptr && std::find(pins.begin(), pins.end(), spki_sha256(peer)) != pins.end();
}

void TlsStream::shake_hands() {
  ERR_clear_error();
  const int result = SSL_do_handshake(stream_.get());
  if (result != 1) {
    note_result(result);
    return;
  }
  if (!is_pinned()) {
    problem_ = "certificate not pinned";
    incoming_ = {};
    state_ = State::failed;
    return;
  }
  state_ = State::established;
  established_once_ = true;
}

std::size_t TlsStream::read(char* place, std::size_t bytes_max) {
  if (state_ == State::handshaking) {
    shake_hands();
  }
  std::size_t count = 0;
  while (state_ == State::established && count < bytes_max) {
    std::size_t got = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(stream_.get(), place + count, bytes_max - count, &got);
    if (result != 1) {
      note_result(result);
      break;
    }
    count += got;
  }
  return count;
}

bool TlsStream::encrypt(const char* place, std::size_t bytes) {
  std::size_t written = 0;
  while (bytes > 0) {
    ERR_clear_error();
    const int result = SSL_write_ex(stream_.get(), place, bytes, &written);
    if (result != 1) {
      note_result(result);
      return false;
    }
    place += written;
    bytes -= written;
  }
  return true;
}

// Pieces are small as often as large: they are gathered into full records, so that a burst of short
// messages does not become a burst of records.
std::size_t TlsStream::write(std::span<const iovec> pieces) {
  if (outgoing().size() >= outgoing_bytes_max) {
    return 0;
  }
  std::array<char, record_bytes_max> record;
  std::size_t filled = 0;
  std::size_t taken = 0;
  for (const iovec& piece : pieces) {
    const char* place = static_cast<const char*>(piece.iov_base);
    std::size_t left = piece.iov_len;
    while (left > 0) {
      const std::size_t count = std::min(left, record.size() - filled);
      std::memcpy(record.data() + filled, place, count);
      filled += count;
      place += count;
      left -= count;
      if (filled < record.size()) {
        continue;
      }
      if (!encrypt(record.data(), filled)) {
        return taken;
      }
      taken += filled;
      filled = 0;
      if (outgoing().size() >= outgoing_bytes_max) {
        return taken;
      }
    }
  }
  if (filled > 0 && encrypt(record.data(), filled)) {
    taken += filled;
  }
  return taken;
}

void TlsStream::say_goodbye() {
  if (state_ == State::established) {
    ERR_clear_error();
    SSL_shutdown(stream_.get());
  }
}

void TlsStream::consume_outgoing(std::size_t bytes) {
  outgoing_begin_ += bytes;
  ensure(outgoing_begin_ <= outgoing_.size(), "no more is consumed than was offered");
  if (outgoing_begin_ == outgoing_.size()) {
    outgoing_begin_ = 0;
    if (outgoing_.capacity() > kept_bytes_max) {
      std::string().swap(outgoing_);
    } else {
      outgoing_.clear();
    }
  }
}

std::shared_ptr<const TlsFacts> TlsStream::facts() const {
  auto facts = std::make_shared<TlsFacts>();
  facts->version = version_text(stream_.get());
  facts->cipher = SSL_CIPHER_standard_name(SSL_get_current_cipher(stream_.get()));
  if (X509* const peer = SSL_get0_peer_certificate(stream_.get())) {
    add_alternative_names(peer, *facts);
    facts->subject = subject_text(peer);
    facts->subject_short = facts->subject;
    facts->spki_sha256 = spki_sha256(peer);
    facts->cert_sha256 = cert_sha256(peer);
  }
  return facts;
}

}  // namespace rubus::io
