// Imports against exports: nothing is imported that is not exported to the importer, twice, or in a
// circle; every import that changes the subject can be reversed.
//
// The reference adds all exports, then stream imports, then service imports, and judges each by
// what was added before it. The texts and that order are the reference's; where it walks through
// a map at random, the order of the file is taken here.
#include <algorithm>
#include <set>

#include "engine/auth/subject_transform.h"
#include "engine/routing/subject.h"
#include "io/config_reading.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

constexpr std::size_t walk_length_max = 1024;
constexpr std::string_view no_subject = "sublist: invalid subject";

// An import that was added: `here` stands in the importing account for `there` in the other.
struct Added {
  std::size_t account;  // the exporter
  std::string here;
  std::string there;
};

struct Node {
  AccountReading& reading;
  std::vector<Added> streams;
  std::vector<Added> services;
};

template <class Export>
bool lets_in(const Export& exported, std::string_view importer,
             const SubjectTransform::Tokens& tokens) {
  const std::size_t position = exported.account_token_position;
  if (position > 0) {
    return position <= tokens.size() && tokens[position - 1] == importer;
  }
  const std::vector<std::string>& approved = exported.accounts;
  return !exported.is_private ||
         std::find(approved.begin(), approved.end(), importer) != approved.end();
}

// The export of exactly this subject decides alone; otherwise any that covers it.
template <class Export>
bool is_approved(const std::vector<Export>& exports, std::string_view subject,
                 std::string_view importer) {
  const auto exact = std::find_if(exports.begin(), exports.end(),
                                  [subject](const Export& e) { return e.subject == subject; });
  if (exact != exports.end()) {
    return lets_in(*exact, importer, {});
  }
  SubjectTransform::Tokens tokens;
  split_tokens(subject, tokens);
  return std::any_of(exports.begin(), exports.end(), [&](const Export& candidate) {
    return is_subset(subject, candidate.subject) && lets_in(candidate, importer, tokens);
  });
}

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

class Settling {
 public:
  Settling(std::vector<AccountReading>& accounts, const Field& field) : field_(field) {
    for (AccountReading& account : accounts) {
      nodes_.push_back(Node{account, {}, {}});
    }
  }

  void run() {
    for (Node& node : nodes_) {
      check_exports(node.reading.options.stream_exports, "stream export");
      check_exports(node.reading.options.service_exports, "service export");
      unite(node.reading.options.stream_exports, [](StreamExport&, const StreamExport&) {});
      unite(node.reading.options.service_exports, [](ServiceExport& first, ServiceExport& next) {
        first.response_threshold = next.response_threshold;
        if (next.response_type != ResponseType::singleton) {
          first.response_type = next.response_type;
        }
      });
    }
    for (Node& node : nodes_) {
      for (std::size_t i = 0; i < node.reading.options.stream_imports.size(); ++i) {
        StreamImport& import = node.reading.options.stream_imports[i];
        judge(import.account, import.subject, "stream import", [&](std::size_t exporter) {
          return add_stream(node, exporter, import, node.reading.prefixes[i]);
        });
      }
    }
    for (Node& node : nodes_) {
      for (const ServiceImport& import : node.reading.options.service_imports) {
        judge(import.account, import.subject, "service import",
              [&](std::size_t exporter) { return add_service(node, exporter, import); });
      }
    }
  }

 private:
  using Trouble = std::optional<std::string>;

