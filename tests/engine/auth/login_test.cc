// Who is let in, and that a refusal looks the same whatever was wrong.
#include "engine/auth/login.h"

#include <gtest/gtest.h>

#include "tests/engine/shard_harness.h"

namespace rubus::test {

namespace {

const std::string hash = "$2a$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

Options options_with(std::vector<std::pair<std::string, std::string>> users) {
  Options options = ShardHarness::default_options();
  for (auto& [name, password] : users) {
    User& user = options.authorization.users.emplace_back();
    user.name = name;
    user.password = password;
  }
  return options;
}

LoginDecision decide(const Options& options, std::string_view name, std::string_view password) {
  Credentials given;
  given.username = name;
  given.password = password;
  return decide_login(options, given, nullptr, "nonce");
}

std::string connect(std::string_view name, std::string_view password) {
  return std::string("CONNECT {\"user\":\"")
      .append(name)
      .append("\",\"pass\":\"")
      .append(password)
      .append("\"}\r\n");
}

}  // namespace

TEST(Login, an_unknown_name_costs_the_same_check_as_a_known_one_where_passwords_are_hashed) {
  const Options options = options_with({{"plain", "p"}, {"hashed", hash}});
  const LoginDecision known = decide(options, "hashed", "x");
  for (const LoginDecision& refused :
       {decide(options, "nobody", "x"), decide(options, "plain", "x")}) {
    EXPECT_EQ(refused.verdict, LoginVerdict::needs_job);
    EXPECT_TRUE(refused.is_refused);
    EXPECT_EQ(refused.job.kind, known.job.kind);
    EXPECT_EQ(refused.job.hash.size(), known.job.hash.size());
    EXPECT_EQ(refused.job.hash.substr(0, 7), known.job.hash.substr(0, 7));
  }
  EXPECT_EQ(decide(options, "plain", "p").verdict, LoginVerdict::accepted);
  EXPECT_FALSE(known.is_refused);
}

TEST(Login, a_single_hashed_user_hides_its_name_too) {
  Options options = ShardHarness::default_options();
  options.authorization.username = "one";
  options.authorization.password = hash;
  EXPECT_EQ(decide(options, "two", "x").verdict, LoginVerdict::needs_job);
  EXPECT_TRUE(decide(options, "two", "x").is_refused);
}

TEST(Login, without_hashed_passwords_nobody_waits) {
  const Options options = options_with({{"plain", "p"}});
  EXPECT_EQ(decide(options, "nobody", "x").verdict, LoginVerdict::rejected);
}

TEST(Login, a_check_that_only_takes_its_time_lets_nobody_in) {
  ShardHarness shard(options_with({{"hashed", hash}}));
  const int client = shard.open();
  shard.send(client, connect("nobody", "x"));
  ASSERT_TRUE(shard.finish_job(true));
  EXPECT_NE(shard.take(client).find("-ERR 'Authorization Violation'"), std::string::npos);
  EXPECT_TRUE(shard.is_closed(client));
}

}  // namespace rubus::test
