// Parameters and their complaints; every expected text was answered by a running nats-server.
#include "engine/monitor/query.h"

#include <gtest/gtest.h>

#include "tests/engine/monitor/monitor_stage.h"

namespace rubus::test {

TEST(Query, the_first_of_repeated_names_counts) {
  Query query("limit=5&limit=x&=5&&offset");
  EXPECT_EQ(query.integer("limit"), 5);
  EXPECT_EQ(query.integer("offset"), 0);
  EXPECT_FALSE(query.has_fault());
}

TEST(Query, decodes_percent_and_plus_and_leaves_out_what_it_cannot_decode) {
  Query query("user=a%20b+c%3D&acc=%zz&name%=1&x=1;y=2&last=%4");
  EXPECT_EQ(query.text("user"), "a b c=");
  EXPECT_EQ(query.text("acc"), "");
  EXPECT_EQ(query.text("x"), "");
  EXPECT_EQ(query.text("last"), "");
}

TEST(PageAsked, a_page_beyond_the_end_is_empty) {
  Query query("offset=9223372036854775807&limit=9223372036854775807");
  const PageAsked asked = PageAsked::read(query);
  EXPECT_EQ(asked.of(3).first, 3U);
  EXPECT_EQ(asked.of(3).last, 3U);
}

struct Refusal {
  const char* path;
  const char* query;
  const char* text;
};

class RefusalTest : public ::testing::TestWithParam<Refusal> {};

TEST_P(RefusalTest, is_answered_with_the_text_of_the_real_server) {
  MonitorStage stage;
  const MonitorReply reply = stage.ask(GetParam().path, GetParam().query);
  EXPECT_EQ(reply.status, 400);
  EXPECT_FALSE(reply.is_json);
  EXPECT_EQ(reply.body, GetParam().text);
}

#define BAD_BOOLEAN(name, value)                                               \
  "Error decoding boolean for '" name "': strconv.ParseBool: parsing \"" value \
  "\": invalid "                                                               \
  "syntax"
#define BAD_INTEGER(name, value) \
  "Error decoding int for '" name "': strconv.Atoi: parsing \"" value "\": invalid syntax"

INSTANTIATE_TEST_SUITE_P(
    Monitor, RefusalTest,
    ::testing::Values(
        Refusal{"/connz", "sort=foo", "invalid sorting option: foo"},
        Refusal{"/connz", "sort=CID", "invalid sorting option: CID"},
        Refusal{"/connz", "sort=foo&auth=x", BAD_BOOLEAN("auth", "x")},
        Refusal{"/connz", "auth=x&subs=y&offset=z", BAD_BOOLEAN("auth", "x")},
        Refusal{"/connz", "subs=y&offset=z&limit=w", BAD_BOOLEAN("subs", "y")},
        Refusal{"/connz", "limit=w&offset=z", BAD_INTEGER("offset", "z")},
        Refusal{"/connz", "limit=abc", BAD_INTEGER("limit", "abc")},
        Refusal{"/connz", "limit=+5", BAD_INTEGER("limit", " 5")},
        Refusal{"/connz", "limit=99999999999999999999x",
                "Error decoding int for 'limit': strconv.Atoi: parsing "
                "\"99999999999999999999x\": value out of range"},
        Refusal{"/connz", "cid=-1",
                "Error decoding uint64 for 'cid': strconv.ParseUint: parsing \"-1\": "
                "invalid syntax"},
        Refusal{"/connz", "cid=x&state=y",
                "Error decoding uint64 for 'cid': strconv.ParseUint: parsing \"x\": "
                "invalid syntax"},
        Refusal{"/connz", "limit=%zz&auth=q", BAD_BOOLEAN("auth", "q")},
        Refusal{"/connz", "state=x&sort=foo", "Error decoding state for x"},
        Refusal{"/connz", "sort=stop", "sort by stop only valid on closed connections"},
        Refusal{"/connz", "sort=reason&state=all",
                "sort by reason only valid on closed connections"},
        Refusal{"/subsz", "subs=detail", BAD_BOOLEAN("subs", "detail")},
        Refusal{"/subsz", "test=a.*&limit=x", BAD_INTEGER("limit", "x")},
        Refusal{"/subsz", "test=foo.*",
                "invalid test subject, must be valid publish subject: foo.*"},
        Refusal{"/subscriptionsz", "test=foo..bar",
                "invalid test subject, must be valid publish subject: foo..bar"},
        Refusal{"/healthz", "details=x", BAD_BOOLEAN("details", "x")},
        Refusal{"/healthz", "js-enabled=w&js-enabled-only=x", BAD_BOOLEAN("js-enabled", "w")},
        Refusal{"/healthz", "js-meta-only=z&details=k", BAD_BOOLEAN("js-meta-only", "z")}));

}  // namespace rubus::test
