// fan_out(): one message to everybody who wants it.
//
// Each matching plain subscription gets it once; of each queue group one member, chosen uniformly
// from the named random stream, the next one if the chosen cannot take it. Subscriptions that
// reached their maximum leave afterwards. Returns whether anybody took it.
#pragma once

#include "engine/client/client_parser.h"
#include "engine/engine_context.h"
#include "engine/routing/subject_index.h"

namespace rubus {

bool fan_out(EngineContext& context, ClientSession& from, const PublishCommand& publish,
             const MatchResult& wanted);

}  // namespace rubus
