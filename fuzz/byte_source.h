// ByteSource: the bytes of a fuzz input as a sequence of choices.
//
// Reading beyond the end gives zeros and empty texts, so every input means something; `is_empty`
// tells the target when to stop. One choice costs one byte wherever that is enough: short inputs
// are what libFuzzer mutates best.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rubus::fuzz {

class ByteSource {
 public:
  explicit ByteSource(std::string_view bytes) : rest_(bytes) {}

  bool is_empty() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  std::uint8_t byte() {
    if (rest_.empty()) {
      return 0;
    }
    const std::uint8_t value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  bool flag() { return (byte() & 1U) != 0; }
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : byte() % bound; }

  template <class T, std::size_t count>
  const T& pick(const std::array<T, count>& choices) {
    static_assert(count <= 256);
    return choices[below(count)];
  }

  // The next bytes up to and without `stop` (which is used up), or all of them.
  std::string_view text_until(char stop) {
    const std::size_t end = rest_.find(stop);
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return text;
  }
  std::string_view text(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view rest_;
};

}  // namespace rubus::fuzz
