// A fixed NATS user key for the conversations that sign the nonce of INFO: the public key in its
// text form, and signatures in every base64 dialect a client may use.
//
// The seed is a constant of the tests, so the same text stands for the same key in every run.
// It is a tester's tool, independent of the server's own code: it signs with OpenSSL and encodes
// with code of its own. Text form: base32(prefix byte, 32 bytes, crc16 little end first).
#ifndef RUBUS_TESTS_TRANSCRIPTS_NKEY_PAIR_H_
#define RUBUS_TESTS_TRANSCRIPTS_NKEY_PAIR_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace rubus::transcript {

class NkeyPair {
 public:
  // Keys made from different fill bytes are different keys.
  explicit NkeyPair(std::uint8_t seed_fill);

  [[nodiscard]] const std::string& public_text() const { return public_text_; }
  // The 64 bytes of the Ed25519 signature.
  [[nodiscard]] std::string sign(std::string_view message) const;

 private:
  std::array<std::uint8_t, 32> seed_;
  std::string public_text_;
};

enum class Base64 { raw_url, padded_url, padded_standard };

[[nodiscard]] std::string base64_text(std::string_view bytes, Base64 dialect);

// Replaces {nkey}, {other_nkey}, {signature} and its wrong or oddly written forms
// ({signature:padded_standard}, {signature:padded_url}, {signature:of_other_key},
// {signature:of_other_nonce}) in client bytes and configurations.
[[nodiscard]] std::string with_credentials(std::string text, std::string_view nonce);

}  // namespace rubus::transcript

#endif  // RUBUS_TESTS_TRANSCRIPTS_NKEY_PAIR_H_
