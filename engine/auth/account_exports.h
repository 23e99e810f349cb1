// What one account lets others import, and who may.
//
// An export names a pattern; an import must lie wholly inside it. Who may: everybody, the accounts
// that are listed, or (account_token_position) whoever has its own name at that token. An export
// with exactly the imported subject decides alone; of several patterns the first that lets the
// importer in.
// Pure questions about the options; holds nothing.
// Source: behaviour of nats-server 2.15.
#pragma once

#include <string_view>
#include <vector>

#include "engine/seam/options.h"

namespace rubus {

const AccountOptions* find_account_options(const std::vector<AccountOptions>& accounts,
                                           std::string_view name);

bool may_import_stream(const AccountOptions& exporter, std::string_view importer,
                       std::string_view subject);
bool may_import_service(const AccountOptions& exporter, std::string_view importer,
                        std::string_view subject);

// The export that `importer` may import `subject` by, or null.
const ServiceExport* find_service_export(const AccountOptions& exporter, std::string_view importer,
                                         std::string_view subject);

}  // namespace rubus
