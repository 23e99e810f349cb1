#include "engine/system/server_json.h"

#include <algorithm>
#include <array>

#include "engine/base/digest.h"
#include "engine/monitor/document.h"
#include "engine/monitor/go_text.h"

namespace rubus {

namespace {

std::string event_id(const EngineContext& context, std::uint64_t event) {
  constexpr std::string_view letters =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  Digest digest;
  digest.add(context.options->identity.server_id);
  digest.add(static_cast<std::uint64_t>(context.started.nanoseconds));
  digest.add(std::uint64_t{context.options->shard.index});
  std::string id;
  std::uint64_t word = digest.value();
  for (int at = 0; at < 11; ++at) {
    id.push_back(letters[word % letters.size()]);
    word /= letters.size();
  }
  digest.add(event);
  word = digest.value();
  for (int at = 0; at < 11; ++at) {
    id.push_back(letters[word % letters.size()]);
    word /= letters.size();
  }
  return id;
}

}  // namespace

void write_server(JsonWriter& json, std::string_view key, const EngineContext& context,
                  std::uint64_t sequence) {
  const ServerIdentity& identity = context.options->identity;
  const MonitorOptions& monitor = context.options->monitor;
  json.begin_object(key);
  json.text("name", identity.server_name);
  json.text("host", identity.host);
  json.text("id", identity.server_id);
  json.text_if_set("cluster", context.cluster_name);
  json.text("ver", identity.version);
  write_tags_and_flags(json, monitor);
  json.truth("jetstream", false);
  json.number("flags", std::uint64_t{0});
  json.number("seq", sequence);
  json.text("time", go_time_text(context.wall));
  json.end_object();
}

void write_event_head(JsonWriter& json, const EngineContext& context, std::string_view type,
                      std::uint64_t event) {
  json.text("type", std::string("io.nats.server.advisory.v1.").append(type));
  json.text("id", event_id(context, event));
  json.text("timestamp", go_time_text(context.wall));
}

}  // namespace rubus
