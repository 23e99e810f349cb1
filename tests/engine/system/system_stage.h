// A shard with accounts A and SYS and one user in each, for talks with the system account.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/engine/shard_harness.h"

namespace rubus::test {

inline Options system_options() {
  Options options = ShardHarness::default_options();
  options.identity.server_id = "NID";
  options.identity.server_name = "s1";
  options.system_account = "SYS";
  options.monitor.tags = {"az:1"};
  for (const char* name : {"A", "SYS"}) {
    options.accounts.emplace_back().name = name;
    User& user = options.authorization.users.emplace_back();
    user.name = name;
    user.password = "p";
    user.account = name;
  }
  return options;
}

class SystemStage {
 public:
  explicit SystemStage(const Options& options = system_options()) : harness(options) {}

  int login(std::string_view user) {
    const std::string name(user);
    return harness.connect(
        "{\"verbose\":false,\"headers\":true,\"no_responders\":true,\"user\":\"" + name +
        "\",\"pass\":\"p\",\"name\":\"" + name + "\"}");
  }
  // All that comes back to a request.
  std::string ask(int client, std::string_view subject, std::string_view payload = {}) {
    std::string text = "SUB inbox 9\r\nPUB ";
    text.append(subject).append(" inbox ").append(std::to_string(payload.size())).append("\r\n");
    text.append(payload).append("\r\n");
    std::string answer = harness.send(client, text);
    harness.send(client, "UNSUB 9\r\n");
    return answer;
  }

  ShardHarness harness;
};

inline bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Subjects of the messages in `text`, in order.
inline std::vector<std::string> subjects(std::string_view text) {
  std::vector<std::string> found;
  std::size_t at = text.substr(0, 4) == "MSG " ? 0 : text.find("\nMSG ");
  while (at != std::string_view::npos) {
    const std::size_t first = text.find(' ', at) + 1;
    found.emplace_back(text.substr(first, text.find(' ', first) - first));
    at = text.find("\nMSG ", first);
  }
  return found;
}

}  // namespace rubus::test
