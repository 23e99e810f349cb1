#include "engine/auth/account_setup.h"

#include <algorithm>

#include "engine/auth/account_exports.h"
#include "engine/auth/account_imports.h"
#include "engine/auth/import_check.h"
#include "engine/base/text_number.h"
#include "engine/client/quoted.h"
#include "engine/system/system_accounts.h"

namespace rubus {

namespace {

void add_field(std::string& text, std::string_view field) { text.append(field).append("\n"); }

void add_field(std::string& text, std::int64_t field) {
  append_number(text, field);
  text.append("\n");
}

// All that the imports of an account depend on; equal texts, equal imports.
std::string imports_text(const std::vector<AccountOptions>& accounts,
                         const AccountOptions& importer,
                         const std::vector<ImportProblem>& problems) {
  std::string text;
  for (const StreamImport& each : importer.stream_imports) {
    add_field(text, each.account);
    add_field(text, each.subject);
    add_field(text, each.to);
  }
  for (const ServiceImport& each : importer.service_imports) {
    add_field(text, each.account);
    add_field(text, each.subject);
    add_field(text, each.to);
    add_field(text, each.share ? 1 : 0);
    const AccountOptions* const exporter = find_account_options(accounts, each.account);
    const ServiceExport* const exported =
        exporter == nullptr ? nullptr : find_service_export(*exporter, importer.name, each.subject);
    if (exported != nullptr) {
      add_field(text, exported->subject);
      add_field(text, static_cast<std::int64_t>(exported->response_type));
      add_field(text, exported->response_threshold.nanoseconds);
    }
  }
  for (const ImportProblem& problem : problems) {
    add_field(text, problem.is_service ? 1 : 0);
    add_field(text, static_cast<std::int64_t>(problem.import));
  }
  return text;
}

std::vector<ImportProblem> problems_of(const std::vector<ImportProblem>& all, std::size_t account) {
  std::vector<ImportProblem> own;
  std::copy_if(all.begin(), all.end(), std::back_inserter(own),
               [account](const ImportProblem& each) { return each.account == account; });
  return own;
}

void forget_answers(EngineContext& context, const Account& importer) {
  for (const auto& [name, account] : context.accounts) {
    if (ServiceResponses* const responses = account->known_responses(); responses != nullptr) {
      responses->forget_unasked(importer);
    }
  }
}

}  // namespace

std::vector<Account*> set_up_accounts(EngineContext& context) {
  const Options& options = *context.options;
  context.effective_accounts = with_system_services(options);
  const std::vector<AccountOptions>& accounts = context.effective_accounts;
  const std::vector<ImportProblem> problems = check_imports(accounts);
  context.import_problems.clear();
  for (const ImportProblem& problem : problems) {
    context.import_problems.push_back("Account " + quoted(accounts[problem.account].name) + ": " +
                                      problem.text);
  }
  std::vector<Account*> changed;
  for (const auto& [name, account] : context.accounts) {
    const AccountOptions none;
    const AccountOptions* const found = find_account_options(accounts, name);
    const AccountOptions& own = found == nullptr ? none : *found;
    account->limits = own.limits;
    account->tell_connections();
    account->set_mappings(own.mappings, context.cluster_name);
    const std::vector<ImportProblem> own_problems =
        found == nullptr ? std::vector<ImportProblem>()
                         : problems_of(problems, static_cast<std::size_t>(found - accounts.data()));
    std::string text = imports_text(accounts, own, own_problems);
    const AccountImports* const imports = account->imports();
    if (text == (imports == nullptr ? std::string_view() : imports->text())) {
      continue;
    }
    account->make_imports(context).set(own, own_problems, std::move(text));
    forget_answers(context, *account);
    changed.push_back(account.get());
  }
  return changed;
}

void log_left_imports(EngineContext& context) {
  if (context.options->shard.index == 0) {
    for (const std::string& problem : context.import_problems) {
      context.log(LogLevel::error, "Import left out: " + problem);
    }
  }
}

void count_imports(EngineContext& context, Account& joined) {
  for (const auto& [name, account] : context.accounts) {
    if (const AccountImports* const imports = account->imports(); imports != nullptr) {
      imports->count_interest(joined);
    }
  }
  if (const ServiceResponses* const responses = joined.known_responses(); responses != nullptr) {
    responses->count_interest();
  }
}

void forget_late_answers(EngineContext& context) {
  for (const auto& [name, account] : context.accounts) {
    if (ServiceResponses* const responses = account->known_responses(); responses != nullptr) {
      responses->on_timer();
    }
  }
}

}  // namespace rubus
