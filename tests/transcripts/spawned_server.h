// A server process of a test: its own empty folder, its configuration file, its log, its end.
//
// Any command that takes `-c FILE` like nats-server will do, so the same test plays against rubus
// and against the control. The server picks its ports itself and tells them in its log.
// The folder also holds cert.pem and key.pem, made for the occasion, and is removed at the end.
// Nothing waits for a fixed time: callers poll log_fd() and ask again after read_log().
#ifndef RUBUS_TESTS_TRANSCRIPTS_SPAWNED_SERVER_H_
#define RUBUS_TESTS_TRANSCRIPTS_SPAWNED_SERVER_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rubus::transcript {

class SpawnedServer {
 public:
  // Throws std::runtime_error with the log if the server does not get ready.
  SpawnedServer(std::vector<std::string> command, const std::string& configuration, bool monitor,
                bool certificate);
  ~SpawnedServer();
  SpawnedServer(const SpawnedServer&) = delete;
  SpawnedServer& operator=(const SpawnedServer&) = delete;

  [[nodiscard]] std::uint16_t client_port() const { return client_port_; }
  [[nodiscard]] std::uint16_t monitor_port() const { return monitor_port_; }

  void send_signal(int number) const;
  void write_configuration(const std::string& configuration) const;

  // -1 once the server has closed its log.
  [[nodiscard]] int log_fd() const { return log_fd_; }
  void read_log();
  [[nodiscard]] const std::string& log() const { return log_; }
  [[nodiscard]] std::size_t log_count(std::string_view text) const;

  // Once the process is gone. 128 + number if a signal ended it, as a shell tells it.
  [[nodiscard]] std::optional<int> exit_code();

 private:
  void spawn(const std::vector<std::string>& command);
  void wait_until_ready(bool monitor);
  [[nodiscard]] std::uint16_t port_after(std::string_view words) const;

  std::string folder_;
  bool monitor_;
  std::uint16_t client_port_ = 0;
  std::uint16_t monitor_port_ = 0;
  pid_t process_ = -1;
  std::optional<int> exit_code_;
  int log_fd_ = -1;
  std::string log_;
};

}  // namespace rubus::transcript

#endif  // RUBUS_TESTS_TRANSCRIPTS_SPAWNED_SERVER_H_
