#include "io/flight_recorder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace rubus::io {

namespace {

constexpr std::size_t buffer_bytes_max = std::size_t{256} << 10U;
constexpr Duration flush_interval = seconds(1);

}  // namespace

FlightRecorder::~FlightRecorder() {
  flush();
  if (file_ >= 0) {
    ::close(file_);
  }
}

std::optional<std::string> FlightRecorder::open(const std::string& path,
                                                const RecordingHeader& header) {
  file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file_ < 0) {
    return "cannot record to " + path + ": " + std::strerror(errno);
  }
  writer_ = RecordingWriter(header.elides_payloads);
  encode_header(header, buffer_);
  flush();
  return std::nullopt;
}

void FlightRecorder::append_batch(const InputBatch& batch) {
  if (file_ < 0) {
    return;
  }
  writer_.append_batch(batch, buffer_);
  if (buffer_.size() >= buffer_bytes_max || batch.now - flushed_at_ >= flush_interval) {
    flush();
    flushed_at_ = batch.now;
  }
}

void FlightRecorder::after_step(const DurableShard& shard) {
  if (file_ >= 0 && writer_.wants_digest()) {
    writer_.append_digest(shard.digest(), buffer_);
  }
}

void FlightRecorder::finish(const DurableShard& shard) {
  if (file_ >= 0) {
    writer_.append_end(shard.digest(), buffer_);
    flush();
  }
}

void FlightRecorder::flush() {
  const char* place = buffer_.data();
  std::size_t left = file_ < 0 ? 0 : buffer_.size();
  while (left > 0) {
    const ssize_t written = ::write(file_, place, left);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      trouble_ = std::string("recording stopped: ") + std::strerror(errno);
      ::close(file_);
      file_ = -1;
      break;
    }
    place += written;
    left -= static_cast<std::size_t>(written);
  }
  buffer_.clear();
}

std::string FlightRecorder::take_trouble() { return std::exchange(trouble_, {}); }

}  // namespace rubus::io
