// Imports against exports: nothing is imported that is not exported to the importer, twice, or in a
// circle; every import that changes the subject can be reversed.
//
// The reference adds all exports, then stream imports, then service imports, and judges each by
// what was added before it. That order is the reference's; where it walks through a map at random,
// the order of the file is taken here. The judge is the engine's: what it would leave out makes the
// file unfit.
#include <algorithm>
#include <tuple>

#include "engine/auth/import_check.h"
#include "engine/auth/subject_transform.h"
#include "engine/routing/subject.h"
#include "io/config_reading.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

constexpr std::string_view no_subject = "sublist: invalid subject";

// Exports of one subject are one: who may import it is whom any of them names.
template <class Export, class Merge>
void unite(std::vector<Export>& exports, Merge merge) {
  std::vector<Export> united;
  for (Export& each : exports) {
    const auto same = std::find_if(united.begin(), united.end(), [&each](const Export& other) {
      return other.subject == each.subject;
    });
    if (same == united.end()) {
      united.push_back(std::move(each));
      continue;
    }
    same->is_private = same->is_private || each.is_private;
    same->accounts.insert(same->accounts.end(), each.accounts.begin(), each.accounts.end());
    same->account_token_position =
        std::max(same->account_token_position, each.account_token_position);
    merge(*same, each);
  }
  exports = std::move(united);
}

bool is_defined(const std::vector<AccountReading>& accounts, std::string_view name) {
  return std::any_of(accounts.begin(), accounts.end(), [name](const AccountReading& account) {
    return account.options.name == name;
  });
}

// An export that cannot be made is none for those that would import it.
template <class Export>
void check_exports(std::vector<Export>& exports, const std::string& kind,
                   const std::vector<AccountReading>& accounts, const Field& field) {
  for (const Export& exported : exports) {
    for (const std::string& name : exported.accounts) {
      if (!is_defined(accounts, name)) {
        field.error(go_quote(name) + " account not defined for " + kind);
      }
    }
  }
  const auto bad = std::remove_if(exports.begin(), exports.end(), [&](const Export& exported) {
    SubjectTransform::Tokens tokens;
    split_tokens(exported.subject, tokens);
    const std::size_t position = exported.account_token_position;
    if (position == 0 || (position <= tokens.size() && tokens[position - 1] == "*")) {
      return false;
    }
    field.error("Error adding " + kind + " " + go_quote(exported.subject) + ": " +
                std::string(no_subject));
    return true;
  });
  exports.erase(bad, exports.end());
}

void settle_exports(std::vector<AccountReading>& accounts, const Field& field) {
  for (AccountReading& account : accounts) {
    AccountOptions& options = account.options;
    check_exports(options.stream_exports, "stream export", accounts, field);
    check_exports(options.service_exports, "service export", accounts, field);
    unite(options.stream_exports, [](StreamExport&, const StreamExport&) {});
    unite(options.service_exports, [](ServiceExport& first, ServiceExport& next) {
      first.response_threshold = next.response_threshold;
      if (next.response_type != ResponseType::singleton) {
        first.response_type = next.response_type;
      }
    });
  }
}

// "prefix: p" is "to: p.subject".
void apply_prefixes(AccountReading& account) {
  for (std::size_t at = 0; at < account.prefixes.size(); ++at) {
    const std::string& prefix = account.prefixes[at];
    if (!prefix.empty() && !has_wildcard(prefix)) {
      StreamImport& import = account.options.stream_imports[at];
      import.to = prefix + (prefix.back() == '.' ? "" : ".") + import.subject;
    }
  }
}

// Prefixes that cannot be, where nothing else is wrong with the import.
void add_prefix_problems(const std::vector<AccountReading>& accounts,
                         std::vector<ImportProblem>& problems) {
  for (std::size_t at = 0; at < accounts.size(); ++at) {
    for (std::size_t import = 0; import < accounts[at].prefixes.size(); ++import) {
      const bool is_known =
          std::any_of(problems.begin(), problems.end(), [at, import](const ImportProblem& problem) {
            return problem.account == at && !problem.is_service && problem.import == import;
          });
      if (has_wildcard(accounts[at].prefixes[import]) && !is_known) {
        problems.push_back({at, false, import,
                            "Error adding stream import " +
                                go_quote(accounts[at].options.stream_imports[import].subject) +
                                ": stream import prefix can not contain wildcard tokens"});
      }
    }
  }
  std::sort(problems.begin(), problems.end(), [](const ImportProblem& a, const ImportProblem& b) {
    return std::tie(a.is_service, a.account, a.import) <
           std::tie(b.is_service, b.account, b.import);
  });
}

}  // namespace

void settle_imports(std::vector<AccountReading>& accounts, const Field& field) {
  settle_exports(accounts, field);
  std::vector<AccountOptions> judged;
  for (AccountReading& account : accounts) {
    apply_prefixes(account);
    judged.push_back(account.options);
  }
  std::vector<ImportProblem> problems = check_imports(judged);
  add_prefix_problems(accounts, problems);
  for (const ImportProblem& problem : problems) {
    field.error(problem.text);
  }
}

}  // namespace rubus::io
