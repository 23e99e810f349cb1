// check_imports(): which imports of a configuration are not to be, and why.
//
// Checks each import against the exports it names: known account, authorized, no duplicate, no
// cycle with the imports before it (streams first, then services, accounts in order), subjects that
// can be rewritten. The reader of the configuration refuses the file for any problem; the engine
// leaves out what has one. Texts are those of nats-server. Pure.
// Source: behaviour of nats-server 2.15 (tests/engine/auth/import_check_test.cc).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/seam/options.h"

namespace rubus {

struct ImportProblem {
  std::size_t account = 0;  // place of the importing account in the list
  bool is_service = false;
  std::size_t import = 0;  // place in its list of stream or service imports
  std::string text;
};

std::vector<ImportProblem> check_imports(const std::vector<AccountOptions>& accounts);

}  // namespace rubus
