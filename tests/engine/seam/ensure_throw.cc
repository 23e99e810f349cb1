// A broken ensure is a test failure like any other.
#include <stdexcept>
#include <string>

#include "engine/base/ensure.h"

namespace rubus {

void ensure_failed(const char* sentence, const char* file, int line) {
  throw std::logic_error(std::string(sentence) + " (" + file + ":" + std::to_string(line) + ")");
}

}  // namespace rubus
