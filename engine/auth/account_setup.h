// set_up_accounts(): what the configuration says of accounts takes effect in the accounts.
//
// Limits, mappings, imports; at start and after each reload. An account whose imports did not
// change (nor the exports they name) keeps its services and shadows as they are, so that nobody
// else notices; answers to what is not imported any more are forgotten. Does not make accounts.
#pragma once

#include <vector>

#include "engine/engine_context.h"

namespace rubus {

// The accounts whose imports changed: what is subscribed in them is to get new shadows.
std::vector<Account*> set_up_accounts(EngineContext& context);

// The reader refuses a configuration with imports that cannot be; what comes by another way is left
// out, and shard 0 says so. Within a step.
void log_left_imports(EngineContext& context);

// `joined` begins to count interest: what imports and owed answers want in it is counted.
void count_imports(EngineContext& context, Account& joined);

// Of the timer that all accounts share.
void forget_late_answers(EngineContext& context);

}  // namespace rubus
