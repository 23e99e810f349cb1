#include "io/config_world.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace rubus::io {

namespace {

// The system's words in the reference's spelling: "no such file or directory".
std::string reason_of(int error) {
  std::string reason = std::strerror(error);
  if (!reason.empty() && reason[0] >= 'A' && reason[0] <= 'Z') {
    reason[0] = static_cast<char>(reason[0] - 'A' + 'a');
  }
  return reason;
}

FileReading read_whole_file(const std::string& path) {
  // A configuration larger than this is a mistake (a device, a core dump), not a configuration.
  constexpr std::size_t size_max = 256u << 20;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return {{}, "open " + path + ": " + reason_of(errno)};
  }
  FileReading reading;
  std::array<char, 16384> piece{};
  while (true) {
    const ssize_t count = ::read(file, piece.data(), piece.size());
    if (count == 0) {
      break;
    }
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      reading.error = "read " + path + ": " + reason_of(errno);
      break;
    }
    if (reading.text.size() + static_cast<std::size_t>(count) > size_max) {
      reading.error = "read " + path + ": file too large";
      break;
    }
    reading.text.append(piece.data(), static_cast<std::size_t>(count));
  }
  ::close(file);
  return reading;
}

}  // namespace

ConfigSource world_config_source() {
  return {read_whole_file, [](const std::string& name) -> std::optional<std::string> {
            const char* const value = std::getenv(name.c_str());
            return value == nullptr ? std::nullopt : std::optional<std::string>(value);
          }};
}

}  // namespace rubus::io
