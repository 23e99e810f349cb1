// A recording: the seed, the options and every batch of one shard from its start, with the state
// digest after every 64th step. Replay is a loop: decode, step, compare.
//
// File: header, then records, all little-endian (byte layout in README.md of this folder).
//   header  "RUBUSREC" version:u32 length:u32 checksum:u32 body
//   record  length:u32 checksum:u32 body, the first body byte is the kind
// The checksum is the low half of XXH3 over the body. A file that ends inside a record is what a
// crash leaves behind and is reported as `torn`; a wrong checksum is `damaged`.
// Pure: appends to and reads from strings; files are the shell's. With elision, passwords and
// tokens of CONNECT lines and of the options are still inside: treat the file as a secret.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/block.h"
#include "engine/seam/input_codec.h"
#include "engine/seam/options.h"

namespace rubus {

struct RecordingHeader {
  std::uint64_t seed = 0;
  WallTime started;
  bool elides_payloads = true;
  std::string build;  // who wrote it; a replay by another build may differ for good reason
  Options options;
};

inline constexpr std::uint64_t recording_digest_interval = 64;  // steps

void encode_header(const RecordingHeader& header, std::string& out);

// Appends records to `out`, which the caller writes and clears as it likes.
class RecordingWriter {
 public:
  explicit RecordingWriter(bool elides_payloads) : encoder_(elides_payloads) {}

  // Before the step that gets this batch.
  void append_batch(const InputBatch& batch, std::string& out);
  // After a step: true when a digest belongs behind it.
  bool wants_digest() const { return steps_ != 0 && steps_ % recording_digest_interval == 0; }
  void append_digest(std::uint64_t digest, std::string& out);
  // At an orderly stop: the last digest and the end mark.
  void append_end(std::uint64_t digest, std::string& out);
  std::uint64_t steps() const { return steps_; }

 private:
  BatchEncoder encoder_;
  std::uint64_t steps_ = 0;
  std::string body_;  // reused
};

struct RecordedDigest {
  std::uint64_t step = 0;  // how many batches came before it
  std::uint64_t digest = 0;
};

class RecordingReader {
 public:
  enum class Kind : std::uint8_t {
    batch,
    digest,
    end,      // orderly end; digest() has the last one
    torn,     // the file stops here, between or inside records, without an end mark
    damaged,  // checksum, length or contents are wrong; nothing more can be read
  };

  // `file` must outlive the reader.
  explicit RecordingReader(std::string_view file) : file_(file) {}

  // Once, first. False: not a recording, or of another version; why() says so.
  [[nodiscard]] bool read_header(RecordingHeader& header);
  // The next record; a batch is decoded into `pool` and found in batch().
  Kind next(BlockPool& pool);

  OwnedBatch& batch() { return batch_; }
  const RecordedDigest& digest() const { return digest_; }
  const std::string& why() const { return why_; }
  std::size_t offset() const { return offset_; }

 private:
  Kind fail(std::string_view why);
  Kind read_body(std::string_view body, BlockPool& pool);

  std::string_view file_;
  std::size_t offset_ = 0;
  std::uint64_t steps_ = 0;
  OwnedBatch batch_;
  RecordedDigest digest_;
  std::string why_;
};

}  // namespace rubus
