#include "engine/monitor/healthz.h"

#include <array>

#include "engine/base/json_reader.h"
#include "engine/monitor/document.h"

namespace rubus {

namespace {

MonitorReply contradiction(std::string_view text, bool details) {
  MonitorReply reply;
  reply.status = 400;
  reply.body = details ? R"({"status":"error","errors":[{"type":"BAD_REQUEST","error":)"
                       : R"({"status":"error","error":)";
  append_json_string(reply.body, text);
  reply.body.append(details ? "}]}" : "}");
  return reply;
}

}  // namespace

MonitorReply answer_healthz(Query& query) {
  static constexpr std::array<std::string_view, 4> switches = {"js-enabled", "js-enabled-only",
                                                               "js-server-only", "js-meta-only"};
  for (const std::string_view name : switches) {
    query.truth(name);  // checked like nats-server does; nothing to select without JetStream
  }
  const bool details = query.truth("details");
  if (query.has_fault()) {
    return refusal_reply(query.fault());
  }
  const bool has_account = !query.text("account").empty();
  const bool has_stream = !query.text("stream").empty();
  const bool has_consumer = !query.text("consumer").empty();
  if (has_stream && !has_account) {
    return contradiction(R"("account" must not be empty when checking stream health)", details);
  }
  if (has_consumer && !has_stream) {
    return contradiction(R"("stream" must not be empty when checking consumer health)", details);
  }
  return document_reply(R"({"status":"ok"})");
}

}  // namespace rubus
