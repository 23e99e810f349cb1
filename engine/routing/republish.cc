#include "engine/routing/republish.h"

#include "engine/routing/fanout.h"

namespace rubus {

bool republish(EngineContext& context, Account& account, const MessageSource& source,
               RewrittenPublish& message) {
  if (!account.mappings.empty()) {
    std::string mapped;
    switch (account.mappings.map(message.command().subject, context.mapping_choice, mapped)) {
      case MappingOutcome::unmapped:
        break;
      case MappingOutcome::mapped:
        message.set_subject(std::move(mapped));
        break;
      case MappingOutcome::lost:
        return false;
    }
  }
  const MatchResult& wanted =
      account.cache().find(account.index(), message.command().subject)->result;
  return !wanted.empty() && fan_out(context, account, source, message.command(), wanted);
}

}  // namespace rubus
