// Goal: what others are told about this server is what they can use.
#include "io/server_identity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

namespace rubus::io {
namespace {

// Recorded from nats-server 2.15: names A and B.
TEST(ServerIdentity, the_node_hash_is_that_of_nats_server) {
  EXPECT_EQ(node_hash("A"), "NUmM6cRx");
  EXPECT_EQ(node_hash("B"), "b2oh2L6w");
}

TEST(ServerIdentity, a_made_up_cluster_name_is_a_word_that_no_other_server_makes_up) {
  EntropySource entropy;
  const std::string name = make_cluster_name(entropy);
  EXPECT_EQ(name.size(), 22U);
  EXPECT_TRUE(std::all_of(name.begin(), name.end(), [](unsigned char letter) {
    return std::isalnum(letter) != 0;
  })) << name;
  EXPECT_NE(name, make_cluster_name(entropy));
}

TEST(ServerIdentity, a_host_that_is_named_is_told_as_it_is) {
  EXPECT_EQ(reachable_urls("localhost", 4222), std::vector<std::string>{"localhost:4222"});
  EXPECT_EQ(reachable_urls("::1", 4222), std::vector<std::string>{"[::1]:4222"});
  EXPECT_EQ(reachable_host("10.0.0.1"), "10.0.0.1");
}

TEST(ServerIdentity, of_every_address_only_those_are_told_that_others_can_reach) {
  for (const char* host : {"", "0.0.0.0", "::"}) {
    for (const std::string& url : reachable_urls(host, 4222)) {
      EXPECT_TRUE(url.ends_with(":4222")) << url;
      EXPECT_FALSE(url.starts_with("127.") || url.starts_with("[::1]") ||
                   url.starts_with("0.0.0.0"))
          << url;
      EXPECT_FALSE(url.starts_with("[fe80:")) << url;
    }
  }
}

}  // namespace
}  // namespace rubus::io
