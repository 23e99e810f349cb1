#include "engine/monitor/monitor.h"

#include "engine/monitor/connz.h"
#include "engine/monitor/healthz.h"
#include "engine/monitor/query.h"
#include "engine/monitor/subsz.h"
#include "engine/monitor/varz.h"

namespace rubus {

namespace {

MonitorReply answer(const MonitorFacts& facts, const MonitorQuestion& question) {
  Query query(question.query);
  if (question.path == "/varz") {
    return answer_varz(facts, question);
  }
  if (question.path == "/connz") {
    return answer_connz(facts, query);
  }
  if (question.path == "/subsz" || question.path == "/subscriptionsz") {
    return answer_subsz(facts, query);
  }
  if (question.path == "/healthz") {
    return answer_healthz(query);
  }
  MonitorReply unknown = refusal_reply("404 page not found\n");
  unknown.status = 404;
  return unknown;
}

}  // namespace

MonitorReply answer_monitor(const EngineContext& context,
                            std::span<const std::unique_ptr<ClientSession>> sessions,
                            const MonitorAsked& asked) {
  MonitorReply reply = answer({context, sessions}, *asked.question);
  reply.ticket = asked.ticket;
  return reply;
}

}  // namespace rubus
