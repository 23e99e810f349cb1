#include "tests/engine/auth/account_stage.h"

#include <algorithm>

namespace rubus::test {

AccountOptions account_named(std::string name) {
  AccountOptions account;
  account.name = std::move(name);
  return account;
}

Options AccountStage::options_of(std::vector<AccountOptions> accounts) {
  Options options = ShardHarness::default_options();
  for (const AccountOptions& account : accounts) {
    User user;
    user.name = std::string(1, static_cast<char>(account.name.front() - 'A' + 'a'));
    user.password = "p";
    user.account = account.name;
    options.authorization.users.push_back(std::move(user));
  }
  std::sort(accounts.begin(), accounts.end(),
            [](const AccountOptions& left, const AccountOptions& right) {
              return left.name < right.name;
            });
  options.accounts = std::move(accounts);
  return options;
}

AccountStage::AccountStage(std::vector<AccountOptions> accounts)
    : shard(options_of(std::move(accounts))) {}

int AccountStage::login(char user, std::string_view more) {
  const int connection = shard.open();
  shard.take(connection);
  shard.send(connection, "CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true," +
                             std::string(more) + "\"user\":\"" + user + "\",\"pass\":\"p\"}\r\n");
  return connection;
}

int AccountStage::of(char user) {
  const auto found = connections_.find(user);
  return found != connections_.end() ? found->second : connections_[user] = login(user);
}

void AccountStage::reload(std::vector<AccountOptions> accounts) {
  shard.reload(options_of(std::move(accounts)));
}

std::string word_of(std::string_view text, std::size_t place) {
  text = text.substr(0, text.find("\r\n"));
  for (std::size_t at = 0; at < place; ++at) {
    text.remove_prefix(std::min(text.size(), text.find(' ') + 1));
  }
  return std::string(text.substr(0, text.find(' ')));
}

}  // namespace rubus::test
