#include "sim/replay.h"

#include <memory>
#include <stdexcept>

#include "engine/base/text_number.h"
#include "engine/seam/describe.h"
#include "storage/durable_shard.h"

namespace rubus::sim {

namespace {

void compare(const RecordedDigest& recorded, std::uint64_t reached, ReplayResult& result) {
  ++result.digests;
  if (recorded.digest != reached && result.first_difference == 0) {
    result.first_difference = recorded.step;
    result.why = "the digest after step " + number_text(recorded.step) + " is " +
                 number_text(reached) + ", recorded was " + number_text(recorded.digest);
  }
}

void play(RecordingReader& reader, DurableShard& shard, const ReplayOptions& options,
          ReplayResult& result) {
  Output output;
  while (true) {
    const RecordingReader::Kind kind = reader.next(shard.blocks());
    switch (kind) {
      case RecordingReader::Kind::batch: {
        const InputBatch batch = reader.batch().view();
        if (options.tells_batches) {
          result.story += "step " + number_text(result.steps + 1) + " ";
          describe(batch, result.story);
        }
        shard.step(batch, output);
        if (options.tells_batches) {
          describe(output, result.story);
        }
        reader.batch().inputs.clear();
        result.chain.push_back(shard.digest());
        if (++result.steps == options.describe_at_step) {
          shard.describe(result.description);
        }
        if (result.steps == options.stop_after_step) {
          result.is_readable = true;
          return;
        }
        break;
      }
      case RecordingReader::Kind::digest:
        compare(reader.digest(), shard.digest(), result);
        break;
      case RecordingReader::Kind::end:
        compare(reader.digest(), shard.digest(), result);
        result.is_readable = true;
        return;
      case RecordingReader::Kind::torn:
        result.is_torn = true;
        result.is_readable = true;
        return;
      case RecordingReader::Kind::damaged:
        result.why = reader.why();
        return;
    }
  }
}

}  // namespace

ReplayResult replay(std::string_view file, const ReplayOptions& options) {
  ReplayResult result;
  RecordingReader reader(file);
  if (!reader.read_header(result.header)) {
    result.why = reader.why();
    return result;
  }
  std::unique_ptr<DurableShard> shard = std::make_unique<DurableShard>(
      result.header.options, result.header.seed, result.header.started);
  try {
    play(reader, *shard, options, result);
    result.final_digest = shard->digest();
  } catch (const std::logic_error& broken) {
    result.is_readable = true;
    result.first_difference = result.steps + 1;
    result.why = "broken ensure in step " + number_text(result.steps + 1) + ": " + broken.what();
    static_cast<void>(shard.release());  // its insides are in an unknown state
  }
  reader.batch().inputs.clear();
  result.is_equal = result.is_readable && result.first_difference == 0;
  return result;
}

}  // namespace rubus::sim
