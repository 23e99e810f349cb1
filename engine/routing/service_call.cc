#include "engine/routing/service_call.h"

#include "engine/auth/account_imports.h"
#include "engine/auth/service_responses.h"
#include "engine/system/system_services.h"

namespace rubus {

bool call_service(EngineContext& context, const Service& service, const MessageSource& source,
                  const PublishCommand& publish) {
  switch (service.kind) {
    case ServiceKind::service_import:
      return service.account->imports()->on_request(service.number, source, publish);
    case ServiceKind::import_response:
      return service.account->responses(context).on_response(source, publish);
    case ServiceKind::system_request:
      return context.system->on_request(service, source, publish);
  }
  return false;
}

}  // namespace rubus
