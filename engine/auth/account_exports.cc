#include "engine/auth/account_exports.h"

#include <algorithm>

#include "engine/routing/subject.h"

namespace rubus {

namespace {

std::string_view token_at(std::string_view subject, std::uint32_t position) {
  TokenCursor cursor(subject);
  std::string_view token;
  for (std::uint32_t at = 0; at < position; ++at) {
    if (!cursor.next(token)) {
      return {};
    }
  }
  return token;
}

template <class Export>
bool lets_in(const Export& exported, std::string_view importer, std::string_view subject) {
  if (exported.account_token_position > 0) {
    return exported.subject != subject &&
           token_at(subject, exported.account_token_position) == importer;
  }
  const std::vector<std::string>& listed = exported.accounts;
  return !exported.is_private || std::find(listed.begin(), listed.end(), importer) != listed.end();
}

template <class Export>
const Export* find_export(const std::vector<Export>& exports, std::string_view importer,
                          std::string_view subject) {
  if (!is_valid_subject(subject)) {
    return nullptr;
  }
  for (const Export& each : exports) {
    if (each.subject == subject) {
      return lets_in(each, importer, subject) ? &each : nullptr;
    }
  }
  for (const Export& each : exports) {
    if (is_subset(subject, each.subject) && lets_in(each, importer, subject)) {
      return &each;
    }
  }
  return nullptr;
}

}  // namespace

const AccountOptions* find_account_options(const std::vector<AccountOptions>& accounts,
                                           std::string_view name) {
  const auto found =
      std::find_if(accounts.begin(), accounts.end(),
                   [name](const AccountOptions& account) { return account.name == name; });
  return found == accounts.end() ? nullptr : &*found;
}

bool may_import_stream(const AccountOptions& exporter, std::string_view importer,
                       std::string_view subject) {
  return find_export(exporter.stream_exports, importer, subject) != nullptr;
}

bool may_import_service(const AccountOptions& exporter, std::string_view importer,
                        std::string_view subject) {
  return find_service_export(exporter, importer, subject) != nullptr;
}

const ServiceExport* find_service_export(const AccountOptions& exporter, std::string_view importer,
                                         std::string_view subject) {
  return find_export(exporter.service_exports, importer, subject);
}

}  // namespace rubus
