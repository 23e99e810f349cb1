// republish(): a message that goes on in an account under a new name, as if published there.
//
// The account's mappings apply once more, as they do to what clients publish. Returns whether
// anybody took it.
#pragma once

#include "engine/engine_context.h"
#include "engine/routing/message_source.h"
#include "engine/routing/rewritten_publish.h"

namespace rubus {

bool republish(EngineContext& context, Account& account, const MessageSource& source,
               RewrittenPublish& message);

}  // namespace rubus
