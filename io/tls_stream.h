// TlsStream: our end of one TLS connection, without a socket.
//
// Ciphertext that was received is fed in, plaintext is read out; plaintext is written in,
// ciphertext to send is taken from outgoing(). The same read and write path as for plain TCP thus
// serves TLS. Nothing here blocks or waits.
//
// Bounds: write() stops taking plaintext while outgoing_bytes_max of ciphertext wait; feed()
// expects its bytes to be read out (read() until it returns 0) before the next feed().
#pragma once

#include <openssl/ssl.h>
#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/seam/input.h"
#include "io/tls_context.h"

namespace rubus::io {

class TlsStream {
 public:
  static constexpr std::size_t record_bytes_max = std::size_t{16} << 10U;
  static constexpr std::size_t outgoing_bytes_max = std::size_t{128} << 10U;

  enum class State : std::uint8_t { handshaking, established, ended, failed };

  // The side that accepted.
  explicit TlsStream(std::shared_ptr<const TlsContext> context);
  // The side that dialed `host`, which the other side's certificate must bear: begins at once.
  TlsStream(std::shared_ptr<const TlsContext> context, const std::string& host);
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;
  ~TlsStream();

  // `ciphertext` must stay valid until the next call of read() returned 0.
  void feed(std::string_view ciphertext);
  // Continues a handshake or decrypts; the bytes of plaintext placed at `place`.
  std::size_t read(char* place, std::size_t bytes_max);
  // Encrypts the pieces in order; how many bytes of them were taken.
  std::size_t write(std::span<const iovec> pieces);
  // Queues the closing alert.
  void say_goodbye();

  std::string_view outgoing() const { return std::string_view(outgoing_).substr(outgoing_begin_); }
  void consume_outgoing(std::size_t bytes);

  State state() const { return state_; }
  bool has_been_established() const { return established_once_; }
  const std::string& problem() const { return problem_; }
  // Once established.
  std::shared_ptr<const TlsFacts> facts() const;

 private:
  friend struct TlsStreamPipe;
  struct Free {
    void operator()(SSL* stream) const { SSL_free(stream); }
  };

  void connect_pipe();
  void shake_hands();
  bool is_pinned() const;
  void note_result(int result);
  bool encrypt(const char* place, std::size_t bytes);

  std::shared_ptr<const TlsContext> context_;
  std::unique_ptr<SSL, Free> stream_;
  std::string_view incoming_;
  std::string outgoing_;
  std::size_t outgoing_begin_ = 0;
  State state_ = State::handshaking;
  bool established_once_ = false;
  std::string problem_;
};

}  // namespace rubus::io
