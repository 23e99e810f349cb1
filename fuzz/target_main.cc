// The entry that libFuzzer calls.
#include <cstddef>
#include <cstdint>

#include "fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  rubus::fuzz::run_target({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
