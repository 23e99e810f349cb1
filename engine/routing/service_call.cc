#include "engine/routing/service_call.h"

#include "engine/base/ensure.h"

namespace rubus {

bool call_service(EngineContext& /*context*/, const Service& service,
                  const MessageSource& /*source*/, const PublishCommand& /*publish*/) {
  switch (service.kind) {
    case ServiceKind::service_import:
    case ServiceKind::import_response:
    case ServiceKind::system_request:
      break;
  }
  return false;
}

}  // namespace rubus
