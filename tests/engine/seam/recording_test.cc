// Goal: a recording gives back header, batches and digests; damage and crashes are told apart.
#include "engine/seam/recording.h"

#include <gtest/gtest.h>

#include "engine/seam/describe.h"
#include "tests/engine/seam/seam_examples.h"

namespace rubus {
namespace {

std::string example_file(BlockPool& pool, std::uint64_t steps) {
  std::string file;
  encode_header({42, {99}, true, "abc1234", test::full_options()}, file);
  RecordingWriter writer(true);
  for (std::uint64_t step = 1; step <= steps; ++step) {
    const OwnedBatch batch = test::full_batch(pool, "PUB a 6\r\nhidden\r\n");
    writer.append_batch(batch.view(), file);
    if (writer.wants_digest()) {
      writer.append_digest(step * 3, file);
    }
  }
  writer.append_end(7, file);
  return file;
}

TEST(Recording, gives_back_what_was_written) {
  BlockPool pool;
  const std::string file = example_file(pool, 130);
  EXPECT_EQ(file.find("hidden"), std::string::npos);
  RecordingReader reader(file);
  RecordingHeader header;
  ASSERT_TRUE(reader.read_header(header)) << reader.why();
  EXPECT_EQ(header.seed, 42U);
  EXPECT_EQ(header.started.nanoseconds, 99);
  EXPECT_EQ(header.build, "abc1234");
  EXPECT_TRUE(header.elides_payloads);
  EXPECT_EQ(header.options.identity.host, "host.example");
  std::uint64_t batches = 0;
  std::uint64_t digests = 0;
  RecordingReader::Kind kind = reader.next(pool);
  for (; kind == RecordingReader::Kind::batch || kind == RecordingReader::Kind::digest;
       kind = reader.next(pool)) {
    if (kind == RecordingReader::Kind::batch) {
      ++batches;
      EXPECT_EQ(std::get<BytesReceived>(reader.batch().inputs.at(1)).bytes.view(),
                "PUB a 6\r\n......\r\n");
    } else {
      ++digests;
      EXPECT_EQ(reader.digest().step, digests * recording_digest_interval);
      EXPECT_EQ(reader.digest().digest, reader.digest().step * 3);
    }
  }
  EXPECT_EQ(kind, RecordingReader::Kind::end);
  EXPECT_EQ(reader.digest().step, 130U);
  EXPECT_EQ(batches, 130U);
  EXPECT_EQ(digests, 2U);
}

RecordingReader::Kind last_kind(std::string_view file) {
  BlockPool pool;
  RecordingReader reader(file);
  RecordingHeader header;
  if (!reader.read_header(header)) {
    return RecordingReader::Kind::damaged;
  }
  RecordingReader::Kind kind = RecordingReader::Kind::batch;
  while (kind == RecordingReader::Kind::batch || kind == RecordingReader::Kind::digest) {
    kind = reader.next(pool);
  }
  return kind;
}

TEST(Recording, a_file_cut_in_its_records_is_torn_and_never_ended) {
  BlockPool pool;
  const std::string file = example_file(pool, 2);
  std::string header_only;
  encode_header({42, {99}, true, "abc1234", test::full_options()}, header_only);
  for (std::size_t size = header_only.size(); size < file.size(); ++size) {
    EXPECT_EQ(last_kind(std::string_view(file).substr(0, size)), RecordingReader::Kind::torn);
  }
  EXPECT_EQ(last_kind(file), RecordingReader::Kind::end);
}

TEST(Recording, no_single_flipped_bit_goes_unnoticed) {
  BlockPool pool;
  const std::string file = example_file(pool, 1);
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    std::string flipped = file;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(last_kind(flipped), RecordingReader::Kind::end) << "bit " << bit;
  }
}

TEST(Recording, another_version_is_named) {
  BlockPool pool;
  std::string file = example_file(pool, 0);
  file[8] = 9;
  RecordingReader reader(file);
  RecordingHeader header;
  EXPECT_FALSE(reader.read_header(header));
  EXPECT_EQ(reader.why(), "recording version 9 is not the version 2 that this build reads");
}

}  // namespace
}  // namespace rubus
