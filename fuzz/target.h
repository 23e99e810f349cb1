// What every fuzz target consists of: one function, and one way to say that a law is broken.
//
// run_target() gets arbitrary bytes and must return for all of them. target_main.cc hands
// libFuzzer's bytes to it, replay_main.cc the files of a corpus. A broken law ends the process, so
// that libFuzzer keeps the input; ensure_failed() does the same for the engine's own assertions.
#pragma once

#include <string_view>

namespace rubus::fuzz {

// Defined once by each target.
void run_target(std::string_view input);

// Prints the sentence, the place and the two values (if any), then aborts.
[[noreturn]] void law_broken(std::string_view sentence, std::string_view seen,
                             std::string_view wanted, const char* file, int line);

inline void law(bool holds, std::string_view sentence, std::string_view seen = {},
                std::string_view wanted = {}, const char* file = __builtin_FILE(),
                int line = __builtin_LINE()) {
  if (!holds) [[unlikely]] {
    law_broken(sentence, seen, wanted, file, line);
  }
}

}  // namespace rubus::fuzz
