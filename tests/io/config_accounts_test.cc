// Goal: exports, imports, mappings and limits become the options they name, and imports that do not
// fit are refused in the reference's words. Method: texts through the reader the server uses; the
// texts of complaints were recorded from nats-server (tests/transcripts/config has more).
#include <gtest/gtest.h>

#include "io/config_start_checks.h"
#include "tests/io/config_support.h"

namespace rubus::io {
namespace {

std::vector<AccountOptions> accounts_of(const std::string& text) {
  ConfigOutcome outcome = read_text(text);
  EXPECT_EQ(all_of(outcome.errors), "");
  return outcome.config.engine.accounts;
}

std::string errors_of(const std::string& text) { return all_of(read_text(text).errors); }

TEST(ConfigAccounts, exports_say_who_may_import_and_how_is_answered) {
  const std::vector<AccountOptions> accounts = accounts_of(
      "accounts { A { exports: [\n"
      "  {stream: \"s.>\"}, {stream: \"p.*\", accounts: [B], account_token_position: 2}\n"
      "  {service: q, response: chunked, threshold: 5s, accounts: [B]}, {service: r}\n"
      "] }, B {} }\n");
  const AccountOptions& a = accounts.at(0);
  ASSERT_EQ(a.stream_exports.size(), 2u);
  EXPECT_FALSE(a.stream_exports[0].is_private);
  EXPECT_TRUE(a.stream_exports[1].is_private);
  EXPECT_EQ(a.stream_exports[1].account_token_position, 2u);
  ASSERT_EQ(a.service_exports.size(), 2u);
  EXPECT_EQ(a.service_exports[0].response_type, ResponseType::chunked);
  EXPECT_EQ(a.service_exports[0].response_threshold, seconds(5));
  EXPECT_EQ(a.service_exports[0].accounts, std::vector<std::string>{"B"});
  EXPECT_EQ(a.service_exports[1].response_threshold, seconds(120));
}

TEST(ConfigAccounts, exports_of_one_subject_are_one) {
  const std::vector<AccountOptions> accounts = accounts_of(
      "accounts { A { exports: [{stream: s}, {stream: s, accounts: [B]}, {stream: s, accounts: "
      "[C]}] }, B {}, C {} }\n");
  ASSERT_EQ(accounts.at(0).stream_exports.size(), 1u);
  EXPECT_TRUE(accounts.at(0).stream_exports[0].is_private);
  EXPECT_EQ(accounts.at(0).stream_exports[0].accounts, (std::vector<std::string>{"B", "C"}));
}

TEST(ConfigAccounts, a_prefix_is_folded_into_the_subject_that_is_imported_to) {
  const std::vector<AccountOptions> accounts = accounts_of(
      "accounts { A { exports: [{stream: \"s.*\"}, {stream: t}, {service: \"q.*\"}] }\n"
      " B { imports: [\n"
      "  {stream: {account: A, subject: \"s.*\"}, prefix: p}\n"
      "  {stream: {account: A, subject: t}, to: u}\n"
      "  {stream: {account: A, subject: \"s.1\"}, prefix: \"p.\"}\n"
      "  {service: {account: A, subject: \"q.*\"}, to: \"my.$1\", share: true}\n"
      " ] } }\n");
  const AccountOptions& b = accounts.at(1);
  ASSERT_EQ(b.stream_imports.size(), 3u);
  EXPECT_EQ(b.stream_imports[0].to, "p.s.*");
  EXPECT_EQ(b.stream_imports[1].to, "u");
  EXPECT_EQ(b.stream_imports[2].to, "p.s.1");
  ASSERT_EQ(b.service_imports.size(), 1u);
  EXPECT_EQ(b.service_imports[0].account, "A");
  EXPECT_EQ(b.service_imports[0].subject, "q.*");
  EXPECT_EQ(b.service_imports[0].to, "my.$1");
  EXPECT_TRUE(b.service_imports[0].share);
}

TEST(ConfigAccounts, imports_that_do_not_fit_are_refused) {
  struct Row {
    const char* exports;  // of A
    const char* imports;  // of B
    const char* text;
  };
  const Row rows[] = {
      {"{stream: a, accounts: [C]}", "{stream: {account: A, subject: a}}",
       "Error adding stream import \"a\": stream import not authorized"},
      {"{stream: \"a.*\", account_token_position: 2}", "{stream: {account: A, subject: \"a.C\"}}",
       "Error adding stream import \"a.C\": stream import not authorized"},
      {"{stream: \"a.*\", account_token_position: 2}", "{stream: {account: A, subject: \"a.B\"}}",
       ""},
      {"{stream: \"a.>\"}", "{stream: {account: A, subject: \"a.>\"}, prefix: \"x.*\"}",
       "Error adding stream import \"a.>\": stream import prefix can not contain wildcard tokens"},
      {"{stream: a}",
       "{stream: {account: A, subject: a}}, {stream: {account: A, subject: a}, to: b}",
       "Error adding stream import \"a\": stream import already exists"},
      {"{service: a}", "{service: {account: A, subject: b}}",
       "Error adding service import \"b\": service import not authorized"},
      {"{service: a}", "{service: {account: A, subject: a}, to: \"b..c\"}",
       "Error adding service import \"a\": sublist: invalid subject"},
      {"{stream: \"a.*\"}", "{stream: {account: D, subject: a}}",
       "\"D\" account not defined for stream import"},
      {"{service: a, accounts: [D]}", "{service: {account: A, subject: a}}",
       "\"D\" account not defined for service export\n"
       "f.conf:1:0: Error adding service import \"a\": service import not authorized"},
  };
  for (const Row& row : rows) {
    const std::string text = std::string("accounts { A { exports: [") + row.exports +
                             "] }, B { imports: [" + row.imports + "] }, C {} }\n";
    const std::string expected = *row.text == '\0' ? "" : std::string("f.conf:1:0: ") + row.text;
    EXPECT_EQ(errors_of(text), expected) << text;
  }
}

TEST(ConfigAccounts, imports_in_a_circle_are_refused_through_any_number_of_accounts) {
  const std::string cycle = "import forms a cycle";
  for (const char* kind : {"stream", "service"}) {
    const std::string k = kind;
    const auto account = [&k](const std::string& name, const std::string& from) {
      return name + " { exports: [{" + k + ": a}], imports: [{" + k + ": {account: " + from +
             ", subject: a}}] }\n";
    };
    EXPECT_EQ(errors_of("accounts { " + account("A", "B") + account("B", "A") + "}\n"),
              "f.conf:1:0: Error adding " + k + " import \"a\": " + cycle);
    EXPECT_EQ(errors_of("accounts { " + account("A", "B") + account("B", "C") + account("C", "A") +
                        "}\n"),
              "f.conf:1:0: Error adding " + k + " import \"a\": " + cycle);
  }
}

TEST(ConfigAccounts, two_ways_to_one_place_are_no_circle) {
  for (const std::string k : {"stream", "service"}) {
    const auto from = [&k](const std::string& account) {
      return "{" + k + ": {account: " + account + ", subject: a}}";
    };
    const std::string exported = " { exports: [{" + k + ": \">\"}]";
    EXPECT_EQ(
        errors_of("accounts {\nE" + exported + " }\nD" + exported + ", imports: [" + from("E") +
                  "] }\nB" + exported + ", imports: [" + from("D") + "] }\nC" + exported +
                  ", imports: [" + from("D") + "] }\nA" + exported + ", imports: [" + from("B") +
                  ", " + from("C") + "] }\nX { imports: [" + from("A") + "] }\n}\n"),
        "");
  }
}

TEST(ConfigAccounts, mappings_of_accounts_and_of_the_global_one_are_kept_apart) {
  const std::vector<AccountOptions> accounts = accounts_of(
      "mappings { \"g.*\": \"h.$1\" }\n"
      "accounts { A { mappings { a: [{dest: b, weight: 30%}, {dest: c, weight: 70, cluster: x}]\n"
      "  d: {destination: e, weight: \"50%\"} } } }\n");
  ASSERT_EQ(accounts.size(), 2u);
  EXPECT_EQ(accounts[0].name, "$G");
  EXPECT_EQ(accounts[0].mappings.at(0).source, "g.*");
  EXPECT_EQ(accounts[0].mappings[0].destinations.at(0).subject, "h.$1");
  EXPECT_EQ(accounts[0].mappings[0].destinations[0].weight, 100u);
  const std::vector<MappingOptions>& mappings = accounts[1].mappings;
  ASSERT_EQ(mappings.size(), 2u);
  EXPECT_EQ(mappings[0].destinations.at(1).weight, 70u);
  EXPECT_EQ(mappings[0].destinations.at(1).cluster, "x");
  EXPECT_EQ(mappings[1].destinations.at(0).weight, 50u);
}

TEST(ConfigAccounts, a_mapping_that_cannot_be_made_is_refused) {
  EXPECT_EQ(errors_of("mappings { a: \"b.$1\" }\n"),
            "f.conf:1:11: Error adding mapping for \"a\" to \"b.$1\" : invalid mapping "
            "destination: wildcard index out of range in $1");
  EXPECT_EQ(errors_of("mappings { a: [{dest: b, weight: 10}, {dest: b, weight: 10}] }\n"),
            "f.conf:1:11: Error adding mapping for \"a\" : duplicate entry for \"b\"");
}

TEST(ConfigAccounts, limits_are_unlimited_unless_named) {
  const AccountLimits limits =
      accounts_of("accounts { A { limits { max_conn: 5, max_payload: 1kb } } }\n").at(0).limits;
  EXPECT_EQ(limits.connections_max, 5);
  EXPECT_EQ(limits.payload_max, 1024);
  EXPECT_EQ(limits.subscriptions_max, -1);
  EXPECT_EQ(limits.leafnodes_max, -1);
}

TEST(ConfigAccounts, latency_of_services_is_refused_and_tracing_remarked_upon) {
  EXPECT_EQ(errors_of("accounts { A { exports: [{service: a, latency: x}] } }\n"),
            "f.conf:1:38: directive \"latency\" is known but not supported by this version of "
            "Rubus yet");
  EXPECT_EQ(
      all_of(read_text("accounts { A { exports: [{service: a, allow_trace: true}] } }\n").remarks),
      "f.conf:1:38: directive \"allow_trace\" has no effect: message tracing is not "
      "supported yet");
}

TEST(ConfigAccounts, a_named_system_account_stays_even_if_there_should_be_none) {
  const auto system_of = [](const std::string& text) {
    return read_text(text).config.engine.system_account;
  };
  EXPECT_EQ(system_of("no_system_account: true\n"), "");
  EXPECT_EQ(system_of("no_system_account: true\nsystem_account: A\naccounts { A {} }\n"), "A");
  EXPECT_EQ(system_of("no_system_account: true\naccounts { \"$SYS\" {} }\n"), "$SYS");
}

TEST(ConfigAccounts, a_name_that_is_no_word_of_a_line_is_refused_in_either_form) {
  struct Row {
    const char* written;
    const char* text;
  };
  const Row rows[] = {
      {"b c", "account name \"b c\" cannot contain spaces"},
      {"b\tc", "account name \"b\\tc\" cannot contain spaces"},
      {"b\001c", "account name \"b\\x01c\" cannot contain control characters"},
      {"", "account name cannot be empty"},
      {"$G", "\"$G\" is a Reserved Account"},
  };
  for (const Row& row : rows) {
    const std::string name = "\"" + std::string(row.written) + "\"";
    for (const std::string& form : {"{ a {}\n " + name + " {} }", "[a\n " + name + "]"}) {
      const std::string errors = errors_of("accounts: " + form + "\n");
      EXPECT_TRUE(errors.starts_with("f.conf:2:") && errors.ends_with(std::string(": ") + row.text))
          << form << errors;
    }
  }
}

TEST(ConfigAccounts, a_system_account_has_a_name_that_an_account_can_have) {
  const auto refusal = start_refusal(read_text("accounts: [a]\nsystem_account: \"a b\"\n").config);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->text, "error resolving system account: account missing");
}

TEST(ConfigAccounts, what_is_neither_a_map_nor_a_list_is_remarked_upon) {
  for (const char* value : {"text", "true", "5"}) {
    EXPECT_EQ(all_of(read_text(std::string("accounts: ") + value + "\n").remarks),
              "f.conf:1:0: directive \"accounts\" has no effect: it is neither a map of accounts "
              "nor a list of names");
  }
}

TEST(ConfigAccounts, a_token_position_below_zero_is_refused_by_name) {
  for (const char* kind : {"stream", "service"}) {
    const std::string errors = errors_of(std::string("accounts { A { exports: [\n{") + kind +
                                         ": \"a.*\", account_token_position: -1}] } }\n");
    EXPECT_TRUE(errors.starts_with("f.conf:2:") &&
                errors.ends_with(": account_token_position value can not be negative"))
        << errors;
  }
}

}  // namespace
}  // namespace rubus::io
