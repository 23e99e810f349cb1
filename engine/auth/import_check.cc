#include "engine/auth/import_check.h"

#include <algorithm>
#include <optional>

#include "engine/auth/account_exports.h"
#include "engine/auth/service_import.h"
#include "engine/auth/stream_import.h"
#include "engine/routing/subject.h"

namespace rubus {

namespace {

constexpr std::string_view cycle = "import forms a cycle";
constexpr std::string_view too_deep = "search cycle depth exhausted";
constexpr std::size_t depth_max = 1024;

// An import that was found good: `here` in the importing account comes from `exporter`.
struct Edge {
  std::string importer;
  std::string exporter;
  std::string here;   // what the importing account calls it
  std::string there;  // what the exporting account calls it
};

class Check {
 public:
  explicit Check(const std::vector<AccountOptions>& accounts) : accounts_(accounts) {}

  std::vector<ImportProblem> run() {
    for (std::size_t at = 0; at < accounts_.size(); ++at) {
      for (std::size_t import = 0; import < accounts_[at].stream_imports.size(); ++import) {
        note(at, false, import, stream_problem(accounts_[at], import));
      }
    }
    for (std::size_t at = 0; at < accounts_.size(); ++at) {
      for (std::size_t import = 0; import < accounts_[at].service_imports.size(); ++import) {
        note(at, true, import, service_problem(accounts_[at], import));
      }
    }
    return std::move(problems_);
  }

 private:
  void note(std::size_t account, bool is_service, std::size_t import, std::string text) {
    if (!text.empty()) {
      problems_.push_back({account, is_service, import, std::move(text)});
    }
  }

  static std::string missing(const std::string& account, std::string_view what) {
    std::string text = "\"" + account + "\" account not defined for ";
    return text.append(what);
  }

  std::string stream_problem(const AccountOptions& importer, std::size_t at) {
    const StreamImport& import = importer.stream_imports[at];
    const AccountOptions* const exporter = find_account_options(accounts_, import.account);
    if (exporter == nullptr) {
      return missing(import.account, "stream import");
    }
    const std::string failed = "Error adding stream import \"" + import.subject + "\": ";
    if (!may_import_stream(*exporter, importer.name, import.subject)) {
      return failed + "stream import not authorized";
    }
    const std::string& here = import.to.empty() ? import.subject : import.to;
    for (const std::string& subject : {here, import.subject}) {
      if (const std::string_view problem = stream_cycle(*exporter, subject, {importer.name});
          !problem.empty()) {
        return failed + std::string(problem);
      }
    }
    std::string error;
    const std::optional<StreamImportRule> rule = StreamImportRule::make(import, error);
    if (!rule.has_value()) {
      return failed + error;
    }
    const auto is_same = [&import, &importer](const Edge& edge) {
      return edge.importer == importer.name && edge.exporter == import.account &&
             edge.there == import.subject;
    };
    if (std::any_of(streams_.begin(), streams_.end(), is_same)) {
      return failed + "stream import already exists";
    }
    streams_.push_back({importer.name, import.account, rule->here(), import.subject});
    return {};
  }

  // Only what `account` exports can go on from there.
  std::string_view stream_cycle(const AccountOptions& account, const std::string& subject,
                                std::vector<std::string> visited) const {
    const bool is_exported =
        std::any_of(account.stream_exports.begin(), account.stream_exports.end(),
                    [&subject](const StreamExport& each) {
                      return is_valid_subject(subject) && is_subset(subject, each.subject);
                    });
    if (!is_exported) {
      return {};
    }
    return cycle_through(streams_, account, subject, std::move(visited),
                         [this](const AccountOptions& next, const std::string& moved,
                                std::vector<std::string> seen) {
                           return stream_cycle(next, moved, std::move(seen));
                         });
  }

  std::string_view service_cycle(const AccountOptions& account, const std::string& subject,
                                 std::vector<std::string> visited) const {
    return cycle_through(services_, account, subject, std::move(visited),
                         [this](const AccountOptions& next, const std::string& moved,
                                std::vector<std::string> seen) {
                           return service_cycle(next, moved, std::move(seen));
                         });
  }

  // Follows `subject` through what `account` itself imports under names that meet it.
  template <class Follow>
  std::string_view cycle_through(const std::vector<Edge>& edges, const AccountOptions& account,
                                 const std::string& subject, std::vector<std::string> visited,
                                 const Follow& follow) const {
    if (visited.size() >= depth_max) {
      return too_deep;
    }
    const bool is_service = &edges == &services_;
    for (const Edge& edge : edges) {
      const std::string& met = is_service ? edge.there : edge.here;
      if (edge.importer != account.name || !subjects_overlap(subject, met)) {
        continue;
      }
      if (std::find(visited.begin(), visited.end(), edge.exporter) != visited.end()) {
        return cycle;
      }
      const AccountOptions* const next = find_account_options(accounts_, edge.exporter);
      if (next == nullptr) {
        continue;
      }
      std::vector<std::string> seen = visited;
      seen.push_back(account.name);
      const std::string& moved = is_subset(edge.here, subject) ? edge.here : subject;
      if (const std::string_view problem = follow(*next, moved, std::move(seen));
          !problem.empty()) {
        return problem;
      }
    }
    return {};
  }

  std::string service_problem(const AccountOptions& importer, std::size_t at) {
    const ServiceImport& import = importer.service_imports[at];
    const AccountOptions* const exporter = find_account_options(accounts_, import.account);
    if (exporter == nullptr) {
      return missing(import.account, "service import");
    }
    const std::string failed = "Error adding service import \"" + import.subject + "\": ";
    const std::string& here = import.to.empty() ? import.subject : import.to;
    if (!is_valid_subject(here) || !is_valid_subject(import.subject)) {
      return failed + "invalid subject";
    }
    if (!may_import_service(*exporter, importer.name, import.subject)) {
      return failed + "service import not authorized";
    }
    const std::string pattern = has_wildcard(import.subject) ? starred_placeholders(here) : here;
    if (const std::string_view problem = service_cycle(*exporter, pattern, {importer.name});
        !problem.empty()) {
      return failed + std::string(problem);
    }
    for (const Edge& edge : services_) {
      if (edge.importer == importer.name && edge.exporter == import.account && edge.here == here) {
        return failed + "duplicate service import subject \"" + here +
               "\", previously used in import for account \"" + edge.exporter + "\", subject \"" +
               edge.there + "\"";
      }
    }
    std::string error;
    const std::optional<ServiceImportRule> rule = ServiceImportRule::make(import, error);
    if (!rule.has_value()) {
      return failed + error;
    }
    services_.push_back({importer.name, import.account, rule->here(), rule->there()});
    return {};
  }

  const std::vector<AccountOptions>& accounts_;
  std::vector<ImportProblem> problems_;
  std::vector<Edge> streams_;
  std::vector<Edge> services_;
};

}  // namespace

std::vector<ImportProblem> check_imports(const std::vector<AccountOptions>& accounts) {
  return Check(accounts).run();
}

}  // namespace rubus
