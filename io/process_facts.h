// What the kernel says about this process, for /varz.
#pragma once

#include "engine/base/time.h"
#include "engine/seam/input.h"

namespace rubus::io {

class ProcessFactsReader {
 public:
  ProcessFactsReader();
  // CPU use is that since the previous call; the first call covers the time since the reader
  // was made.
  ProcessFacts read();

 private:
  Instant read_at_{};
  std::int64_t cpu_nanoseconds_ = 0;
};

}  // namespace rubus::io
