// What happens between a broken ensure() and abort(): the sentence goes to standard error, and the
// hook lets the flight recorder flush. Not to the log: its lock may be held by whoever breaks off.
// One hook per thread, since each shard has a recorder of its own; it may not allocate.
#pragma once

namespace rubus::io {

using AbortHook = void (*)(void* argument, const char* sentence);

void set_abort_hook(AbortHook hook, void* argument);

}  // namespace rubus::io
