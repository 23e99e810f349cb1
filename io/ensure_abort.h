// What happens between a broken ensure() and abort(): the hook lets the flight recorder flush and
// the log file receive the sentence. One hook per thread, since each shard has a recorder of its
// own; it may not allocate.
#pragma once

namespace rubus::io {

using AbortHook = void (*)(void* argument, const char* sentence);

void set_abort_hook(AbortHook hook, void* argument);

}  // namespace rubus::io
