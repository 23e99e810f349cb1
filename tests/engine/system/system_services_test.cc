// Requests to the system account: who is answered, with what, and who is not.
#include <gtest/gtest.h>

#include <array>

#include "tests/engine/system/system_stage.h"

namespace rubus::test {

namespace {

constexpr std::string_view server_begin = R"({"server":{"name":"s1","host":")";

std::size_t answers(const std::string& text) {
  std::size_t count = 0;
  for (std::size_t at = text.find("MSG inbox "); at != std::string::npos;
       at = text.find("\nMSG inbox ", at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace

TEST(SystemServices, every_document_comes_in_an_envelope_of_one_line) {
  SystemStage stage;
  const int system = stage.login("SYS");
  for (const char* zone : {"VARZ", "CONNZ", "SUBSZ", "ROUTEZ", "LEAFZ", "GATEWAYZ", "ACCOUNTZ",
                           "JSZ", "HEALTHZ", "RAFTZ", "IPQUEUESZ"}) {
    for (const char* who : {"PING", "NID"}) {
      const std::string subject = std::string("$SYS.REQ.SERVER.") + who + "." + zone;
      const std::string answer = stage.ask(system, subject);
      EXPECT_TRUE(has(answer, server_begin)) << subject << answer;
      EXPECT_TRUE(has(answer, "},\"data\":{")) << subject << answer;
      EXPECT_EQ(answer.find('\n'), answer.find("\r\n") + 1) << subject << answer;
    }
  }
}

TEST(SystemServices, an_answer_leaves_the_place_of_its_reply_subject_empty) {
  SystemStage stage;
  const std::string answer = stage.ask(stage.login("SYS"), "$SYS.REQ.SERVER.PING.IDZ");
  EXPECT_EQ(answer.substr(0, answer.find('{')),
            "MSG inbox 9  " + std::to_string(answer.size() - answer.find('{') - 2) + "\r\n");
  EXPECT_TRUE(has(answer, "{\"name\":\"s1\",\"host\":\"")) << answer;
  EXPECT_TRUE(has(answer, "\",\"id\":\"NID\"}\r\n")) << answer;
}

TEST(SystemServices, ping_answers_with_statistics_of_the_server) {
  SystemStage stage;
  const std::string answer = stage.ask(stage.login("SYS"), "$SYS.REQ.SERVER.PING");
  EXPECT_TRUE(has(answer, "},\"statsz\":{\"start\":\"")) << answer;
  EXPECT_TRUE(has(answer, "\"connections\":1,\"total_connections\":1,\"active_accounts\":1"));
  EXPECT_TRUE(has(answer, "\"active_servers\":1")) << answer;
}

TEST(SystemServices, a_user_of_another_account_gets_no_responders) {
  SystemStage stage;
  const int client = stage.login("A");
  EXPECT_TRUE(has(stage.ask(client, "$SYS.REQ.SERVER.PING"), "NATS/1.0 503"));
  EXPECT_TRUE(has(stage.ask(client, "$SYS.REQ.SERVER.PING.VARZ"), "NATS/1.0 503"));
}

TEST(SystemServices, an_unknown_zone_gets_no_responders) {
  SystemStage stage;
  EXPECT_TRUE(has(stage.ask(stage.login("SYS"), "$SYS.REQ.SERVER.PING.NOPE"), "NATS/1.0 503"));
}

TEST(SystemServices, every_account_may_ask_about_itself_and_its_user) {
  SystemStage stage;
  stage.login("SYS");
  const int client = stage.login("A");
  EXPECT_TRUE(has(stage.ask(client, "$SYS.REQ.USER.INFO"),
                  "\"data\":{\"user\":\"A\",\"account\":\"A\",\"account_name\":\"A\"}"));
  for (const char* subject : {"$SYS.REQ.SERVER.PING.CONNZ", "$SYS.REQ.ACCOUNT.PING.CONNZ"}) {
    const std::string connections = stage.ask(client, subject);
    EXPECT_TRUE(has(connections, "\"num_connections\":1,\"total\":1")) << connections;
    EXPECT_TRUE(has(connections, "\"cid\":2")) << connections;
  }
  const std::string statistics = stage.ask(client, "$SYS.REQ.ACCOUNT.PING.STATZ");
  EXPECT_TRUE(has(statistics, "\"account_statz\":[{\"acc\":\"A\"")) << statistics;
  EXPECT_FALSE(has(statistics, "\"SYS\"")) << statistics;
}

TEST(SystemServices, a_system_user_learns_who_it_is) {
  SystemStage stage;
  EXPECT_TRUE(has(stage.ask(stage.login("SYS"), "$SYS.REQ.USER.INFO"),
                  "\"data\":{\"user\":\"SYS\",\"account\":\"SYS\""));
}

TEST(SystemServices, user_info_shows_what_the_user_may) {
  Options options = system_options();
  Permissions permissions;
  permissions.publish_allow = {"$SYS.>", "a.>"};
  permissions.subscribe_deny = {"secret"};
  permissions.responses = ResponsePermission{3, seconds(2)};
  options.authorization.users[0].permissions = permissions;
  SystemStage stage(options);
  EXPECT_TRUE(has(stage.ask(stage.login("A"), "$SYS.REQ.USER.INFO"),
                  "\"permissions\":{\"publish\":{\"allow\":[\"$SYS.\\u003e\",\"a.\\u003e\"]},"
                  "\"subscribe\":{\"deny\":[\"secret\"]},"
                  "\"responses\":{\"max\":3,\"ttl\":2000000000}}"));
}

TEST(SystemServices, a_server_that_is_not_meant_stays_silent_but_for_idz) {
  SystemStage stage;
  const int system = stage.login("SYS");
  const std::string other = R"({"server_name":"zzz"})";
  EXPECT_EQ(stage.ask(system, "$SYS.REQ.SERVER.PING.VARZ", other), "");
  EXPECT_EQ(stage.ask(system, "$SYS.REQ.SERVER.PING", R"({"tags":["az:2"]})"), "");
  EXPECT_EQ(stage.ask(system, "$SYS.REQ.SERVER.PING", R"({"server_name":"s","exact_match":true})"),
            "");
  EXPECT_NE(stage.ask(system, "$SYS.REQ.SERVER.PING", R"({"server_name":"s","tags":["az:1"]})"),
            "");
  EXPECT_NE(stage.ask(system, "$SYS.REQ.SERVER.PING.IDZ", other), "");
}

TEST(SystemServices, options_select_as_parameters_do) {
  SystemStage stage;
  const int system = stage.login("SYS");
  stage.login("A");
  const std::string answer =
      stage.ask(system, "$SYS.REQ.SERVER.PING.CONNZ",
                R"({"sort":"cid","auth":true,"subscriptions":true,"acc":"A","limit":5})");
  EXPECT_TRUE(has(answer, "\"num_connections\":1,\"total\":1,\"offset\":0,\"limit\":5")) << answer;
  EXPECT_TRUE(has(answer, "\"authorized_user\":\"A\"")) << answer;
  EXPECT_TRUE(has(
      stage.ask(system, "$SYS.REQ.SERVER.PING.CONNZ", R"({"acc":"A","filter_subject":"nobody"})"),
      "\"num_connections\":0"));
}

TEST(SystemServices, bad_options_are_told) {
  SystemStage stage;
  const int system = stage.login("SYS");
  const auto error = [&stage, system](std::string_view zone, std::string_view options) {
    const std::string answer =
        stage.ask(system, std::string("$SYS.REQ.SERVER.PING.").append(zone), options);
    return answer.substr(std::min(answer.find("}},\"") + 2, answer.size()));
  };
  EXPECT_TRUE(has(error("VARZ", "{bad"), "\"error\":{\"code\":400,"));
  EXPECT_TRUE(has(error("CONNZ", R"({"limit":"x"})"), "\"code\":400,\"description\":\"json: "));
  const std::string wrong_order =
      stage.ask(system, "$SYS.REQ.SERVER.PING.CONNZ", R"({"sort":"nope"})");
  EXPECT_TRUE(has(wrong_order,
                  "\"data\":null,\"error\":{\"code\":500,\"description\":"
                  "\"invalid sorting option: nope\"}}"))
      << wrong_order;
}

TEST(SystemServices, accounts_are_told_in_detail_and_unknown_ones_refused) {
  SystemStage stage;
  const int system = stage.login("SYS");
  EXPECT_TRUE(
      has(stage.ask(system, "$SYS.REQ.ACCOUNT.A.INFO"), "\"data\":{\"account_name\":\"A\","));
  EXPECT_TRUE(has(stage.ask(system, "$SYS.REQ.ACCOUNT.NOPE.INFO"),
                  "\"description\":\"Account NOPE does not exist\""));
  EXPECT_EQ(stage.ask(system, "$SYS.REQ.ACCOUNT.NOPE.CONNS"), "");
  EXPECT_EQ(stage.ask(system, "$SYS.REQ.ACCOUNT.NOPE.STATZ"), "");
  EXPECT_TRUE(has(stage.ask(system, "$SYS.REQ.ACCOUNT.A.JSZ"), "jetstream not enabled"));
}

TEST(SystemServices, details_of_an_account_show_the_imports_in_force_and_what_services_owe) {
  Options options = system_options();
  options.accounts[0].service_exports.emplace_back().subject = "q";
  AccountOptions& b = *options.accounts.emplace(options.accounts.begin() + 1);
  b.name = "B";
  b.service_imports = {{"A", "q", "$SYS.REQ.USER.INFO", false}, {"A", "q", "ask", false}};
  User& user = options.authorization.users.emplace_back();
  user.name = "B";
  user.password = "p";
  user.account = "B";
  SystemStage stage(options);
  const int system = stage.login("SYS");
  const std::string imports = stage.ask(system, "$SYS.REQ.ACCOUNT.B.INFO");
  EXPECT_TRUE(has(imports, "{\"subject\":\"q\",\"account\":\"A\",\"to\":\"$SYS.REQ.USER.INFO\","));
  EXPECT_FALSE(has(imports, "$SYS.REQ.USER.B.INFO")) << imports;
  EXPECT_TRUE(has(imports, "\"to\":\"$SYS.REQ.ACCOUNT.PING.STATZ\"")) << imports;
  const std::string exports = stage.ask(system, "$SYS.REQ.ACCOUNT.SYS.INFO");
  EXPECT_TRUE(has(exports,
                  "\"exports\":[{\"subject\":\"$SYS.REQ.ACCOUNT.*.CONNZ\",\"type\":\"service\","
                  "\"response_type\":\"Streamed\"},"))
      << exports;
  EXPECT_FALSE(has(stage.ask(system, "$SYS.REQ.ACCOUNT.A.INFO"), "responses"));
  stage.harness.send(stage.login("A"), "SUB q 1\r\n");
  stage.harness.send(stage.login("B"), "PUB ask rep 1\r\nx\r\n");
  const std::string owed = stage.ask(system, "$SYS.REQ.ACCOUNT.A.INFO");
  EXPECT_TRUE(has(owed, "\"responses\":{\"_R_.")) << owed;
  EXPECT_TRUE(has(owed, ":{\"subject\":\"rep\",\"account\":\"B\",\"to\":\"_R_.")) << owed;
}

TEST(SystemServices, an_account_that_is_not_in_use_is_passed_over_in_silence) {
  SystemStage stage;
  const int system = stage.login("SYS");
  const std::string conns = "$SYS.REQ.ACCOUNT.A.CONNS";
  const std::string statz = "$SYS.REQ.ACCOUNT.A.STATZ";
  EXPECT_EQ(stage.ask(system, conns), "");
  EXPECT_EQ(stage.ask(system, statz), "");
  EXPECT_EQ(stage.ask(system, "$SYS.REQ.ACCOUNT.PING.STATZ", R"({"accounts":["A"]})"), "");
  EXPECT_TRUE(has(stage.ask(system, statz, R"({"include_unused":true})"),
                  "\"account_statz\":[{\"acc\":\"A\",\"name\":\"A\",\"conns\":0,"));
  stage.login("A");
  EXPECT_TRUE(has(stage.ask(system, statz), "\"account_statz\":[{\"acc\":\"A\""));
  EXPECT_TRUE(has(stage.ask(system, conns),
                  "{\"type\":\"io.nats.server.advisory.v1.account_connections\",\"id\":\""));
}

TEST(SystemServices, a_kicked_client_is_gone_and_an_unknown_one_an_error) {
  SystemStage stage;
  const int system = stage.login("SYS");
  const int client = stage.login("A");
  EXPECT_TRUE(has(stage.ask(system, "$SYS.REQ.SERVER.NID.KICK", R"({"cid":99})"),
                  "\"error\":{\"code\":500,\"description\":\"no such client or leafnode id\"}"));
  const std::string answer = stage.ask(system, "$SYS.REQ.SERVER.NID.KICK", R"({"cid":2})");
  EXPECT_TRUE(has(answer, "}}\r\n") && !has(answer, "error") && !has(answer, "data")) << answer;
  EXPECT_TRUE(stage.harness.is_closed(client));
  EXPECT_EQ(stage.ask(system, "$SYS.REQ.SERVER.NID.KICK", "{"), "");
}

TEST(SystemServices, a_reload_is_answered_when_the_shell_has_tried_it_and_not_before) {
  SystemStage stage;
  const int system = stage.login("SYS");
  stage.harness.send(system, "SUB inbox 9\r\n");
  const std::string request = "PUB $SYS.REQ.SERVER.NID.RELOAD inbox 0\r\n\r\n";
  EXPECT_EQ(stage.harness.send(system, request), "");
  stage.harness.step({ReloadDone{nullptr}});
  const std::string done = stage.harness.take(system);
  EXPECT_TRUE(has(done, server_begin) && !has(done, "error")) << done;
  EXPECT_EQ(stage.harness.send(system, request), "");
  stage.harness.step({ReloadDone{std::make_shared<const ReloadTrouble>(ReloadTrouble{"bad"})}});
  const std::string failed = stage.harness.take(system);
  EXPECT_TRUE(has(failed, "},\"error\":{\"code\":500,\"description\":\"bad\"}}")) << failed;
}

TEST(SystemServices, a_reload_that_is_wanted_during_another_one_is_answered_behind_its_own) {
  SystemStage stage;
  const int system = stage.login("SYS");
  stage.harness.send(system, "SUB inbox 9\r\n");
  const std::string request = "PUB $SYS.REQ.SERVER.NID.RELOAD inbox 0\r\n\r\n";
  stage.harness.send(system, request + request);
  for (int turn = 0; turn < 2; ++turn) {
    stage.harness.step({ReloadDone{nullptr}});
    EXPECT_EQ(answers(stage.harness.take(system)), 1U);
  }
  stage.harness.step({ReloadDone{nullptr}});
  EXPECT_EQ(stage.harness.take(system), "");
}

TEST(SystemServices, a_slow_consumer_is_counted_in_its_account) {
  Options options = system_options();
  options.limits.max_pending = 1000;
  SystemStage stage(options);
  const int system = stage.login("SYS");
  const int slow = stage.login("A");
  const int other = stage.login("A");
  stage.harness.send(slow, "SUB foo 1\r\n");
  stage.harness.stop_reading(slow);
  const std::string payload(900, 'x');
  for (int at = 0; at < 2; ++at) {
    stage.harness.send(other, "PUB foo 900\r\n" + payload + "\r\n");
  }
  options.limits.max_pending = 1'000'000;
  stage.harness.reload(options);
  EXPECT_TRUE(has(stage.ask(system, "$SYS.REQ.ACCOUNT.A.STATZ"), "\"slow_consumers\":1}"));
}

TEST(SystemServices, one_client_alone_is_told_of_lame_duck_mode) {
  SystemStage stage;
  const int system = stage.login("SYS");
  const int client =
      stage.harness.connect(R"({"protocol":1,"user":"A","pass":"p","verbose":false})");
  stage.ask(system, "$SYS.REQ.SERVER.NID.LDM", R"({"cid":2})");
  EXPECT_TRUE(has(stage.harness.take(client), "\"ldm\":true"));
}

TEST(SystemServices, of_many_requests_at_once_no_more_are_kept_than_the_queue_holds) {
  SystemStage stage;
  const int client = stage.login("SYS");
  std::string text = "SUB inbox 9\r\n";
  for (std::size_t at = 0; at < 3 * SystemServices::asked_max; ++at) {
    text.append("PUB $SYS.REQ.SERVER.PING.VARZ inbox 0\r\n\r\n");
  }
  stage.harness.send_only(client, text);
  stage.harness.advance(milliseconds(1));
  EXPECT_EQ(answers(stage.harness.take(client)), SystemServices::asked_max);
  EXPECT_TRUE(has(stage.ask(client, "$SYS.REQ.SERVER.PING.VARZ"), "\"data\":{"));
}

TEST(SystemServices, requests_of_much_text_fill_the_queue_sooner) {
  SystemStage stage;
  const int client = stage.login("SYS");
  const std::string payload = "{\"user\":\"" + std::string(400'000, 'x') + "\"}";
  std::string text = "SUB inbox 9\r\n";
  for (int at = 0; at < 5; ++at) {
    text.append("PUB $SYS.REQ.SERVER.PING.CONNZ inbox " + std::to_string(payload.size()) + "\r\n");
    text.append(payload).append("\r\n");
  }
  stage.harness.send_only(client, text);
  stage.harness.advance(milliseconds(1));
  EXPECT_EQ(answers(stage.harness.take(client)), 2U);
}

TEST(SystemServices, large_documents_are_built_one_a_step_and_none_is_lost) {
  SystemStage stage;
  const int client = stage.login("SYS");
  for (int at = 0; at < 300; ++at) {
    stage.harness.hang_up(stage.login("A"));
  }
  std::string text = "SUB inbox 9\r\n";
  for (int at = 0; at < 10; ++at) {
    text.append("PUB $SYS.REQ.SERVER.PING.CONNZ inbox 11\r\n{\"state\":1}\r\n");
  }
  const auto bytes_queued = [&stage, client]() {
    std::array<ByteView, 1024> views;
    const std::size_t count = stage.harness.shard().gather(ShardHarness::id_of(client), views);
    std::size_t sum = 0;
    for (std::size_t at = 0; at < count; ++at) {
      sum += views[at].size;
    }
    return sum;
  };
  stage.harness.stop_reading(client);
  stage.harness.send_only(client, text);
  const std::size_t one = bytes_queued();
  EXPECT_GT(one, std::size_t{64} << 10U);
  stage.harness.advance(milliseconds(1));
  EXPECT_EQ(bytes_queued() / one, 10U);
}

TEST(SystemServices, subscribers_are_counted_in_the_account_that_asks) {
  SystemStage stage;
  const int system = stage.login("SYS");
  const int client = stage.login("A");
  stage.harness.send(system, "SUB foo 1\r\nSUB foo.* 2\r\nSUB foo q 3\r\n");
  stage.harness.send(client, "SUB foo 1\r\n");
  const auto count = [&stage, system](std::string_view payload) {
    const std::string answer = stage.ask(system, "$SYS.DEBUG.SUBSCRIBERS", payload);
    return answer.substr(answer.find("\r\n") + 2);
  };
  EXPECT_EQ(count("foo"), "2\r\n");
  EXPECT_EQ(count("foo q"), "1\r\n");
  EXPECT_EQ(count("nobody"), "0\r\n");
}

TEST(SystemServices, other_servers_are_told_how_many_subscribers_an_account_has) {
  SystemStage stage;
  const int system = stage.login("SYS");
  stage.harness.send(stage.login("A"), "SUB foo 1\r\nSUB foo q 2\r\nSUB foo r 3\r\n");
  const auto count = [&stage, system](std::string_view payload) {
    const std::string answer = stage.ask(system, "$SYS.REQ.ACCOUNT.NSUBS", payload);
    return answer.substr(std::min(answer.find("\r\n") + 2, answer.size()));
  };
  EXPECT_EQ(count(R"({"acc":"A","subject":"foo"})"), "3\r\n");
  EXPECT_EQ(count(R"({"acc":"A","subject":"foo","queue":"cQ=="})"), "1\r\n");
  EXPECT_EQ(count(R"({"acc":"A","subject":"nobody"})"), "0\r\n");
  for (const char* unanswered :
       {"{", R"({"acc":"NOPE","subject":"foo"})", R"({"acc":"A","subject":"foo","queue":"q"})"}) {
    EXPECT_EQ(stage.ask(system, "$SYS.REQ.ACCOUNT.NSUBS", unanswered), "") << unanswered;
  }
}

}  // namespace rubus::test
