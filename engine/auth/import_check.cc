#include "engine/auth/import_check.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/auth/account_exports.h"
#include "engine/auth/service_import.h"
#include "engine/auth/stream_import.h"
#include "engine/base/sorted.h"
#include "engine/client/quoted.h"
#include "engine/routing/subject.h"

namespace rubus {

namespace {

constexpr std::size_t walk_length_max = 1024;

// An import that was found good: `here` in the importing account stands for `there` in `exporter`.
struct Added {
  std::size_t exporter = 0;
  std::string here;
  std::string there;
};

struct Imports {
  std::vector<Added> streams;
  std::vector<Added> services;
};

// Where an import leads from its exporter, through imports that were added before it. Those were no
// circle, so a new one would lead back to the account that imports; nats-server also takes two ways
// to one place for a circle, if it happens to walk both.
struct Walk {
  bool of_streams = false;
  std::size_t importer = 0;
  SortedSet<std::pair<std::size_t, std::string>> passed;
};

class Check {
 public:
  explicit Check(const std::vector<AccountOptions>& accounts)
      : accounts_(accounts), added_(accounts.size()) {}

  std::vector<ImportProblem> run() {
    for (std::size_t at = 0; at < accounts_.size(); ++at) {
      for (std::size_t import = 0; import < accounts_[at].stream_imports.size(); ++import) {
        const StreamImport& each = accounts_[at].stream_imports[import];
        note(at, false, import, each.account, each.subject,
             [&](std::size_t exporter) { return stream_problem(at, exporter, each); });
      }
    }
    for (std::size_t at = 0; at < accounts_.size(); ++at) {
      for (std::size_t import = 0; import < accounts_[at].service_imports.size(); ++import) {
        const ServiceImport& each = accounts_[at].service_imports[import];
        note(at, true, import, each.account, each.subject,
             [&](std::size_t exporter) { return service_problem(at, exporter, each); });
      }
    }
    return std::move(problems_);
  }

 private:
  template <class Judge>
  void note(std::size_t account, bool is_service, std::size_t import, std::string_view exporter,
            std::string_view subject, const Judge& judge) {
    const std::string kind = is_service ? "service import" : "stream import";
    const AccountOptions* const found = find_account_options(accounts_, exporter);
    std::string text;
    if (found == nullptr) {
      text = quoted(exporter) + " account not defined for " + kind;
    } else if (const std::string trouble =
                   judge(static_cast<std::size_t>(found - accounts_.data()));
               !trouble.empty()) {
      text = "Error adding " + kind + " " + quoted(subject) + ": " + trouble;
    }
    if (!text.empty()) {
      problems_.push_back({account, is_service, import, std::move(text)});
    }
  }

  std::string stream_problem(std::size_t importer, std::size_t exporter,
                             const StreamImport& import) {
    if (!may_import_stream(accounts_[exporter], accounts_[importer].name, import.subject)) {
      return "stream import not authorized";
    }
    const std::string& here = import.to.empty() ? import.subject : import.to;
    for (const std::string& subject : {here, import.subject}) {
      Walk walk{true, importer, {}};
      if (std::string trouble = follow(walk, exporter, subject); !trouble.empty()) {
        return trouble;
      }
    }
    std::string error;
    const std::optional<StreamImportRule> rule = StreamImportRule::make(import, error);
    if (!rule.has_value()) {
      return error;
    }
    for (const Added& other : added_[importer].streams) {
      if (other.exporter == exporter && other.there == import.subject) {
        return "stream import already exists";
      }
    }
    added_[importer].streams.push_back({exporter, rule->here(), import.subject});
    return {};
  }

  std::string service_problem(std::size_t importer, std::size_t exporter,
                              const ServiceImport& import) {
    const std::string& here = import.to.empty() ? import.subject : import.to;
    if (!is_valid_subject(here) || !is_valid_subject(import.subject)) {
      return "sublist: invalid subject";
    }
    if (!may_import_service(accounts_[exporter], accounts_[importer].name, import.subject)) {
      return "service import not authorized";
    }
    Walk walk{false, importer, {}};
    if (std::string trouble = follow(
            walk, exporter, has_wildcard(import.subject) ? starred_placeholders(here) : here);
        !trouble.empty()) {
      return trouble;
    }
    for (const Added& other : added_[importer].services) {
      if (other.exporter == exporter && other.here == here) {
        return "duplicate service import subject " + quoted(here) +
               ", previously used in import for account " + quoted(import.account) + ", subject " +
               quoted(other.there);
      }
    }
    std::string error;
    const std::optional<ServiceImportRule> rule = ServiceImportRule::make(import, error);
    if (!rule.has_value()) {
      return error;
    }
    added_[importer].services.push_back({exporter, rule->here(), rule->there()});
    return {};
  }

  // Streams go on only from what an account itself exports.
  bool goes_on(std::size_t account, std::string_view subject) const {
    const std::vector<StreamExport>& all = accounts_[account].stream_exports;
    return std::any_of(all.begin(), all.end(), [subject](const StreamExport& each) {
      return is_valid_subject(subject) && is_subset(subject, each.subject);
    });
  }

  std::string follow(Walk& walk, std::size_t account, const std::string& subject) const {
    if (!walk.passed.emplace(account, subject).second ||
        (walk.of_streams && !goes_on(account, subject))) {
      return {};
    }
    if (walk.passed.size() >= walk_length_max) {
      return "search cycle depth exhausted";
    }
    const Imports& imports = added_[account];
    for (const Added& import : walk.of_streams ? imports.streams : imports.services) {
      if (!subjects_overlap(subject, walk.of_streams ? import.here : import.there)) {
        continue;
      }
      if (import.exporter == walk.importer) {
        return "import forms a cycle";
      }
      const std::string& next = is_subset(import.here, subject) ? import.here : subject;
      if (std::string trouble = follow(walk, import.exporter, next); !trouble.empty()) {
        return trouble;
      }
    }
    return {};
  }

  const std::vector<AccountOptions>& accounts_;
  std::vector<Imports> added_;  // by importing account
  std::vector<ImportProblem> problems_;
};

}  // namespace

std::vector<ImportProblem> check_imports(const std::vector<AccountOptions>& accounts) {
  return Check(accounts).run();
}

}  // namespace rubus
