#include "io/entropy_source.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/ensure.h"

namespace rubus::io {

void EntropySource::fill(std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    if (left_ == 0) {
      ssize_t got = 0;
      do {
        got = ::getrandom(kept_.data(), kept_.size(), 0);
      } while (got < 0 && errno == EINTR);
      // Requests of up to 256 bytes are answered whole (getrandom(2)).
      ensure(got == static_cast<ssize_t>(kept_.size()), "the kernel hands out random bytes");
      left_ = kept_.size();
    }
    const std::size_t count = std::min(left_, bytes.size());
    std::uint8_t* const place = kept_.data() + kept_.size() - left_;
    std::memcpy(bytes.data(), place, count);
    std::memset(place, 0, count);  // a byte handed out is a byte forgotten
    left_ -= count;
    bytes = bytes.subspan(count);
  }
}

std::uint64_t EntropySource::seed() {
  std::array<std::uint8_t, 8> bytes{};
  fill(bytes);
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

Nonce EntropySource::nonce() {
  Nonce nonce{};
  fill(nonce);
  return nonce;
}

}  // namespace rubus::io
