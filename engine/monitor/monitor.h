// Monitoring documents: builds the answers of the HTTP monitoring port from engine state.
//
// Pure text building; serving it is the shell's job. Field names, order, filters and error texts
// are those of nats-server (reference: monitoring). Unknown parameters are ignored, bad values of
// known ones are answered with status 400.
#pragma once

#include <memory>
#include <span>

#include "engine/client/client_session.h"
#include "engine/engine_context.h"
#include "engine/seam/input.h"
#include "engine/seam/output.h"

namespace rubus {

MonitorReply answer_monitor(const EngineContext& context,
                            std::span<const std::unique_ptr<ClientSession>> sessions,
                            const MonitorAsked& asked);

}  // namespace rubus
