// /accountz: the names of all accounts, or one of them in detail. Parameter: acc.
//
// Exports, imports and mappings are those of the configuration, with what every account imports
// from the system account. Lists are in the order of the configuration, names sorted; responses
// that services owe are those of shard 0.
#pragma once

#include "engine/monitor/document.h"
#include "engine/monitor/query.h"

namespace rubus {

MonitorReply answer_accountz(const MonitorFacts& facts, Query& query);

// "account_detail" alone.
std::string account_detail_text(const MonitorFacts& facts, const AccountRecord& record);

// An import that every account has without being asked: what is imported, and as what.
struct AutomaticImport {
  std::string subject;     // in the system account
  std::string_view local;  // in the importing account
  bool share = false;
};

// Of the account of this name; the system account has only the first.
std::vector<AutomaticImport> automatic_imports(std::string_view account, bool is_system);

}  // namespace rubus
