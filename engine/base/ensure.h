// ensure(): the always-on assertion of the pure folders.
//
// A broken ensure means that Rubus itself is wrong (never the peer, never the disk), so the shard
// stops. What "stop" means is the shell's choice at link time: production prints and aborts, the
// simulator throws so that RapidCheck can shrink. Nothing here allocates or formats.
#pragma once

namespace rubus {

[[noreturn]] void ensure_failed(const char* sentence, const char* file, int line);

constexpr void ensure(bool condition, const char* sentence, const char* file = __builtin_FILE(),
                      int line = __builtin_LINE()) {
  if (!condition) [[unlikely]] {
    ensure_failed(sentence, file, line);
  }
}

}  // namespace rubus
