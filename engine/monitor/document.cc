#include "engine/monitor/document.h"

#include <array>

namespace rubus {

void write_tags_and_flags(JsonWriter& json, const MonitorOptions& monitor) {
  json.texts_if_any("tags", monitor.tags);
  if (!monitor.metadata.empty()) {
    std::vector<std::pair<std::string, std::string>> metadata = monitor.metadata;
    std::sort(metadata.begin(), metadata.end());
    json.begin_object("metadata");
    for (const auto& [name, value] : metadata) {
      json.text(name, value);
    }
    json.end_object();
  }
  json.begin_object("feature_flags");
  static constexpr std::array<std::string_view, 4> flags = {
      "js_ack_fc_v2", "js_api_reply_v2", "js_raft_delete_range", "js_snapshot_sources"};
  for (const std::string_view flag : flags) {
    json.truth(flag, false);
  }
  json.end_object();
}

void write_flow(JsonWriter& json, std::string_view key, std::uint64_t messages,
                std::uint64_t bytes) {
  json.begin_object(key);
  json.number("msgs", messages);
  json.number("bytes", bytes);
  json.end_object();
}

void write_by_kind(JsonWriter& json, std::string_view key, std::uint64_t clients,
                   std::uint64_t routes, std::uint64_t leafs) {
  json.begin_object(key);
  json.number("clients", clients);
  json.number("routes", routes);
  json.number("gateways", std::uint64_t{0});
  json.number("leafs", leafs);
  json.end_object();
}

}  // namespace rubus
