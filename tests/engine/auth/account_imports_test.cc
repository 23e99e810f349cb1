// Conversations between accounts; what the servers say was compared with nats-server 2.15.2, where
// a test does not say otherwise.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/auth/service_responses.h"
#include "tests/engine/auth/account_stage.h"

namespace rubus::test {
namespace {

// A exports streams and services; B imports them under names of its own.
std::vector<AccountOptions> exporter_and_importer() {
  AccountOptions a = account_named("A");
  a.stream_exports = {{"s.>", false, {}, 0}, {"t.*.*", false, {}, 0}};
  a.service_exports = {{"q.>", ResponseType::singleton, false, {}, 0, seconds(120)},
                       {"st", ResponseType::stream, false, {}, 0, seconds(120)},
                       {"short", ResponseType::singleton, false, {}, 0, seconds(1)}};
  AccountOptions b = account_named("B");
  b.stream_imports = {{"A", "s.>", "b.s.>"}, {"A", "t.*.*", "tt.$2.$1"}};
  b.service_imports = {
      {"A", "q.>", "", false}, {"A", "st", "here.st", true}, {"A", "short", "", false}};
  return {a, b};
}

// ---- streams ----

TEST(StreamImport, delivers_under_the_name_of_the_importing_account) {
  AccountStage stage(exporter_and_importer());
  stage.send('b', "SUB b.s.> 1\r\nSUB b.s.x 2\r\nSUB b.s.*.z 3\r\nSUB > 4\r\n");
  EXPECT_EQ(stage.send('a', "PUB s.x 2\r\nhi\r\n"), "");
  EXPECT_EQ(stage.take('b'),
            "MSG b.s.x 2 2\r\nhi\r\nMSG b.s.x 1 2\r\nhi\r\nMSG b.s.x 4 2\r\nhi\r\n");
  stage.send('a', "PUB s.y.z 2\r\nhi\r\n");
  EXPECT_EQ(stage.take('b'),
            "MSG b.s.y.z 1 2\r\nhi\r\nMSG b.s.y.z 4 2\r\nhi\r\nMSG b.s.y.z 3 2\r\nhi\r\n");
}

TEST(StreamImport, puts_wildcards_where_the_import_wants_them) {
  AccountStage stage(exporter_and_importer());
  stage.send('b', "SUB tt.*.one 1\r\nSUB tt.two.> 2\r\nSUB tt.three.* 3\r\n");
  stage.send('a', "PUB t.one.two r 2\r\nhi\r\n");
  const std::string got = stage.take('b');
  EXPECT_NE(got.find("MSG tt.two.one 1 r 2\r\nhi\r\n"), std::string::npos) << got;
  EXPECT_NE(got.find("MSG tt.two.one 2 r 2\r\nhi\r\n"), std::string::npos) << got;
  EXPECT_EQ(got.find(" 3 "), std::string::npos) << got;
}

TEST(StreamImport, brings_nothing_that_is_not_imported_and_nothing_back) {
  AccountStage stage(exporter_and_importer());
  stage.send('a', "SUB > 1\r\n");
  stage.send('b', "SUB > 1\r\n");
  stage.send('a', "PUB other 1\r\nx\r\n");
  EXPECT_EQ(stage.take('b'), "");
  stage.take('a');
  stage.send('b', "PUB b.s.x 1\r\nx\r\n");
  EXPECT_EQ(stage.take('a'), "");
}

TEST(StreamImport, gives_a_group_one_message) {
  AccountStage stage(exporter_and_importer());
  const int one = stage.login('b');
  const int two = stage.login('b');
  stage.shard.send(one, "SUB b.s.> g 1\r\n");
  stage.shard.send(two, "SUB b.s.* g 1\r\n");
  std::size_t total = 0;
  for (int round = 0; round < 20; ++round) {
    stage.send('a', "PUB s.x 1\r\nx\r\n");
    const std::string got = stage.shard.take(one) + stage.shard.take(two);
    EXPECT_EQ(got, "MSG b.s.x 1 1\r\nx\r\n");
    total += got.size();
  }
  EXPECT_GT(total, 0U);
}

TEST(StreamImport, ends_with_its_subscription) {
  AccountStage stage(exporter_and_importer());
  stage.send('b', "SUB b.s.> 1\r\n");
  stage.send('a', "PUB s.x 1\r\nx\r\n");
  EXPECT_EQ(stage.take('b'), "MSG b.s.x 1 1\r\nx\r\n");
  stage.send('b', "UNSUB 1\r\n");
  stage.send('a', "PUB s.x 1\r\nx\r\n");
  EXPECT_EQ(stage.take('b'), "");
  stage.send('b', "SUB b.s.> 2\r\n");
  stage.shard.hang_up(stage.of('b'));
  EXPECT_EQ(stage.send('a', "PUB s.x r 1\r\nx\r\n"), "");
}

// Not as nats-server: there the maximum counts messages of the own account only.
TEST(StreamImport, counts_against_the_maximum_of_its_subscription) {
  AccountStage stage(exporter_and_importer());
  stage.send('b', "SUB b.s.> 1\r\nUNSUB 1 2\r\n");
  stage.send('b', "PUB b.s.own 1\r\n1\r\n");
  stage.send('a', "PUB s.x 1\r\n2\r\nPUB s.x 1\r\n3\r\n");
  EXPECT_EQ(stage.take('b'), "MSG b.s.x 1 1\r\n2\r\n");
}

TEST(StreamImport, two_that_bring_the_same_message_do_not_exceed_the_maximum) {
  AccountOptions a = account_named("A");
  a.stream_exports = {{"st.>", false, {}, 0}};
  AccountOptions b = account_named("B");
  b.stream_imports = {{"A", "st.>", ""}, {"A", "st.a", "x.a"}};
  AccountStage stage({a, b});
  stage.send('b', "SUB > 1\r\nUNSUB 1 1\r\n");
  stage.send('a', "PUB st.a 1\r\nx\r\n");
  const std::string got = stage.take('b');
  EXPECT_NE(got.find(" 1 1\r\nx\r\n"), std::string::npos) << got;
  EXPECT_EQ(got.find("MSG", 1), std::string::npos) << got;
}

TEST(StreamImport, does_not_pass_through_a_second_account) {
  std::vector<AccountOptions> accounts = exporter_and_importer();
  accounts[1].stream_exports = {{"b.s.>", false, {}, 0}};
  AccountOptions c = account_named("C");
  c.stream_imports = {{"B", "b.s.>", "c.>"}};
  accounts.push_back(c);
  AccountStage stage(accounts);
  stage.send('c', "SUB > 1\r\n");
  stage.send('b', "SUB b.s.> 1\r\n");
  stage.send('a', "PUB s.x 1\r\nx\r\n");
  EXPECT_EQ(stage.take('b'), "MSG b.s.x 1 1\r\nx\r\n");
  EXPECT_EQ(stage.take('c'), "");
}

// ---- services ----

TEST(ServiceImport, carries_a_request_there_and_its_answer_back) {
  AccountStage stage(exporter_and_importer());
  stage.send('a', "SUB q.> 9\r\n");
  stage.send('b', "SUB rep 2\r\n");
  EXPECT_EQ(stage.send('b', "PUB q.x rep 3\r\nreq\r\n"), "");
  const std::string request = stage.take('a');
  EXPECT_EQ(request.substr(0, 15), "HMSG q.x 9 _R_.") << request;
  EXPECT_NE(
      request.find("\r\nNATS/1.0\r\nNats-Request-Info: {\"acc\":\"B\",\"rtt\":1}\r\n\r\nreq\r\n"),
      std::string::npos)
      << request;
  const std::string reply = word_of(request, 3);
  stage.send('a', "PUB " + reply + " 3\r\nans\r\n");
  EXPECT_EQ(stage.take('b'), "MSG rep 2 3\r\nans\r\n");
  // A singleton answers once.
  stage.send('a', "PUB " + reply + " 3\r\nans\r\n");
  EXPECT_EQ(stage.take('b'), "");
}

TEST(ServiceImport, without_a_reply_carries_the_message_alone) {
  AccountStage stage(exporter_and_importer());
  stage.send('a', "SUB q.> 9\r\n");
  stage.send('b', "HPUB q.x 21 23\r\nNATS/1.0\r\nAbc: bd\r\n\r\nhi\r\n");
  EXPECT_EQ(stage.take('a'),
            "HMSG q.x 9 61 63\r\nNATS/1.0\r\nAbc: bd\r\n"
            "Nats-Request-Info: {\"acc\":\"B\",\"rtt\":1}\r\n\r\nhi\r\n");
}

TEST(ServiceImport, with_share_tells_who_asks) {
  AccountStage stage(exporter_and_importer());
  stage.send('a', "SUB st 9\r\n");
  const int client = stage.login('b', R"("name":"N","lang":"go","version":"1.2",)");
  stage.shard.send(client, "PUB here.st 1\r\nx\r\n");
  const std::string got = stage.take('a');
  EXPECT_NE(got.find("\"host\":\"127.0.0.1\",\"id\":2,\"acc\":\"B\",\"user\":\"b\",\"name\":\"N\","
                     "\"lang\":\"go\",\"ver\":\"1.2\",\"rtt\":1,\"server\":\"NTEST\","
                     "\"kind\":\"Client\",\"client_type\":\"nats\"}"),
            std::string::npos)
      << got;
  EXPECT_NE(got.find("{\"start\":\"2023-"), std::string::npos) << got;
}

TEST(ServiceImport, streams_answers_until_an_empty_one) {
  AccountStage stage(exporter_and_importer());
  stage.send('a', "SUB st 9\r\n");
  stage.send('b', "SUB rep 2\r\n");
  stage.send('b', "PUB here.st rep 1\r\nx\r\n");
  const std::string reply = word_of(stage.take('a'), 3);
  const std::string answer = "PUB " + reply + " 1\r\n";
  stage.send('a',
             answer + "1\r\n" + answer + "2\r\nPUB " + reply + " 0\r\n\r\n" + answer + "3\r\n");
  EXPECT_EQ(stage.take('b'), "MSG rep 2 1\r\n1\r\nMSG rep 2 1\r\n2\r\nMSG rep 2 0\r\n\r\n");
}

TEST(ServiceImport, tells_that_nobody_serves) {
  AccountStage stage(exporter_and_importer());
  EXPECT_EQ(stage.send('b', "SUB rep 2\r\nPUB q.z rep 1\r\nx\r\n"),
            "HMSG rep 2 35 35\r\nNATS/1.0 503\r\nNats-Subject: q.z\r\n\r\n\r\n");
}

TEST(ServiceImport, an_answer_may_ask_back) {
  AccountStage stage(exporter_and_importer());
  stage.send('a', "SUB q.> 9\r\nSUB back 7\r\n");
  stage.send('b', "SUB rep 2\r\nPUB q.x rep 1\r\nx\r\n");
  const std::string reply = word_of(stage.take('a'), 3);
  stage.send('a', "PUB " + reply + " back 2\r\nok\r\n");
  const std::string answer = stage.take('b');
  EXPECT_EQ(answer.substr(0, 14), "MSG rep 2 _R_.") << answer;
  stage.send('b', "PUB " + word_of(answer, 3) + " 3\r\nfin\r\n");
  EXPECT_EQ(stage.take('a'), "MSG back 7 3\r\nfin\r\n");
}

TEST(ServiceImport, passes_through_a_second_account_which_is_named) {
  std::vector<AccountOptions> accounts = exporter_and_importer();
  accounts[1].service_exports = {{"q.>", ResponseType::singleton, false, {}, 0, seconds(120)}};
  AccountOptions c = account_named("C");
  c.service_imports = {{"B", "q.>", "cq.>", false}};
  accounts.push_back(c);
  AccountStage stage(accounts);
  stage.send('a', "SUB q.> 9\r\n");
  EXPECT_EQ(stage.send('c', "SUB rep 2\r\nPUB cq.x rep 1\r\nx\r\n"), "");
  const std::string request = stage.take('a');
  EXPECT_NE(request.find("Nats-Request-Info: {\"acc\":\"C\",\"svc\":\"B\",\"rtt\":1}\r\n"),
            std::string::npos)
      << request;
  stage.send('a', "PUB " + word_of(request, 3) + " 2\r\nok\r\n");
  EXPECT_EQ(stage.take('c'), "MSG rep 2 2\r\nok\r\n");
  EXPECT_EQ(stage.take('b'), "");
}

TEST(ServiceImport, forgets_what_is_not_answered_in_time) {
  AccountStage stage(exporter_and_importer());
  stage.send('a', "SUB short 9\r\n");
  stage.send('b', "SUB rep 2\r\nPUB short rep 1\r\n1\r\nPUB short rep 1\r\n2\r\n");
  const std::string requests = stage.take('a');
  const std::string first = word_of(requests, 3);
  const std::string second = word_of(requests.substr(requests.find("HMSG", 4)), 3);
  stage.shard.advance(milliseconds(900));
  stage.send('a', "PUB " + first + " 2\r\nok\r\n");
  EXPECT_EQ(stage.take('b'), "MSG rep 2 2\r\nok\r\n");
  stage.shard.advance(milliseconds(200));
  stage.send('a', "PUB " + second + " 2\r\nok\r\n");
  EXPECT_EQ(stage.take('b'), "");
}

TEST(ServiceImport, a_stream_lives_as_long_as_it_goes_on) {
  std::vector<AccountOptions> accounts = exporter_and_importer();
  accounts[0].service_exports[1].response_threshold = milliseconds(200);
  AccountStage stage(accounts);
  stage.send('a', "SUB st 9\r\n");
  stage.send('b', "SUB rep 2\r\nPUB here.st rep 1\r\nx\r\n");
  const std::string answer = "PUB " + word_of(stage.take('a'), 3) + " 1\r\nx\r\n";
  for (int round = 0; round < 5; ++round) {
    stage.shard.advance(milliseconds(150));
    stage.send('a', answer);
    EXPECT_EQ(stage.take('b'), "MSG rep 2 1\r\nx\r\n") << round;
  }
  stage.shard.advance(milliseconds(250));
  stage.send('a', answer);
  EXPECT_EQ(stage.take('b'), "");
}

// What nobody answers, `count` times.
void ask_in_vain(AccountStage& stage, char user, const std::string& reply, std::size_t count) {
  const std::string request = "PUB q.x " + reply + " 0\r\n\r\n";
  while (count > 0) {
    std::string text;
    const std::size_t some = std::min<std::size_t>(count, 1000);
    for (std::size_t at = 0; at < some; ++at) {
      text.append(request);
    }
    count -= some;
    stage.send(user, text);
    stage.take('a');
  }
}

TEST(ServiceImport, whoever_asks_without_end_loses_answers_of_its_own_and_of_nobody_else) {
  std::vector<AccountOptions> accounts = exporter_and_importer();
  AccountOptions c = account_named("C");
  c.service_imports = {{"A", "q.>", "", false}};
  accounts.push_back(c);
  AccountStage stage(accounts);
  stage.send('a', "SUB q.> 9\r\n");
  stage.send('c', "SUB rep 2\r\nPUB q.x rep 1\r\nx\r\n");
  const std::string of_c = word_of(stage.take('a'), 3);
  stage.send('b', "SUB rep 2\r\nPUB q.x rep 1\r\nx\r\n");
  const std::string of_b = word_of(stage.take('a'), 3);
  stage.shard.advance(milliseconds(5));
  ask_in_vain(stage, 'b', "z", ServiceResponses::units_max + 10);
  stage.send('a', "PUB " + of_c + " 2\r\nok\r\nPUB " + of_b + " 2\r\nok\r\n");
  EXPECT_EQ(stage.take('c'), "MSG rep 2 2\r\nok\r\n");
  EXPECT_EQ(stage.take('b'), "");
}

TEST(ServiceImport, long_reply_subjects_take_more_of_the_room) {
  AccountStage stage(exporter_and_importer());
  stage.send('a', "SUB q.> 9\r\n");
  stage.send('b', "SUB rep 2\r\nPUB q.x rep 1\r\nx\r\n");
  const std::string answer = "PUB " + word_of(stage.take('a'), 3) + " 2\r\nok\r\n";
  stage.shard.advance(milliseconds(5));
  const std::string reply(3000, 'z');
  const std::size_t units = 1 + reply.size() / ServiceResponses::unit_bytes;
  ask_in_vain(stage, 'b', reply, ServiceResponses::units_max / units + 10);
  stage.send('a', answer);
  EXPECT_EQ(stage.take('b'), "");
}

TEST(ServiceImport, a_stream_that_goes_on_is_not_the_oldest) {
  AccountStage stage(exporter_and_importer());
  stage.send('a', "SUB st 9\r\nSUB q.> 8\r\n");
  stage.send('b', "SUB rep 2\r\nPUB here.st rep 1\r\nx\r\n");
  const std::string answer = "PUB " + word_of(stage.take('a'), 3) + " 2\r\nok\r\n";
  stage.shard.advance(milliseconds(5));
  ask_in_vain(stage, 'b', "z", ServiceResponses::units_max - 10);
  stage.shard.advance(milliseconds(5));
  stage.send('a', answer);
  EXPECT_EQ(stage.take('b'), "MSG rep 2 2\r\nok\r\n");
  ask_in_vain(stage, 'b', "z", 20);
  stage.send('a', answer);
  EXPECT_EQ(stage.take('b'), "MSG rep 2 2\r\nok\r\n");
}

TEST(ServiceImport, that_the_configuration_does_not_allow_is_left_out_with_a_word_in_the_log) {
  AccountOptions b = account_named("B");
  b.service_imports = {{"A", "q.x", "", false}};
  AccountStage stage({account_named("A"), b});
  stage.of('b');
  bool is_told = false;
  for (const LogLine& line : stage.shard.logs()) {
    is_told = is_told || line.text ==
                             "Import left out: Account \"B\": Error adding service import "
                             "\"q.x\": service import not authorized";
  }
  EXPECT_TRUE(is_told);
}

TEST(ServiceImport, reaches_no_exported_stream) {
  std::vector<AccountOptions> accounts = exporter_and_importer();
  accounts[0].stream_exports.push_back({"q.>", false, {}, 0});
  accounts[1].stream_imports.push_back({"A", "q.>", "seen.>"});
  AccountStage stage(accounts);
  stage.send('a', "SUB q.> 9\r\n");
  stage.send('b', "SUB seen.> 1\r\n");
  stage.send('b', "PUB q.x 1\r\nx\r\n");
  EXPECT_NE(stage.take('a'), "");
  EXPECT_EQ(stage.take('b'), "");
  stage.send('a', "PUB q.x 1\r\nx\r\n");
  EXPECT_EQ(stage.take('b'), "MSG seen.x 1 1\r\nx\r\n");
}

TEST(ServiceImport, a_cycle_that_slipped_in_stops) {
  AccountOptions a = account_named("A");
  a.service_exports = {{"x", ResponseType::singleton, false, {}, 0, seconds(120)}};
  a.mappings = {{"x", {{"y", 100, ""}}}};
  a.service_imports = {{"B", "z", "y", false}};
  AccountOptions b = account_named("B");
  b.service_exports = {{"z", ResponseType::singleton, false, {}, 0, seconds(120)}};
  b.mappings = {{"z", {{"w", 100, ""}}}};
  b.service_imports = {{"A", "x", "w", false}};
  AccountStage stage({a, b});
  EXPECT_EQ(stage.send('b', "SUB rep 1\r\nPUB w rep 1\r\nx\r\n"),
            "HMSG rep 1 33 33\r\nNATS/1.0 503\r\nNats-Subject: w\r\n\r\n\r\n");
}

// ---- reload ----

TEST(AccountReload, shadows_follow_new_imports_and_leave_with_old_ones) {
  std::vector<AccountOptions> accounts = exporter_and_importer();
  std::vector<AccountOptions> without = accounts;
  without[1].stream_imports.clear();
  AccountStage stage(without);
  stage.send('b', "SUB b.s.> 1\r\nSUB other 2\r\n");
  stage.of('a');
  stage.send('a', "PUB s.x 1\r\n1\r\n");
  EXPECT_EQ(stage.take('b'), "");
  stage.reload(accounts);
  stage.send('a', "PUB s.x 1\r\n2\r\n");
  EXPECT_EQ(stage.take('b'), "MSG b.s.x 1 1\r\n2\r\n");
  accounts[1].stream_imports[0].to = "c.s.>";
  stage.reload(accounts);
  stage.send('a', "PUB s.x 1\r\n3\r\n");
  EXPECT_EQ(stage.take('b'), "");
  stage.reload(without);
  stage.send('b', "UNSUB 1\r\n");
  EXPECT_FALSE(stage.shard.is_closed(stage.of('b')));
}

TEST(AccountReload, services_come_and_go_and_others_keep_their_answers) {
  std::vector<AccountOptions> accounts = exporter_and_importer();
  AccountOptions c = account_named("C");
  c.service_imports = {{"A", "q.>", "", false}};
  accounts.push_back(c);
  AccountStage stage(accounts);
  stage.send('a', "SUB q.> 9\r\n");
  stage.send('b', "SUB rep 2\r\nPUB q.b rep 1\r\nx\r\n");
  const std::string for_b = word_of(stage.take('a'), 3);
  stage.send('c', "SUB rep 2\r\nPUB q.c rep 1\r\nx\r\n");
  const std::string for_c = word_of(stage.take('a'), 3);
  accounts[1].service_imports.clear();
  stage.reload(accounts);
  stage.send('a', "PUB " + for_b + " 1\r\nb\r\nPUB " + for_c + " 1\r\nc\r\n");
  EXPECT_EQ(stage.take('b'), "");
  EXPECT_EQ(stage.take('c'), "MSG rep 2 1\r\nc\r\n");
  EXPECT_EQ(stage.send('b', "PUB q.b rep 1\r\nx\r\n"),
            "HMSG rep 2 35 35\r\nNATS/1.0 503\r\nNats-Subject: q.b\r\n\r\n\r\n");
}

TEST(AccountReload, an_account_that_is_new_can_export_and_import) {
  AccountStage stage({account_named("A")});
  stage.of('a');
  std::vector<AccountOptions> accounts = exporter_and_importer();
  stage.reload(accounts);
  stage.send('b', "SUB b.s.> 1\r\n");
  stage.send('a', "PUB s.x 1\r\nx\r\n");
  EXPECT_EQ(stage.take('b'), "MSG b.s.x 1 1\r\nx\r\n");
}

}  // namespace
}  // namespace rubus::test
