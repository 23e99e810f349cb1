#include "sim/cluster/cluster_client.h"

#include <algorithm>

#include "engine/base/text_number.h"
#include "sim/cluster/node_options.h"

namespace rubus::sim {

void ClusterClient::remember(const ScenarioStep& step) {
  if (step.kind == StepKind::subscribe) {
    subscriptions.emplace(step.sid, step);
  } else if (step.kind == StepKind::unsubscribe) {
    subscriptions.erase(step.sid);
  }
}

// Own reading of INFO: "connect_urls":["10.0.0.1:4222",…].
void ClusterClient::learn(std::string_view info) {
  static constexpr std::string_view field = "\"connect_urls\":[";
  learned.clear();
  const std::size_t begin = info.find(field);
  if (begin == std::string_view::npos) {
    return;
  }
  std::string_view list = info.substr(begin + field.size());
  list = list.substr(0, list.find(']'));
  while (list.size() > 2) {
    const std::size_t end = std::min(list.find(','), list.size());
    const std::string_view url = list.substr(1, end - 2);
    const std::size_t colon = url.rfind(':');
    if (colon != std::string_view::npos) {
      const std::optional<Address> host = parse_host(url.substr(0, colon));
      const std::optional<std::uint64_t> port = parse_unsigned(url.substr(colon + 1));
      if (host && port) {
        learned.push_back(*host);
        learned.back().port = static_cast<std::uint16_t>(*port);
      }
    }
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

}  // namespace rubus::sim