  std::size_t find(std::string_view name) const {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].reading.options.name == name) {
        return i;
      }
    }
    return nodes_.size();
  }
  const std::string& name_of(std::size_t account) const {
    return nodes_[account].reading.options.name;
  }

  // An export that cannot be made is none for those that would import it.
  template <class Export>
  void check_exports(std::vector<Export>& exports, const std::string& kind) {
    for (const Export& exported : exports) {
      for (const std::string& name : exported.accounts) {
        if (find(name) == nodes_.size()) {
          field_.error(go_quote(name) + " account not defined for " + kind);
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
      field_.error("Error adding " + kind + " " + go_quote(exported.subject) + ": " +
                   std::string(no_subject));
      return true;
    });
    exports.erase(bad, exports.end());
  }

  template <class Add>
  void judge(const std::string& exporter, const std::string& subject, const std::string& kind,
             Add add) {
    const std::size_t found = find(exporter);
    if (found == nodes_.size()) {
      return field_.error(go_quote(exporter) + " account not defined for " + kind);
    }
    if (const Trouble trouble = add(found)) {
      field_.error("Error adding " + kind + " " + go_quote(subject) + ": " + *trouble);
    }
  }

  Trouble add_stream(Node& node, std::size_t exporter, StreamImport& import,
                     const std::string& prefix) {
    const std::string& importer = node.reading.options.name;
    if (!is_valid_subject(import.subject) ||
        !is_approved(nodes_[exporter].reading.options.stream_exports, import.subject, importer)) {
      return "stream import not authorized";
    }
    if (!prefix.empty()) {
      if (has_wildcard(prefix)) {
        return "stream import prefix can not contain wildcard tokens";
      }
      import.to = prefix + (prefix.back() == '.' ? "" : ".") + import.subject;
    }
    std::string here = import.to.empty() ? import.subject : import.to;
    for (const std::string& subject : {here, import.subject}) {
      Walk walk{&Node::streams, index_of(node), {}};
      if (Trouble trouble = follow(walk, exporter, subject)) {
        return trouble;
      }
    }
    if (has_wildcard(import.subject) && here != import.subject) {
      std::string error;
      if (!SubjectTransform::make(import.subject, numbered_wildcards(here), TransformUse::import,
                                  error)) {
        return "failed to create mapping transform for stream import subject from " +
               go_quote(import.subject) + " to " + go_quote(here) + ": " + error;
      }
      here = starred_placeholders(here);
    }
    for (const Added& other : node.streams) {
      if (other.account == exporter && other.there == import.subject) {
        return "stream import already exists";
      }
    }
    node.streams.push_back({exporter, std::move(here), import.subject});
    return std::nullopt;
  }

  Trouble add_service(Node& node, std::size_t exporter, const ServiceImport& import) {
    const std::string& importer = node.reading.options.name;
    std::string here = import.to.empty() ? import.subject : import.to;
    std::string there = import.subject;
    if (!is_valid_subject(here) || !is_valid_subject(there)) {
      return std::string(no_subject);
    }
    if (!is_approved(nodes_[exporter].reading.options.service_exports, there, importer)) {
      return "service import not authorized";
    }
    Walk walk{&Node::services, index_of(node), {}};
    if (Trouble trouble =
            follow(walk, exporter, has_wildcard(there) ? starred_placeholders(here) : here)) {
      return trouble;
    }
    for (const Added& other : node.services) {
      if (other.account == exporter && other.here == here) {
        return "duplicate service import subject " + go_quote(here) +
               ", previously used in import for account " + go_quote(name_of(exporter)) +
               ", subject " + go_quote(other.there);
      }
    }
    if (has_wildcard(there) && there != here) {
      there = starred_placeholders(there);
      std::string error;
      if (!SubjectTransform::make(there, numbered_wildcards(here), TransformUse::import, error)) {
        return "failed to create mapping transform for service import subject from " +
               go_quote(here) + " to " + go_quote(there) + ": " + error;
      }
      here = starred_placeholders(here);
    }
    node.services.push_back({exporter, std::move(here), std::move(there)});
    return std::nullopt;
  }

  // From where an import leads, through imports that were added before it. Those were no circle, so
  // a new one would lead back to the account that imports; nats-server also takes two ways to one
  // place for a circle, if it happens to walk both.
  struct Walk {
    std::vector<Added> Node::*imports;
    std::size_t origin;
    std::set<std::pair<std::size_t, std::string>> passed;
  };

  Trouble follow(Walk& walk, std::size_t account, const std::string& subject) const {
    const Node& node = nodes_[account];
    const bool of_streams = walk.imports == &Node::streams;
    if (!walk.passed.emplace(account, subject).second || (of_streams && !exports(node, subject))) {
      return std::nullopt;
    }
    if (walk.passed.size() >= walk_length_max) {
      return "search cycle depth exhausted";
    }
    for (const Added& import : node.*walk.imports) {
      if (!subjects_overlap(subject, of_streams ? import.here : import.there)) {
        continue;
      }
      if (import.account == walk.origin) {
        return "import forms a cycle";
      }
      const std::string& next = is_subset(import.here, subject) ? import.here : subject;
      if (Trouble trouble = follow(walk, import.account, next)) {
        return trouble;
      }
    }
    return std::nullopt;
  }

  static bool exports(const Node& node, const std::string& subject) {
    const std::vector<StreamExport>& all = node.reading.options.stream_exports;
    return std::any_of(all.begin(), all.end(), [&subject](const StreamExport& each) {
      return is_subset(subject, each.subject);
    });
  }

  std::size_t index_of(const Node& node) const {
    return static_cast<std::size_t>(&node - nodes_.data());
  }

  std::vector<Node> nodes_;
  const Field& field_;
};

}  // namespace

void settle_imports(std::vector<AccountReading>& accounts, const Field& field) {
  Settling(accounts, field).run();
}

}  // namespace rubus::io
