// What answers and events in the system account begin with: who tells, and which message this is.
#pragma once

#include <cstdint>
#include <string>

#include "engine/engine_context.h"
#include "engine/monitor/json_writer.h"

namespace rubus {

// `sequence` counts what this server published in the system account. An empty key: an object that
// stands alone.
void write_server(JsonWriter& json, std::string_view key, const EngineContext& context,
                  std::uint64_t sequence);

// "type", "id" and "timestamp" of an event. Ids have 22 letters and digits, as everywhere in NATS;
// they follow from the server's id, its start and the count.
void write_event_head(JsonWriter& json, const EngineContext& context, std::string_view type,
                      std::uint64_t event);

}  // namespace rubus
