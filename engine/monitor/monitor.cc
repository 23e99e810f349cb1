#include "engine/monitor/monitor.h"

#include <array>
#include <utility>

#include "engine/monitor/absent.h"
#include "engine/monitor/accountz.h"
#include "engine/monitor/accstatz.h"
#include "engine/monitor/connz.h"
#include "engine/monitor/healthz.h"
#include "engine/monitor/leafz.h"
#include "engine/monitor/metrics.h"
#include "engine/monitor/query.h"
#include "engine/monitor/routez.h"
#include "engine/monitor/subsz.h"
#include "engine/monitor/varz.h"

namespace rubus {

namespace {

MonitorReply answer_varz_query(const MonitorFacts& facts, Query& /*query*/) {
  return answer_varz(facts);
}

MonitorReply answer_healthz_query(const MonitorFacts& /*facts*/, Query& query) {
  return answer_healthz(query);
}

using Answer = MonitorReply (*)(const MonitorFacts&, Query&);

constexpr std::array<std::pair<std::string_view, Answer>, 12> answers = {{
    {"/varz", answer_varz_query},
    {"/connz", answer_connz},
    {"/routez", answer_routez},
    {"/leafz", answer_leafz},
    {"/subsz", answer_subsz},
    {"/subscriptionsz", answer_subsz},
    {"/accountz", answer_accountz},
    {"/accstatz", answer_accstatz},
    {"/healthz", answer_healthz_query},
    {"/gatewayz", answer_gatewayz},
    {"/jsz", answer_jsz},
    {"/metrics", answer_metrics},
}};

}  // namespace

MonitorReply answer_monitor(const MonitorFacts& facts, const MonitorQuestion& question) {
  Query query(question.query);
  for (const auto& [path, answer] : answers) {
    if (path == question.path) {
      return answer(facts, query);
    }
  }
  MonitorReply unknown = refusal_reply("404 page not found\n");
  unknown.status = 404;
  return unknown;
}

}  // namespace rubus
