// Options and filters of $SYS requests, read alone.
#include <gtest/gtest.h>

#include "engine/system/system_request.h"
#include "tests/engine/system/system_stage.h"

namespace rubus::test {

namespace {

class SystemRequest : public testing::Test {
 protected:
  SystemRequest() : context_(system_options(), 1, WallTime{1}, pool_) {}
  SystemOptions read(SystemZone zone, std::string_view json) {
    return read_options(context_, zone, json);
  }

 private:
  BlockPool pool_;
  EngineContext context_;
};

}  // namespace

TEST_F(SystemRequest, nothing_asks_for_nothing_special) {
  const SystemOptions options = read(SystemZone::connz, "");
  EXPECT_TRUE(options.is_meant);
  EXPECT_EQ(options.query, "");
  EXPECT_EQ(options.fault, "");
}

TEST_F(SystemRequest, options_become_parameters) {
  EXPECT_EQ(read(SystemZone::connz, R"({"state":1,"user":"a b","auth":true,"offset":3})").query,
            "state=closed&user=a%20b&auth=1&offset=3");
  EXPECT_EQ(read(SystemZone::connz, R"({"auth":false,"state":0})").query, "state=open");
  EXPECT_EQ(read(SystemZone::leafz, R"({"account":"X","subscriptions":true})").query,
            "acc=X&subs=1");
  EXPECT_EQ(read(SystemZone::healthz, R"({"account":"X"})").query, "account=X");
}

TEST_F(SystemRequest, details_win_over_plain_lists) {
  EXPECT_EQ(read(SystemZone::connz, R"({"subscriptions":true,"subscriptions_detail":true})").query,
            "subs=detail&subs=1");
}

TEST_F(SystemRequest, unknown_options_and_null_are_no_fault) {
  const SystemOptions options = read(SystemZone::varz, R"({"what":[1,{}],"sort":null})");
  EXPECT_EQ(options.fault, "");
  EXPECT_EQ(options.query, "");
}

TEST_F(SystemRequest, what_is_not_json_or_of_another_kind_is_a_fault) {
  for (const char* bad : {"{", "x", "[]", "{}x", R"({"limit":"1"})", R"({"sort":1})"}) {
    EXPECT_NE(read(SystemZone::connz, bad).fault, "") << bad;
  }
}

}  // namespace rubus::test
