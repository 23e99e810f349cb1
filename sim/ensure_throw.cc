// In the simulator a broken ensure throws, so that the run ends with its seed, its trace and a
// scenario that can be shrunk. The shard is not used any more after that.
#include <stdexcept>
#include <string>

#include "engine/base/ensure.h"

namespace rubus {

void ensure_failed(const char* sentence, const char* file, int line) {
  throw std::logic_error(std::string(sentence) + " (" + file + ":" + std::to_string(line) + ")");
}

}  // namespace rubus
