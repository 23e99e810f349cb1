// What the monitoring documents share: the facts they are made of, and the answers to good and bad
// questions.
//
// Facts come from this shard's own state, by reference, and from the snapshots of other shards; a
// document never looks anywhere else.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/client/client_session.h"
#include "engine/engine_context.h"
#include "engine/monitor/go_text.h"
#include "engine/monitor/json_writer.h"
#include "engine/monitor/peer_records.h"
#include "engine/seam/input.h"
#include "engine/seam/output.h"

namespace rubus {

using SessionSlots = std::span<const std::unique_ptr<ClientSession>>;
using OtherShards = std::span<const std::shared_ptr<const ShardSnapshot>>;
using RequestCounts = std::vector<std::pair<std::string, std::uint64_t>>;

struct MonitorFacts {
  const EngineContext& context;
  SessionSlots sessions;
  const PeerRecords& peers;
  const ProcessFacts& process;
  const RequestCounts& requests;  // to each path of the monitoring port
  OtherShards others = {};        // none of them null
  JsonStyle style = JsonStyle::indented;
};

inline MonitorReply document_reply(std::string body) {
  MonitorReply reply;
  reply.body = std::move(body);
  return reply;
}

// The keys that most documents begin with.
inline void write_server_and_time(JsonWriter& json, const MonitorFacts& facts) {
  json.text("server_id", facts.context.options->identity.server_id);
  json.text("now", go_time_text(facts.context.wall));
}

// What operators say about a server, and the flags that nats-server knows.
void write_tags_and_flags(JsonWriter& json, const MonitorOptions& monitor);

// {"msgs":1,"bytes":2}
void write_flow(JsonWriter& json, std::string_view key, std::uint64_t messages,
                std::uint64_t bytes);
// A count by kind of connection; there are no gateways here.
void write_by_kind(JsonWriter& json, std::string_view key, std::uint64_t clients,
                   std::uint64_t routes, std::uint64_t leafs);

inline MonitorReply refusal_reply(std::string text) {
  MonitorReply reply;
  reply.status = 400;
  reply.is_json = false;
  reply.body = std::move(text);
  return reply;
}

// The connections that are not closing, oldest first.
inline std::vector<const ClientSession*> open_sessions(const MonitorFacts& facts) {
  std::vector<const ClientSession*> open;
  for (const std::unique_ptr<ClientSession>& session : facts.sessions) {
    if (session != nullptr && !session->is_closing()) {
      open.push_back(session.get());
    }
  }
  std::sort(open.begin(), open.end(), [](const ClientSession* a, const ClientSession* b) {
    return a->number() < b->number();
  });
  return open;
}

}  // namespace rubus
