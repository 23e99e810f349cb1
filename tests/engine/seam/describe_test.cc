// Goal: a person can read a value of the seam.
#include "engine/seam/describe.h"

#include <gtest/gtest.h>

#include "tests/engine/seam/seam_examples.h"

namespace rubus {
namespace {

std::string described(const Input& input) {
  std::string text;
  describe(input, text);
  return text;
}

TEST(Describe, an_input_shows_its_kind_and_fields) {
  BlockPool pool;
  EXPECT_EQ(described(BytesReceived{{3, 1}, Slice::copy_of(pool, "PUB \"a\" 1\r\n\x01")}),
            R"(BytesReceived{connection=3/1 bytes="PUB \"a\" 1\r\n\x01"})");
  EXPECT_EQ(described(ConnectionClosed{{3, 1}, CloseCause::read_error}),
            "ConnectionClosed{connection=3/1 cause=read_error}");
  EXPECT_EQ(described(JobDone{{5}, true}), "JobDone{ticket={value=5} accepted=yes}");
  EXPECT_EQ(described(LameDuckRequested{}), "LameDuckRequested{}");
}

TEST(Describe, long_bytes_are_cut_and_counted) {
  std::string text;
  describe_bytes(std::string(described_bytes_max + 5, 'x'), text);
  EXPECT_EQ(text, '"' + std::string(described_bytes_max, 'x') + "\"+5");
}

TEST(Describe, an_output_lists_only_what_is_wanted) {
  Output output;
  std::string text;
  describe(output, text);
  EXPECT_EQ(text, "");
  output.sendable.push_back({1, 2});
  output.closes.push_back({{1, 2}, true});
  output.jobs.push_back({{8}, JobKind::ed25519_verify, "", "", ""});
  output.stop_listening = true;
  describe(output, text);
  EXPECT_EQ(text, "  sendable 1/2\n  close after flush 1/2\n  job ed25519 8\n  stop listening\n");
}

}  // namespace
}  // namespace rubus
