// rubus-load: see help_text() in load_options.cc and README.md.
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "bench/campaign.h"
#include "bench/load_options.h"
#include "bench/loopback_limit.h"
#include "bench/report.h"
#include "bench/tcp_pipe.h"

namespace rubus::load {

namespace {

constexpr int exit_good = 0;
constexpr int exit_failed_run = 1;
constexpr int exit_wrong_command_line = 2;

std::string own_path() {
  std::array<char, 4096> path{};
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  return std::string(path.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
}

int complain(const std::string& sentence, int status) {
  std::fprintf(stderr, "rubus-load: %s\n", sentence.c_str());
  return status;
}

int measure(const LoadOptions& options) {
  Campaign campaign;
  if (Failure failure = run_campaign(options, own_path(), campaign)) {
    return complain(*failure, exit_failed_run);
  }
  const std::string report = report_text(options, campaign);
  std::fputs(report.c_str(), stdout);
  if (!options.out.empty()) {
    std::ofstream file(options.out);
    file << report;
    file.close();
    if (!file) {
      return complain("cannot write " + options.out, exit_failed_run);
    }
  }
  if (campaign.failures > 0) {
    return complain(std::to_string(campaign.failures) + " runs failed", exit_failed_run);
  }
  return exit_good;
}

int run(const std::vector<std::string>& words) {
  LoadOptions options;
  if (Failure failure = read_options(words, options)) {
    return complain(*failure + " (see rubus-load --help)", exit_wrong_command_line);
  }
  switch (options.command) {
    case Command::help:
      std::fputs(help_text().c_str(), stdout);
      return exit_good;
    case Command::run:
    case Command::compare:
      return measure(options);
    case Command::pipe:
      return complain(serve_pipe(static_cast<std::uint16_t>(options.port),
                                 static_cast<std::uint16_t>(options.to_port))
                          .value_or("the pipe ended"),
                      exit_failed_run);
    case Command::sink:
    case Command::relay: {
      const LoopbackRole role =
          options.command == Command::sink ? LoopbackRole::sink : LoopbackRole::relay;
      const Failure failure = serve_loopback(role, static_cast<std::uint16_t>(options.port));
      return complain(failure.value_or("the loopback server ended"), exit_failed_run);
    }
  }
  return exit_wrong_command_line;
}

}  // namespace

}  // namespace rubus::load

int main(int argument_count, char** arguments) {
  std::signal(SIGPIPE, SIG_IGN);
  return rubus::load::run(std::vector<std::string>(arguments + 1, arguments + argument_count));
}
