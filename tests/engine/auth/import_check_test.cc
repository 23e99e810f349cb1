// Exports, who may import them, and what a configuration's imports are refused for. The texts were
// compared with those of nats-server 2.15.2 -t.
#include "engine/auth/import_check.h"

#include <gtest/gtest.h>

#include "engine/auth/account_exports.h"
#include "tests/engine/auth/account_stage.h"

namespace rubus::test {
namespace {

ServiceExport service(std::string subject) {
  ServiceExport made;
  made.subject = std::move(subject);
  return made;
}

std::string problems_of(const std::vector<AccountOptions>& accounts) {
  std::string text;
  for (const ImportProblem& problem : check_imports(accounts)) {
    text.append(text.empty() ? "" : "\n").append(problem.text);
  }
  return text;
}

// A exports, B imports.
std::vector<AccountOptions> pair_of(StreamExport exported, StreamImport imported) {
  AccountOptions a = account_named("A");
  a.stream_exports = {std::move(exported)};
  AccountOptions b = account_named("B");
  b.stream_imports = {std::move(imported)};
  return {a, b};
}

TEST(AccountExports, cover_what_lies_wholly_inside) {
  AccountOptions a = account_named("A");
  a.stream_exports = {{"s.*", false, {}, 0}};
  EXPECT_TRUE(may_import_stream(a, "B", "s.x"));
  EXPECT_TRUE(may_import_stream(a, "B", "s.*"));
  EXPECT_FALSE(may_import_stream(a, "B", "s.>"));
  EXPECT_FALSE(may_import_stream(a, "B", "s.x.y"));
  EXPECT_FALSE(may_import_service(a, "B", "s.x"));
}

TEST(AccountExports, that_are_private_are_for_those_who_are_listed) {
  AccountOptions a = account_named("A");
  a.stream_exports = {{"s.>", true, {"B"}, 0}};
  EXPECT_TRUE(may_import_stream(a, "B", "s.x"));
  EXPECT_FALSE(may_import_stream(a, "C", "s.x"));
}

TEST(AccountExports, exactly_named_decide_before_patterns) {
  AccountOptions a = account_named("A");
  a.stream_exports = {{"s.>", false, {}, 0}, {"s.x", true, {"C"}, 0}};
  EXPECT_FALSE(may_import_stream(a, "B", "s.x"));
  EXPECT_TRUE(may_import_stream(a, "B", "s.y"));
}

TEST(AccountExports, of_several_patterns_one_that_lets_the_importer_in_is_enough) {
  AccountOptions a = account_named("A");
  ServiceExport closed = service("q.>");
  closed.is_private = true;
  closed.accounts = {"C"};
  ServiceExport open = service("q.*");
  open.response_type = ResponseType::stream;
  a.service_exports = {closed, open};
  EXPECT_TRUE(may_import_service(a, "B", "q.x"));
  EXPECT_FALSE(may_import_service(a, "B", "q.x.y"));
  EXPECT_EQ(find_service_export(a, "B", "q.x")->response_type, ResponseType::stream);
  EXPECT_EQ(find_service_export(a, "C", "q.x")->response_type, ResponseType::singleton);
  EXPECT_EQ(find_service_export(a, "B", "q.x.y"), nullptr);
}

TEST(AccountExports, with_a_token_position_want_the_name_of_the_importer_there) {
  AccountOptions a = account_named("A");
  a.stream_exports = {{"s.*.x", false, {}, 2}};
  EXPECT_TRUE(may_import_stream(a, "B", "s.B.x"));
  EXPECT_FALSE(may_import_stream(a, "B", "s.C.x"));
  EXPECT_FALSE(may_import_stream(a, "B", "s.*.x"));
}

TEST(ImportCheck, finds_nothing_wrong_with_sound_imports) {
  EXPECT_EQ(problems_of(pair_of({"s.*.*", false, {}, 0}, {"A", "s.*.*", "t.$2.$1"})), "");
}

TEST(ImportCheck, names_accounts_that_are_not_defined) {
  EXPECT_EQ(problems_of(pair_of({"s", false, {}, 0}, {"X", "s", ""})),
            "\"X\" account not defined for stream import");
  AccountOptions b = account_named("B");
  b.service_imports = {{"X", "q", "", false}};
  EXPECT_EQ(problems_of({b}), "\"X\" account not defined for service import");
}

TEST(ImportCheck, refuses_what_is_not_exported) {
  EXPECT_EQ(problems_of(pair_of({"s", false, {}, 0}, {"A", "t", ""})),
            "Error adding stream import \"t\": stream import not authorized");
  EXPECT_EQ(problems_of(pair_of({"s", true, {"C"}, 0}, {"A", "s", ""})),
            "Error adding stream import \"s\": stream import not authorized");
  AccountOptions b = account_named("B");
  b.service_imports = {{"A", "q", "", false}};
  EXPECT_EQ(problems_of({account_named("A"), b}),
            "Error adding service import \"q\": service import not authorized");
}

TEST(ImportCheck, refuses_names_that_cannot_be_translated) {
  EXPECT_EQ(problems_of(pair_of({"s.*", false, {}, 0}, {"A", "s.*", "t"})),
            "Error adding stream import \"s.*\": failed to create mapping transform for stream "
            "import subject from \"s.*\" to \"t\": invalid mapping destination: not using all of "
            "the token wildcard(s) in t");
}

TEST(ImportCheck, refuses_duplicates) {
  std::vector<AccountOptions> accounts = pair_of({"s", false, {}, 0}, {"A", "s", "x"});
  accounts[1].stream_imports.push_back({"A", "s", "y"});
  EXPECT_EQ(problems_of(accounts),
            "Error adding stream import \"s\": stream import already exists");
  accounts[1].stream_imports.clear();
  accounts[0].service_exports = {service("q"), service("r")};
  accounts[1].service_imports = {{"A", "q", "same", false}, {"A", "r", "same", false}};
  EXPECT_EQ(problems_of(accounts),
            "Error adding service import \"r\": duplicate service import subject \"same\", "
            "previously used in import for account \"A\", subject \"q\"");
}

TEST(ImportCheck, refuses_a_service_that_comes_back) {
  AccountOptions a = account_named("A");
  a.service_exports = {service("q")};
  a.service_imports = {{"B", "q", "", false}};
  AccountOptions b = account_named("B");
  b.service_exports = {service("q")};
  b.service_imports = {{"A", "q", "", false}};
  EXPECT_EQ(problems_of({a, b}), "Error adding service import \"q\": import forms a cycle");
}

TEST(ImportCheck, refuses_a_stream_that_comes_back_through_a_third_account) {
  AccountOptions a = account_named("A");
  a.stream_exports = {{"s.>", false, {}, 0}};
  a.stream_imports = {{"C", "s.>", ""}};
  AccountOptions b = account_named("B");
  b.stream_exports = {{"s.>", false, {}, 0}};
  b.stream_imports = {{"A", "s.>", ""}};
  AccountOptions c = account_named("C");
  c.stream_exports = {{"s.>", false, {}, 0}};
  c.stream_imports = {{"B", "s.>", ""}};
  EXPECT_EQ(problems_of({a, b, c}), "Error adding stream import \"s.>\": import forms a cycle");
}

// Without a memory of where it has been the walk would take two to the power of the length.
TEST(ImportCheck, two_ways_to_each_of_many_accounts_are_walked_once) {
  std::vector<AccountOptions> accounts;
  for (int at = 0; at < 40; ++at) {
    AccountOptions& next = accounts.emplace_back(account_named("N" + std::to_string(100 + at)));
    next.service_exports = {service("q.*"), service("r.*")};
    if (at > 0) {
      const std::string before = accounts[accounts.size() - 2].name;
      next.service_imports = {{before, "q.*", "", false}, {before, "r.*", "", false}};
    }
  }
  EXPECT_EQ(problems_of(accounts), "");
}

TEST(ImportCheck, takes_a_chain_that_ends) {
  AccountOptions a = account_named("A");
  a.service_exports = {service("q.>")};
  AccountOptions b = account_named("B");
  b.service_exports = {service("q.>")};
  b.service_imports = {{"A", "q.>", "", false}};
  AccountOptions c = account_named("C");
  c.service_imports = {{"B", "q.>", "c.q.>", false}};
  EXPECT_EQ(problems_of({a, b, c}), "");
}

}  // namespace
}  // namespace rubus::test
