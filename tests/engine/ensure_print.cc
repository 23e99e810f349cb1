// ensure_failed() of the unit tests: says what broke and stops.
#include <cstdio>
#include <cstdlib>

#include "engine/base/ensure.h"

namespace rubus {

void ensure_failed(const char* sentence, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: ensure failed: %s\n", file, line, sentence);
  std::abort();
}

}  // namespace rubus
