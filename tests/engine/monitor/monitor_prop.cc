// Laws of the monitoring documents: any question is answered, pages partition the list, orders are
// orders.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "engine/base/json_reader.h"
#include "tests/engine/monitor/monitor_stage.h"

namespace rubus::test {
namespace {

using Texts = std::vector<std::string>;

std::vector<std::int64_t> numbers(const std::string& body, const std::string& name) {
  const std::string key = "\n      \"" + name + "\": ";
  std::vector<std::int64_t> found;
  for (std::size_t at = body.find(key); at != std::string::npos; at = body.find(key, at + 1)) {
    found.push_back(std::stoll(body.substr(at + key.size())));
  }
  return found;
}

bool is_json(const std::string& text) {
  JsonReader reader(text);
  return reader.skip_value() && reader.at_end();
}

// Some clients with some subscriptions and messages; some of them gone.
void populate(MonitorStage& stage, std::size_t clients) {
  for (std::size_t count = 0; count < clients; ++count) {
    std::string more;
    const int subscriptions = *rc::gen::inRange(0, 5);
    for (int sid = 0; sid < subscriptions; ++sid) {
      more.append("SUB s.").append(std::to_string(*rc::gen::inRange(0, 3)));
      more.append(" ").append(std::to_string(sid)).append("\r\n");
    }
    const int messages = *rc::gen::inRange(0, 4);
    for (int message = 0; message < messages; ++message) {
      more.append("PUB s.1 2\r\nhi\r\n");
    }
    const int client = stage.connect(more);
    stage.advance(milliseconds(*rc::gen::inRange(0, 2000)));
    if (*rc::gen::inRange(0, 4) == 0) {
      stage.hang_up(client);
    }
  }
}

RC_GTEST_PROP(Monitor, any_question_is_answered_with_a_document_or_a_refusal, ()) {
  MonitorStage stage;
  populate(stage, *rc::gen::inRange<std::size_t>(0, 4));
  const std::string path = *rc::gen::elementOf(
      Texts{"/varz", "/connz", "/subsz", "/subscriptionsz", "/healthz", "/", "", "/connz/"});
  std::string query;
  const int pieces = *rc::gen::inRange(0, 12);
  for (int piece = 0; piece < pieces; ++piece) {
    query.append(*rc::gen::oneOf(rc::gen::elementOf(Texts{"sort=",
                                                          "subs=",
                                                          "auth=",
                                                          "offset=",
                                                          "limit=",
                                                          "cid=",
                                                          "state=",
                                                          "user=",
                                                          "acc=",
                                                          "test=",
                                                          "details=",
                                                          "&",
                                                          "&",
                                                          "&",
                                                          "=",
                                                          "%",
                                                          "+",
                                                          ";",
                                                          "%41",
                                                          "detail",
                                                          "closed",
                                                          "any",
                                                          "stop",
                                                          "rtt",
                                                          "$G",
                                                          "1",
                                                          "-1",
                                                          "9223372036854775807",
                                                          "18446744073709551615",
                                                          "true"}),
                                 rc::gen::string<std::string>()));
  }
  const MonitorReply reply = stage.ask(path, query);
  RC_ASSERT(reply.status == 200 || reply.status == 400 || reply.status == 404);
  RC_ASSERT(reply.is_json == is_json(reply.body));
  RC_ASSERT(reply.status != 200 || reply.is_json);
}

RC_GTEST_PROP(Connz, pages_partition_the_list, ()) {
  MonitorStage stage;
  populate(stage, *rc::gen::inRange<std::size_t>(0, 12));
  const std::string shared =
      *rc::gen::elementOf(Texts{"state=any", "state=closed", "state=open", "state=any&sort=subs",
                                "state=any&sort=last", "state=closed&sort=stop"});
  const std::size_t limit = *rc::gen::inRange<std::size_t>(1, 5);
  const std::vector<std::int64_t> whole = numbers(stage.body("/connz", shared), "cid");
  std::vector<std::int64_t> joined;
  for (std::size_t offset = 0; offset < whole.size() + limit; offset += limit) {
    const std::vector<std::int64_t> page =
        numbers(stage.body("/connz", shared + "&limit=" + std::to_string(limit) +
                                         "&offset=" + std::to_string(offset)),
                "cid");
    RC_ASSERT(page.size() <= limit);
    joined.insert(joined.end(), page.begin(), page.end());
  }
  RC_ASSERT(joined == whole);
}

RC_GTEST_PROP(Subsz, pages_partition_the_list, ()) {
  MonitorStage stage;
  populate(stage, *rc::gen::inRange<std::size_t>(0, 8));
  const std::size_t limit = *rc::gen::inRange<std::size_t>(1, 5);
  const std::vector<std::int64_t> whole = numbers(stage.body("/subsz", "subs=1"), "cid");
  std::vector<std::int64_t> joined;
  for (std::size_t offset = 0; offset < whole.size() + limit; offset += limit) {
    const std::vector<std::int64_t> page =
        numbers(stage.body("/subsz", "subs=1&limit=" + std::to_string(limit) +
                                         "&offset=" + std::to_string(offset)),
                "cid");
    joined.insert(joined.end(), page.begin(), page.end());
  }
  RC_ASSERT(joined == whole);
  RC_ASSERT(std::is_sorted(whole.begin(), whole.end()));
}

RC_GTEST_PROP(Connz, a_sort_reorders_and_loses_nothing, ()) {
  MonitorStage stage;
  populate(stage, *rc::gen::inRange<std::size_t>(0, 12));
  const std::vector<std::pair<std::string, std::string>> orders = {
      {"subs", "subscriptions"}, {"pending", "pending_bytes"}, {"msgs_to", "out_msgs"},
      {"msgs_from", "in_msgs"},  {"bytes_to", "out_bytes"},    {"bytes_from", "in_bytes"}};
  const auto [name, shown] = *rc::gen::elementOf(orders);
  const std::string body = stage.body("/connz", "state=any&sort=" + name);
  const std::vector<std::int64_t> keys = numbers(body, shown);
  RC_ASSERT(std::is_sorted(keys.rbegin(), keys.rend()));
  std::vector<std::int64_t> sorted = numbers(body, "cid");
  std::sort(sorted.begin(), sorted.end());
  RC_ASSERT(sorted == numbers(stage.body("/connz", "state=any"), "cid"));
}

}  // namespace
}  // namespace rubus::test
