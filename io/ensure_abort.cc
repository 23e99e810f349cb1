// Production's ensure_failed(): say what broke and where, let the flight recorder reach the disk,
// abort. The process must not go on with a state it no longer understands.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "engine/base/ensure.h"
#include "io/ensure_abort.h"

namespace rubus {

namespace {

thread_local io::AbortHook abort_hook = nullptr;
thread_local void* abort_hook_argument = nullptr;

}  // namespace

void ensure_failed(const char* sentence, const char* file, int line) {
  // No allocation, no locks: the heap may be what is broken.
  char text[512];
  const int size = std::snprintf(text, sizeof text, "rubus: broken invariant: %s (%s:%d)\n",
                                 sentence, file, line);
  if (size > 0) {
    const std::size_t count = std::min(static_cast<std::size_t>(size), sizeof text - 1);
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text, count);
  }
  if (abort_hook != nullptr) {
    const io::AbortHook hook = abort_hook;
    abort_hook = nullptr;  // a hook that breaks an invariant itself is not called again
    hook(abort_hook_argument, text);
  }
  std::abort();
}

namespace io {

void set_abort_hook(AbortHook hook, void* argument) {
  abort_hook = hook;
  abort_hook_argument = argument;
}

}  // namespace io
}  // namespace rubus
