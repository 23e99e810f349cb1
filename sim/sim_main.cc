// rubus-sim: the simulator at the command line. What the sub-commands do is in README.md.
#include <string>
#include <vector>

#include "sim/commands.h"

int main(int count, char** words) {
  using namespace rubus::sim;
  const std::vector<std::string> all(words, words + count);
  if (all.size() < 2) {
    return wrong_usage("say what to do");
  }
  if (all[1].starts_with("--")) {  // "./dev sim --seed 7"
    return command_run({all.begin() + 1, all.end()});
  }
  const std::vector<std::string> rest(all.begin() + 2, all.end());
  if (all[1] == "cluster") {
    return command_cluster(rest);
  }
  if (all[1] == "run") {
    return command_run(rest);
  }
  if (all[1] == "digest") {
    return command_digest(rest);
  }
  if (all[1] == "replay") {
    return command_replay(rest);
  }
  if (all[1] == "diverge") {
    return command_diverge(rest);
  }
  if (all[1] == "speed") {
    return command_speed(rest);
  }
  return wrong_usage("unknown command " + all[1]);
}
