#include "tests/transcripts/spawned_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "tests/transcripts/tls_client.h"

namespace rubus::transcript {
namespace {

constexpr std::string_view listening = "Listening for client connections on ";
constexpr std::string_view monitoring = "Starting http monitor on ";
constexpr std::string_view ready = "Server is ready";
constexpr std::chrono::seconds start_limit{20};

std::string new_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "transcript-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr)
    throw std::runtime_error("no temporary folder");
  return name;
}

// Waits for the child without blocking; nothing while it runs.
std::optional<int> reaped(pid_t process) {
  int status = 0;
  if (waitpid(process, &status, WNOHANG) != process)
    return std::nullopt;
  if (WIFEXITED(status))
    return WEXITSTATUS(status);
  return 128 + WTERMSIG(status);
}

}  // namespace

SpawnedServer::SpawnedServer(std::vector<std::string> command, const std::string& configuration,
                             bool monitor, bool certificate)
    : folder_(new_folder()), monitor_(monitor) {
  if (certificate)
    write_certificate(folder_ + "/cert.pem", folder_ + "/key.pem");
  write_configuration(configuration);
  command.insert(command.end(), {"-c", "server.conf"});
  spawn(command);
  try {
    wait_until_ready(monitor);
  } catch (...) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    close(log_fd_);
    std::filesystem::remove_all(folder_);
    throw;
  }
}

SpawnedServer::~SpawnedServer() {
  if (!exit_code()) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  if (log_fd_ >= 0)
    close(log_fd_);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

// Port -1 asks for any free port. After the first start the file names the client port that was
// found, so that a reload does not look like a change of the listener. The monitor's port stays -1:
// nats-server compares it as it was written.
void SpawnedServer::write_configuration(const std::string& configuration) const {
  std::ofstream file(folder_ + "/server.conf");
  const std::string client = client_port_ == 0 ? "-1" : std::to_string(client_port_);
  file << "listen: \"127.0.0.1:" << client << "\"\n";
  if (monitor_)
    file << "http: \"127.0.0.1:-1\"\n";
  file << configuration;
  file.flush();
  if (!file)
    throw std::runtime_error("cannot write the configuration file");
}

void SpawnedServer::spawn(const std::vector<std::string>& command) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe for the log");
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  process_ = fork();
  if (process_ < 0)
    throw std::runtime_error("no process for the server");
  if (process_ == 0) {
    // A test that is killed must not leave its server behind.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (chdir(folder_.c_str()) == 0 && dup2(ends[1], STDOUT_FILENO) >= 0 &&
        dup2(ends[1], STDERR_FILENO) >= 0) {
      execvp(arguments[0], arguments.data());
    }
    const char* reason = std::strerror(errno);
    if (write(STDERR_FILENO, reason, std::strlen(reason)) < 0)
      _exit(126);
    _exit(127);
  }
  close(ends[1]);
  log_fd_ = ends[0];
  fcntl(log_fd_, F_SETFL, fcntl(log_fd_, F_GETFL) | O_NONBLOCK);
}

void SpawnedServer::read_log() {
  std::array<char, 4096> buffer{};
  while (log_fd_ >= 0) {
    const ssize_t count = read(log_fd_, buffer.data(), buffer.size());
    if (count > 0) {
      log_.append(buffer.data(), static_cast<std::size_t>(count));
      continue;
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    close(log_fd_);
    log_fd_ = -1;
  }
}

std::size_t SpawnedServer::log_count(std::string_view text) const {
  std::size_t count = 0;
  for (std::size_t at = log_.find(text); at != std::string::npos; at = log_.find(text, at + 1)) {
    ++count;
  }
  return count;
}

std::uint16_t SpawnedServer::port_after(std::string_view words) const {
  const std::size_t at = log_.find(words);
  if (at == std::string::npos)
    throw std::runtime_error("no port in the log:\n" + log_);
  const std::size_t end = log_.find('\n', at);
  const std::size_t colon = log_.rfind(':', end);
  return static_cast<std::uint16_t>(std::stoi(log_.substr(colon + 1, end - colon - 1)));
}

void SpawnedServer::wait_until_ready(bool monitor) {
  using std::chrono::steady_clock;
  const steady_clock::time_point limit = steady_clock::now() + start_limit;
  while (log_count(ready) == 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(limit - steady_clock::now());
    if (left.count() <= 0 || log_fd_ < 0) {
      throw std::runtime_error("the server does not get ready:\n" + log_);
    }
    pollfd waiting{log_fd_, POLLIN, 0};
    poll(&waiting, 1, static_cast<int>(left.count()));
    read_log();
  }
  client_port_ = port_after(listening);
  if (monitor)
    monitor_port_ = port_after(monitoring);
}

void SpawnedServer::send_signal(int number) const { kill(process_, number); }

std::optional<int> SpawnedServer::exit_code() {
  if (!exit_code_)
    exit_code_ = reaped(process_);
  return exit_code_;
}

}  // namespace rubus::transcript
