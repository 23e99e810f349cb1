// Goal: the parts around clusters do what they say: agenda, names, paths, JSON form, text form.
#include <gtest/gtest.h>

#include "sim/cluster/agenda.h"
#include "sim/cluster/cluster_client.h"
#include "sim/cluster/cluster_swarm.h"
#include "sim/cluster/json_form.h"
#include "sim/cluster/network.h"
#include "sim/cluster/node_options.h"
#include "sim/cluster/resolver.h"

namespace rubus::sim {
namespace {

Scenario pair_of_nodes() {
  Scenario scenario;
  scenario.nodes.resize(2);
  scenario.services.push_back({"cluster", {0, 1}});
  return scenario;
}

TEST(Agenda, entries_of_one_time_happen_in_the_order_of_their_coming) {
  Agenda agenda;
  std::string order;
  agenda.add(Instant{5}, [&order] { order += "b"; });
  agenda.add(Instant{1}, [&order] { order += "a"; });
  agenda.add(Instant{5}, [&order] { order += "c"; });
  while (!agenda.empty()) {
    agenda.take()();
  }
  EXPECT_EQ(order, "abc");
}

TEST(Resolver, a_service_names_those_of_its_nodes_that_are_up) {
  const Scenario scenario = pair_of_nodes();
  Resolver resolver(scenario);
  EXPECT_EQ(resolver.find("cluster", {{0, true}, {3, true}}, Instant{}).addresses.size(), 2U);
  const HostAddresses found = resolver.find("cluster", {{0, false}, {3, true}}, Instant{});
  ASSERT_EQ(found.addresses.size(), 1U);
  EXPECT_EQ(host_text(found.addresses[0]), "10.0.3.2");
}

TEST(Resolver, forgets_and_is_stale_for_a_while_only) {
  const Scenario scenario = pair_of_nodes();
  Resolver resolver(scenario);
  const std::vector<Resolver::Place> places = {{0, true}, {3, true}};
  resolver.forget("node1", Instant{10});
  EXPECT_EQ(resolver.find("node1", places, Instant{5}).trouble, "no such host");
  resolver.keep_stale("node1", Instant{20});
  EXPECT_EQ(host_text(resolver.find("node1", places, Instant{15}).addresses.at(0)), "10.0.0.2");
  EXPECT_EQ(host_text(resolver.find("node1", places, Instant{25}).addresses.at(0)), "10.0.3.2");
  EXPECT_EQ(resolver.find("elsewhere", places, Instant{25}).addresses.size(), 0U);
}

class Path : public ::testing::Test {
 protected:
  Path() : scenario_(pair_of_nodes()), network_(scenario_, agenda_, now_) {
    network_.on_arrival = [this](Wire& wire, std::size_t end) {
      while (wire.to(end).has_arrived()) {
        arrived_ += wire.to(end).take(1000);
      }
    };
    network_.on_reset = [this](Wire&, std::size_t end) { resets_ += std::to_string(end); };
    network_.on_space = [](Wire&, std::size_t) {};
  }
  Wire& wire() {
    return network_.make(ConnectionKind::route, {true, 0, 1, 0, true, false},
                         {true, 1, 1, 0, true, false});
  }
  void say(Wire& wire, const std::string& bytes) {
    wire.from(0).send(now_, bytes);
    network_.arm(wire);
  }
  void wait(Duration time) {
    const Instant until = now_ + time;
    while (!agenda_.empty() && agenda_.next() <= until) {
      now_ = agenda_.next();
      agenda_.take()();
    }
    now_ = until;
  }

