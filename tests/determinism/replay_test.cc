// Goal: a recording gives the same states again, with payload bodies left out as well; and a
// recording that was changed, cut or made by another engine is told apart.
#include "sim/replay.h"

#include <gtest/gtest.h>

#include "sim/swarm.h"
#include "sim/world.h"

namespace rubus::sim {
namespace {

RunResult record(std::uint64_t seed, bool elides_payloads) {
  RunOptions options;
  options.has_trace = false;
  options.keeps_digests = true;
  options.keeps_recording = true;
  options.elides_payloads = elides_payloads;
  return run_scenario(swarm_scenario(seed, SwarmSize{}), options);
}

TEST(Replay, reaches_every_recorded_digest_again) {
  std::uint64_t compared = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    const RunResult run = record(seed, false);
    const ReplayResult again = replay(run.recording, ReplayOptions{});
    ASSERT_TRUE(again.is_equal) << "seed " << seed << ": " << again.why;
    ASSERT_FALSE(again.is_torn);
    compared += again.digests;
  }
  EXPECT_GT(compared, 300U);
}

TEST(Replay, decides_the_same_without_the_payload_bodies) {
  std::uint64_t saved = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    const RunResult whole = record(seed, false);
    const RunResult elided = record(seed, true);
    saved += whole.recording.size() - elided.recording.size();
    const ReplayResult again = replay(elided.recording, ReplayOptions{});
    ASSERT_TRUE(again.is_equal) << "seed " << seed << ": " << again.why;
  }
  EXPECT_GT(saved, 10'000U);
}

TEST(Replay, a_recording_cut_short_is_equal_as_far_as_it_goes) {
  const RunResult run = record(7, true);
  const ReplayResult again =
      replay(std::string_view(run.recording).substr(0, run.recording.size() / 2), ReplayOptions{});
  EXPECT_TRUE(again.is_torn);
  EXPECT_TRUE(again.is_equal) << again.why;
}

TEST(Replay, a_digest_of_another_engine_is_found_at_its_step) {
  BlockPool pool;
  std::string file;
  encode_header({1, {5}, true, "another", server_options(Scenario{})}, file);
  RecordingWriter writer(true);
  for (std::int64_t step = 1; step <= 64; ++step) {
    writer.append_batch({{step}, {5}, {}}, file);
  }
  writer.append_digest(12345, file);
  writer.append_end(12345, file);
  const ReplayResult result = replay(file, ReplayOptions{});
  EXPECT_FALSE(result.is_equal);
  EXPECT_EQ(result.first_difference, 64U);
  EXPECT_EQ(result.digests, 2U);
}

}  // namespace
}  // namespace rubus::sim
