// FlightRecorder: writes a recording of one shard to a file, as it happens (--record FILE).
//
// The bytes are those of engine/seam/recording.h; here are only buffer and file. What is buffered
// reaches the file when 256 KiB came together, once a second, at an orderly stop, and from the
// abort hook when an invariant broke. A file that cannot be written ends the recording, not the
// server. Payload bodies are left out; passwords are not: treat the file as a secret (mode 0600).
#pragma once

#include <optional>
#include <string>

#include "engine/seam/recording.h"
#include "storage/durable_shard.h"

namespace rubus::io {

class FlightRecorder {
 public:
  FlightRecorder() : writer_(true) {}
  FlightRecorder(const FlightRecorder&) = delete;
  FlightRecorder& operator=(const FlightRecorder&) = delete;
  ~FlightRecorder();

  // Why not, or nothing.
  [[nodiscard]] std::optional<std::string> open(const std::string& path,
                                                const RecordingHeader& header);

  void append_batch(const InputBatch& batch);
  void after_step(const DurableShard& shard);
  // The orderly end.
  void finish(const DurableShard& shard);
  void flush();
  // What stopped the recording, once; empty if nothing did.
  std::string take_trouble();

 private:
  RecordingWriter writer_;
  std::string buffer_;
  Instant flushed_at_{};
  int file_ = -1;
  std::string trouble_;
};

}  // namespace rubus::io
