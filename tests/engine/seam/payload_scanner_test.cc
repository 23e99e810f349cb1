// Goal: bodies are found whatever the chunking, and nothing that the engine decides by is called a
// body. Method: conversations with marks; all two-way splits and byte by byte.
#include "engine/seam/payload_scanner.h"

#include <gtest/gtest.h>

namespace rubus {
namespace {

// Replaces bodies by dots; `chunk` bytes at a time after a first chunk of `first`.
std::string masked(std::string_view sent, std::size_t first, std::size_t chunk,
                   PayloadScanner::Flavour flavour = PayloadScanner::Flavour::client) {
  PayloadScanner scanner(flavour);
  std::string result;
  std::size_t at = 0;
  std::size_t size = first;
  while (at < sent.size()) {
    const std::string_view part = sent.substr(at, size);
    std::vector<PayloadScanner::Run> runs;
    scanner.scan(part, runs);
    std::size_t within = 0;
    for (const PayloadScanner::Run& run : runs) {
      result +=
          run.is_body ? std::string(run.size, '.') : std::string(part.substr(within, run.size));
      within += run.size;
    }
    EXPECT_EQ(within, part.size());
    at += part.size();
    size = chunk;
  }
  return result;
}

void expect_masked(std::string_view sent, std::string_view expected,
                   PayloadScanner::Flavour flavour = PayloadScanner::Flavour::client) {
  for (std::size_t first = 1; first <= sent.size(); ++first) {
    EXPECT_EQ(masked(sent, first, sent.size(), flavour), expected) << "first chunk " << first;
  }
  EXPECT_EQ(masked(sent, 1, 1, flavour), expected);
}

TEST(PayloadScanner, finds_bodies_of_pub_and_hpub_in_any_case) {
  expect_masked("PUB a 3\r\nabc\r\npub a r 1\r\nx\r\nHPuB a 2 4\r\nHHxx\r\nPING\r\n",
                "PUB a 3\r\n...\r\npub a r 1\r\n.\r\nHPuB a 2 4\r\nHH..\r\nPING\r\n");
}

TEST(PayloadScanner, accepts_tabs_runs_of_blanks_and_bare_line_ends) {
  expect_masked("PUB\t a \t 3 \nabc\r\nPUB a 0\r\n\r\nPUB a 2\r\nxx\r\n",
                "PUB\t a \t 3 \n...\r\nPUB a 0\r\n\r\nPUB a 2\r\n..\r\n");
}

TEST(PayloadScanner, a_body_that_looks_like_a_command_is_a_body) {
  expect_masked("PUB a 11\r\nPUB b 99\r\n\n\r\nSUB x 1\r\n",
                "PUB a 11\r\n...........\r\nSUB x 1\r\n");
}

TEST(PayloadScanner, keeps_bodies_published_to_dollar_subjects) {
  expect_masked("PUB $JS.API.INFO 3\r\nabc\r\nPUB a 3\r\nabc\r\n",
                "PUB $JS.API.INFO 3\r\nabc\r\nPUB a 3\r\n...\r\n");
}

TEST(PayloadScanner, keeps_everything_after_a_line_it_does_not_understand) {
  for (const std::string line :
       {"PUB a\r\n", "PUB a b c 3\r\n", "PUB a -3\r\n", "PUB a 1234567890\r\n", "PUBa 3 3\r\n",
        "HPUB a 5 3\r\n", "HPUB a 3\r\n", "PUB a 3\r\r\n", "PUB a 3\rx\n"}) {
    const std::string sent = line + "abc\r\nPUB a 3\r\nabc\r\n";
    expect_masked(sent, sent);
  }
}

TEST(PayloadScanner, an_endless_line_is_not_held_for_ever) {
  const std::string line = "PUB " + std::string(PayloadScanner::held_bytes_max, 'a');
  EXPECT_EQ(masked(line + " 3\r\nabc\r\nPUB a 3\r\nabc\r\n", 1000, 1000),
            line + " 3\r\nabc\r\nPUB a 3\r\nabc\r\n");
}

TEST(PayloadScanner, an_endless_ping_holds_nothing_and_the_next_line_counts) {
  const std::string ping = "PING" + std::string(300'000, 'x') + "\r\n";
  EXPECT_EQ(masked(ping + "PUB a 3\r\nabc\r\n", 1000, 1000), ping + "PUB a 3\r\n...\r\n");
}

TEST(PayloadScanner, finds_bodies_of_every_message_form_of_a_route) {
  expect_masked(
      "RMSG $G a 3\r\nabc\r\nRMSG A a.b r 1\r\nx\r\nRMSG A a + r q1 q2 2\r\nxx\r\n"
      "rmsg A a | q 2\r\nxx\r\nHMSG A a r 2 4\r\nHHxx\r\nLMSG L A a | q 2 4\r\nHHxx\r\nPING\r\n",
      "RMSG $G a 3\r\n...\r\nRMSG A a.b r 1\r\n.\r\nRMSG A a + r q1 q2 2\r\n..\r\n"
      "rmsg A a | q 2\r\n..\r\nHMSG A a r 2 4\r\nHH..\r\nLMSG L A a | q 2 4\r\nHH..\r\nPING\r\n",
      PayloadScanner::Flavour::route);
}

TEST(PayloadScanner, finds_bodies_of_leafs_where_no_account_stands) {
  expect_masked("LMSG a 3\r\nabc\r\nLMSG a + r q 1\r\nx\r\nHMSG a 2 4\r\nHHxx\r\nLS+ a\r\n",
                "LMSG a 3\r\n...\r\nLMSG a + r q 1\r\n.\r\nHMSG a 2 4\r\nHH..\r\nLS+ a\r\n",
                PayloadScanner::Flavour::leaf);
}

TEST(PayloadScanner, a_dollar_account_is_no_dollar_subject) {
  expect_masked("RMSG $SYS $SYS.REQ.SERVER.PING r 2\r\n{}\r\nRMSG $G a 2\r\n{}\r\n",
                "RMSG $SYS $SYS.REQ.SERVER.PING r 2\r\n{}\r\nRMSG $G a 2\r\n..\r\n",
                PayloadScanner::Flavour::route);
}

TEST(PayloadScanner, what_a_peer_says_wrongly_is_kept_from_there_on) {
  for (const std::string line : {"RMSG A 3\r\n", "RMSG A a x\r\n", "HMSG A a 9 3\r\n",
                                 "LMSG L A a 3\r\n", "RMSGx A a 3\r\n"}) {
    const std::string sent = line + "abc\r\nRMSG A a 3\r\nabc\r\n";
    expect_masked(sent, sent, PayloadScanner::Flavour::route);
  }
}

TEST(PayloadScanner, verbs_of_clients_announce_nothing_on_a_route) {
  expect_masked("PUB a 3\r\nabc\r\nRMSG A a 3\r\nabc\r\n",
                "PUB a 3\r\nabc\r\nRMSG A a 3\r\n...\r\n", PayloadScanner::Flavour::route);
}

}  // namespace
}  // namespace rubus
