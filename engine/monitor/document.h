// What the monitoring documents share: their input, and the answers to good and bad questions.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/client/client_session.h"
#include "engine/engine_context.h"
#include "engine/monitor/json_writer.h"
#include "engine/seam/input.h"
#include "engine/seam/output.h"

namespace rubus {

using SessionSlots = std::span<const std::unique_ptr<ClientSession>>;

struct MonitorFacts {
  const EngineContext& context;
  SessionSlots sessions;
  std::span<const std::shared_ptr<const ShardSnapshot>> others = {};  // none is null
};

inline MonitorReply document_reply(std::string body) {
  MonitorReply reply;
  reply.body = std::move(body);
  return reply;
}

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
