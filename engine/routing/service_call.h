// call_service(): a message reached something the engine itself listens for.
//
// Dispatch and nothing more; returns whether the message counts as taken. The views of `publish`
// are valid during the call only.
#pragma once

#include "engine/client/client_parser.h"
#include "engine/engine_context.h"
#include "engine/routing/message_source.h"
#include "engine/routing/service.h"

namespace rubus {

bool call_service(EngineContext& context, const Service& service, const MessageSource& source,
                  const PublishCommand& publish);

}  // namespace rubus
