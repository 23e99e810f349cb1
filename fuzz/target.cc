#include "fuzz/target.h"

#include <cstdio>
#include <cstdlib>

namespace rubus::fuzz {

namespace {

// Control characters as \xNN, so that a terminal shows what is there.
void print(const char* label, std::string_view text) {
  constexpr std::size_t shown_max = 2000;
  std::fprintf(stderr, "  %s (%zu bytes): ", label, text.size());
  for (const char byte : text.substr(0, shown_max)) {
    const unsigned value = static_cast<unsigned char>(byte);
    if (value >= 0x20 && value < 0x7F && byte != '\\') {
      std::fputc(byte, stderr);
    } else {
      std::fprintf(stderr, "\\x%02x", value);
    }
  }
  std::fputc('\n', stderr);
}

}  // namespace

void law_broken(std::string_view sentence, std::string_view seen, std::string_view wanted,
                const char* file, int line) {
  std::fprintf(stderr, "%s:%d: law broken: %.*s\n", file, line, static_cast<int>(sentence.size()),
               sentence.data());
  if (!seen.empty() || !wanted.empty()) {
    print("seen  ", seen);
    print("wanted", wanted);
  }
  std::abort();
}

}  // namespace rubus::fuzz
