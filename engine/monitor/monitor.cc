#include "engine/monitor/monitor.h"

namespace rubus {

MonitorReply answer_monitor(const EngineContext& context,
                            std::span<const std::unique_ptr<ClientSession>> sessions,
                            const MonitorAsked& asked) {
  MonitorReply reply;
  reply.ticket = asked.ticket;
  static_cast<void>(context);
  static_cast<void>(sessions);
  reply.body = "{\"status\":\"ok\"}";
  return reply;
}

}  // namespace rubus
