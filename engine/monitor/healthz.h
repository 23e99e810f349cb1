// /healthz: a shard that answers at all is ready, so without JetStream the answer is "ok" unless
// the question contradicts itself (a stream without an account, a consumer without a stream).
#pragma once

#include "engine/monitor/query.h"
#include "engine/seam/output.h"

namespace rubus {

MonitorReply answer_healthz(Query& query);

}  // namespace rubus
