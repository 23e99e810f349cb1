// Goal: a scenario and its text are the same thing, and a wrong word is named with its line.
#include "sim/scenario.h"

#include <gtest/gtest.h>

#include "sim/shrink.h"
#include "sim/swarm.h"

namespace rubus::sim {
namespace {

TEST(Scenario, the_text_form_gives_back_the_same_scenario) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const std::string text = scenario_text(swarm_scenario(seed, SwarmSize{}));
    std::string why;
    const std::optional<Scenario> back = parse_scenario(text, why);
    ASSERT_TRUE(back) << why << "\n" << text;
    EXPECT_EQ(scenario_text(*back), text);
  }
}

TEST(Scenario, the_same_seed_gives_the_same_scenario) {
  EXPECT_EQ(scenario_text(swarm_scenario(7, SwarmSize{})),
            scenario_text(swarm_scenario(7, SwarmSize{})));
  EXPECT_NE(scenario_text(swarm_scenario(7, SwarmSize{})),
            scenario_text(swarm_scenario(8, SwarmSize{})));
}

struct Refusal {
  std::string_view text;
  std::string_view why;
};

TEST(Scenario, an_unknown_word_is_refused_with_its_line) {
  const Refusal refusals[] = {
      {"seed 1\n", "line 1: the first line is \"scenario 1\", not \"seed 1\""},
      {"", "line 1: the first line is \"scenario 1\""},
      {"scenario 1\nknob speed 3\n", "line 2: not a knob and a value: \"speed\""},
      {"scenario 1\nknob turn_us x\n", "line 2: not a number in range: \"x\""},
      {"scenario 1\nclient colour=red\n", "line 2: a client has no \"colour=red\""},
      {"scenario 1\nclient\n5 1 ping\n", "line 3: not a number in range: \"1\""},
      {"scenario 1\nclient\n\n5 0 pong\n", "line 4: no such step: \"pong\""},
      {"scenario 1\nclient\n5 0 ping now\n", "line 3: ping has no \"now\""},
      {"scenario 1\nclient\n5 0 publish\n", "line 3: what follows is missing: \"publish\""},
      {"scenario 1\nclient\n5 0 ping\n4 0 ping\n",
       "line 4: steps are sorted by time; too late for \"4\""},
      {"scenario 1\nuser\n", "line 2: a user needs a name: \"user\""},
      {"scenario 1\nhello\n", "line 2: no such line: \"hello\""},
      {"scenario 1\nclient\n1 0 malformed soup\n", "line 3: no such malformed input: \"soup\""},
  };
  for (const Refusal& refusal : refusals) {
    std::string why;
    EXPECT_FALSE(parse_scenario(refusal.text, why)) << refusal.text;
    EXPECT_EQ(why, refusal.why);
  }
}

TEST(Shrink, finds_the_one_step_that_matters) {
  Scenario scenario = swarm_scenario(3, SwarmSize{6, 100});
  scenario.steps.resize(std::min<std::size_t>(scenario.steps.size(), 60));
  ScenarioStep wanted = scenario.steps.front();
  wanted.kind = StepKind::publish;
  wanted.subject = "the.one";
  scenario.steps.front() = wanted;
  const auto still_fails = [](const Scenario& simpler) {
    for (const ScenarioStep& step : simpler.steps) {
      if (step.subject == "the.one") {
        return true;
      }
    }
    return false;
  };
  const Scenario small = shrunk(scenario, still_fails, 2000);
  ASSERT_EQ(small.steps.size(), 1U);
  EXPECT_EQ(small.steps.front().subject, "the.one");
  EXPECT_TRUE(small.users.empty());
  EXPECT_EQ(small.links.size(), 1U);
}

}  // namespace
}  // namespace rubus::sim
