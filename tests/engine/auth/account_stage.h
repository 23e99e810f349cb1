// AccountStage: a shard with the accounts of a test, and one connection per user by name.
//
// Users are named like their accounts in small letters: user "a" belongs to account "A".
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/engine/shard_harness.h"

namespace rubus::test {

class AccountStage {
 public:
  explicit AccountStage(std::vector<AccountOptions> accounts);

  // Opens another connection for the user and returns its number; with headers and no_responders.
  int login(char user, std::string_view more = {});
  // On the user's first connection, which is opened when it is first used.
  std::string send(char user, std::string_view text) { return shard.send(of(user), text); }
  std::string take(char user) { return shard.take(of(user)); }
  int of(char user);
  void reload(std::vector<AccountOptions> accounts);

  ShardHarness shard;

 private:
  static Options options_of(std::vector<AccountOptions> accounts);

  std::map<char, int> connections_;
};

AccountOptions account_named(std::string name);

// The word at `place` of the first line of `text`.
std::string word_of(std::string_view text, std::size_t place);

}  // namespace rubus::test
