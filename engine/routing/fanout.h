// fan_out(): one message to everybody who wants it.
//
// Each matching plain subscription gets it once; of each queue group one member, cluster-wide: a
// client here or a peer with members behind it, chosen by weight from the named random stream, the
// next one if the chosen cannot take it; leaf nodes only if there is nobody else. Each link that is
// concerned gets one line for all of its subscriptions, naming the groups it shall serve. Messages
// of a peer reach only the groups it names, and prefer members here (cluster_protocol.md C, D).
// Subscriptions that reached their maximum leave afterwards. Returns whether anybody took it.
#pragma once

#include "engine/client/client_parser.h"
#include "engine/engine_context.h"
#include "engine/routing/message_source.h"
#include "engine/routing/subject_index.h"

namespace rubus {

bool fan_out(EngineContext& context, Account& account, const MessageSource& source,
             const PublishCommand& publish, const MatchResult& wanted);

}  // namespace rubus
