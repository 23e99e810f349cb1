// /varz: the server as a whole, its configuration and its counters. Takes no parameters.
//
// Parts this server does not have (gateway, mqtt, websocket, jetstream) are shown as nats-server
// shows them when they are off. Feature flags name features nothing here uses: false.
#pragma once

#include "engine/monitor/document.h"

namespace rubus {

MonitorReply answer_varz(const MonitorFacts& facts);

}  // namespace rubus