  Scenario scenario_;
  Agenda agenda_;
  Instant now_{1'000'000};
  ClusterNetwork network_;
  std::string arrived_;
  std::string resets_;
};

TEST_F(Path, a_blocked_path_holds_bytes_until_every_fault_has_ended) {
  Wire& one = wire();
  network_.block(0, 1);
  network_.block(0, 1);
  say(one, "abc");
  network_.unblock(0, 1);
  wait(seconds(5));
  EXPECT_EQ(arrived_, "");
  network_.unblock(0, 1);
  wait(seconds(1));
  EXPECT_EQ(arrived_, "abc");
}

TEST_F(Path, a_path_blocked_one_way_lets_the_other_way_pass) {
  network_.block(1, 0);
  Wire& one = wire();
  say(one, "abc");
  wait(seconds(1));
  EXPECT_EQ(arrived_, "abc");
}

TEST_F(Path, a_lost_process_resets_its_peer_and_a_lost_host_does_not) {
  Wire& one = wire();
  network_.lose_socket(one, 1, true);
  say(one, "abc");
  wait(seconds(1));
  EXPECT_EQ(resets_, "");
  network_.host_is_up(1);
  say(one, "def");
  wait(seconds(1));
  EXPECT_EQ(resets_, "0");
  Wire& other = wire();
  network_.lose_socket(other, 1, false);
  wait(seconds(1));
  EXPECT_EQ(resets_, "00");
}

TEST_F(Path, a_reset_waits_for_the_path_to_open) {
  Wire& one = wire();
  network_.block(1, 0);
  network_.lose_socket(one, 1, false);
  wait(seconds(1));
  EXPECT_EQ(resets_, "");
  network_.unblock(1, 0);
  wait(seconds(1));
  EXPECT_EQ(resets_, "0");
}

TEST_F(Path, a_swallowed_wire_carries_nothing_and_says_nothing) {
  Wire& one = wire();
  network_.swallow(0, 1);
  say(one, "abc");
  network_.lose_socket(one, 1, false);
  wait(seconds(100));
  EXPECT_EQ(arrived_ + resets_, "");
}

TEST(JsonForm, takes_what_is_json_and_nothing_else) {
  for (const std::string_view good :
       {"{}", "[]", "{\"a\":[1,-2.5e3,true,null,\"x\\\"y\"]}", " [ { \"a\" : { } } ] "}) {
    EXPECT_TRUE(is_well_formed_json(good)) << good;
  }
  for (const std::string_view bad : {"", "{", "{\"a\"}", "[1,]", "{\"a\":1}x", "{a:1}", "\"\n\""}) {
    EXPECT_FALSE(is_well_formed_json(bad)) << bad;
  }
}

TEST(ClusterClient, learns_the_servers_that_info_names) {
  ClusterClient client(0, Knobs{});
  client.learn("{\"x\":1,\"connect_urls\":[\"10.0.0.1:4222\",\"10.0.2.3:4222\"],\"y\":2}");
  ASSERT_EQ(client.learned.size(), 2U);
  EXPECT_EQ(host_text(client.learned[1]), "10.0.2.3");
  EXPECT_EQ(client.learned[1].port, 4222);
  client.learn("{\"connect_urls\":[]}");
  EXPECT_TRUE(client.learned.empty());
}

TEST(ClusterScenario, every_drawn_scenario_survives_its_text_form) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const std::string text = scenario_text(cluster_scenario(seed, ClusterSize{}));
    std::string why;
    const std::optional<Scenario> again = parse_scenario(text, why);
    ASSERT_TRUE(again) << why << "\n" << text;
    EXPECT_EQ(scenario_text(*again), text);
  }
}

TEST(ClusterScenario, what_does_not_fit_is_named_with_its_line) {
  const std::string head = "scenario 1\nseed 1\nnode\nnode shards=2 routes=node0,cluster\n";
  for (const std::string_view bad :
       {"node shards=0", "node color=red", "service x", "service x nodes=5", "5 net burn nodes=0",
        "5 net crash nodes=2", "5 net crash color=red", "5 net cut us=x"}) {
    std::string why;
    EXPECT_FALSE(parse_scenario(head + std::string(bad) + "\n", why)) << bad;
    EXPECT_EQ(why.substr(0, 7), "line 5:") << bad;
  }
}

}  // namespace
}  // namespace rubus::sim
