// replay: a recording of production, or of the simulator, into a fresh shard.
#include <iostream>

#include "sim/commands.h"
#include "sim/replay.h"

namespace rubus::sim {

int command_replay(const std::vector<std::string>& words) {
  Flags flags;
  if (!flags.read(words, {"stop-after"}, {"story"}) || flags.operands().size() != 1) {
    return wrong_usage(flags.why().empty() ? "replay takes one file" : flags.why());
  }
  const std::optional<std::uint64_t> stop = flags.number("stop-after", 0);
  if (!stop) {
    return wrong_usage(flags.why());
  }
  std::string file;
  if (!read_file(flags.operands()[0], file)) {
    return wrong_usage("cannot read " + flags.operands()[0]);
  }
  ReplayOptions options;
  options.tells_batches = flags.find("story") != nullptr;
  options.stop_after_step = *stop;
  const ReplayResult result = replay(file, options);
  std::cout << result.story;
  std::cout << "recorded by build " << result.header.build << ", replayed by " << RUBUS_GIT_HASH
            << ": " << result.steps << " steps, " << result.digests << " digests compared"
            << (result.is_torn ? ", the file stops without an end mark" : "") << "\n";
  if (!result.is_equal) {
    std::cout << (result.is_readable ? "DIFFERENT: " : "UNREADABLE: ") << result.why << "\n";
    return 1;
  }
  std::cout << "equal; final digest " << result.final_digest << "\n";
  return 0;
}

}  // namespace rubus::sim
