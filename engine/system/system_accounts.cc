#include "engine/system/system_accounts.h"

#include <algorithm>

#include "engine/auth/account.h"
#include "engine/monitor/accountz.h"

namespace rubus {

namespace {

void add_account(std::vector<AccountOptions>& accounts, std::string_view name) {
  const auto place = std::lower_bound(
      accounts.begin(), accounts.end(), name,
      [](const AccountOptions& account, std::string_view wanted) { return account.name < wanted; });
  if (place == accounts.end() || place->name != name) {
    accounts.emplace(place)->name = name;
  }
}

void add_exports(AccountOptions& system) {
  const auto add = [&system](std::string_view subject, ResponseType type) {
    ServiceExport& added = system.service_exports.emplace_back();
    added.subject = subject;
    added.response_type = type;
  };
  add("$SYS.REQ.ACCOUNT.*.CONNZ", ResponseType::stream);
  add("$SYS.REQ.ACCOUNT.*.STATZ", ResponseType::stream);
  add("$SYS.DEBUG.SUBSCRIBERS", ResponseType::singleton);
  add("$SYS.REQ.USER.*.INFO", ResponseType::singleton);
}

void add_imports(AccountOptions& account, const std::string& system_account) {
  for (const AutomaticImport& automatic : automatic_imports(account.name, false)) {
    const bool is_taken =
        std::any_of(account.service_imports.begin(), account.service_imports.end(),
                    [&automatic](const ServiceImport& import) {
                      return (import.to.empty() ? import.subject : import.to) == automatic.local;
                    });
    if (!is_taken) {
      account.service_imports.push_back(
          {system_account, automatic.subject, std::string(automatic.local), automatic.share});
    }
  }
}

}  // namespace

std::vector<AccountOptions> with_system_services(const Options& options) {
  std::vector<AccountOptions> accounts = options.accounts;
  add_account(accounts, global_account_name);
  if (options.system_account.empty()) {
    return accounts;
  }
  add_account(accounts, options.system_account);
  for (AccountOptions& account : accounts) {
    if (account.name == options.system_account) {
      add_exports(account);
    } else {
      add_imports(account, options.system_account);
    }
  }
  return accounts;
}

}  // namespace rubus
