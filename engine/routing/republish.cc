#include "engine/routing/republish.h"

#include "engine/routing/fanout.h"

namespace rubus {

bool republish(EngineContext& context, Account& account, const MessageSource& source,
               RewrittenPublish& message) {
  MessageSource from = source;
  if (!account.mappings.empty()) {
    std::string mapped;
    switch (account.mappings.map(message.command().subject, context.mapping_choice, mapped)) {
      case MappingOutcome::unmapped:
        break;
      case MappingOutcome::mapped:
        message.set_subject(std::move(mapped));
        // The peer could not know which groups want the new subject.
        from.all_queues = source.queues.empty();
        break;
      case MappingOutcome::lost:
        return false;
    }
  }
  const MatchResult& wanted =
      account.cache().find(account.index(), message.command().subject)->result;
  return !wanted.empty() && fan_out(context, account, from, message.command(), wanted);
}

}  // namespace rubus
