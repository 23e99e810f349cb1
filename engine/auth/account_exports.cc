#include "engine/auth/account_exports.h"

#include <algorithm>

#include "engine/routing/subject.h"

namespace rubus {

namespace {

template <class Export>
const Export* find_export(const std::vector<Export>& exports, std::string_view subject) {
  for (const Export& each : exports) {
    if (each.subject == subject) {
      return &each;
    }
  }
  for (const Export& each : exports) {
    if (is_valid_subject(subject) && is_subset(subject, each.subject)) {
      return &each;
    }
  }
  return nullptr;
}

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
bool may_import(const std::vector<Export>& exports, std::string_view importer,
                std::string_view subject) {
  const Export* const found = find_export(exports, subject);
  if (found == nullptr) {
    return false;
  }
  if (found->account_token_position > 0) {
    return found->subject != subject &&
           token_at(subject, found->account_token_position) == importer;
  }
  const std::vector<std::string>& listed = found->accounts;
  return !found->is_private || std::find(listed.begin(), listed.end(), importer) != listed.end();
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
  return may_import(exporter.stream_exports, importer, subject);
}

bool may_import_service(const AccountOptions& exporter, std::string_view importer,
                        std::string_view subject) {
  return may_import(exporter.service_exports, importer, subject);
}

const ServiceExport* find_service_export(const AccountOptions& exporter, std::string_view subject) {
  return find_export(exporter.service_exports, subject);
}

}  // namespace rubus
