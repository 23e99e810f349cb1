#include "io/server_process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "io/clock_source.h"
#include "io/config_start_checks.h"
#include "io/process_files.h"
#include "io/server_identity.h"
#include "io/socket_address.h"
#include "io/start_pages.h"
#include "io/version.h"

namespace rubus::io {

namespace {

// A connection is a descriptor; the customary soft limit (1024) is there for programs that use
// select(). No success is needed: with fewer descriptors the server accepts fewer clients.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

}  // namespace

ServerProcess::ServerProcess(ServerConfig config, std::string program, Reread reread)
    : config_(std::move(config)),
      reread_(std::move(reread)),
      program_(std::move(program)),
      context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE),
      work_(context_.get_executor()),
      signals_(context_),
      client_port_(context_),
      route_port_(context_),
      leaf_port_(context_),
      shards_(context_,
              {
                  .log = [this](const LogLine& line) { log_.write(line.level, line.text); },
                  .reply = [this](MonitorReply&& reply) { monitor_->on_reply(std::move(reply)); },
                  .reload = [this] { reload_for_operator(); },
                  .stop_listening = [this] { stop_listening(); },
                  .finished = [this] { end_run(); },
              }) {}

ServerProcess::~ServerProcess() = default;

int ServerProcess::run() {
  ::signal(SIGPIPE, SIG_IGN);
  // Before anybody can know the process (its pid file, its port): a signal that comes during the
  // start is kept until wait_signal() instead of killing the process.
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) {
    signals_.add(number);
  }
  raise_descriptor_limit();
  if (!open_log()) {
    return 1;
  }
  name_server();
  print_banner();
  if (const auto refusal = start_refusal(config_)) {
    log_.fatal(refusal->text);
    return 1;
  }
  if (!open_tls() || !open_monitor() || !open_ports() || !make_shards() || !write_files()) {
    log_.info("Server Exiting..");
    return 1;
  }
  wait_signal();
  start_accepting();
  log_.info("Server is ready");
  start_accepting_routes();
  forget_start_pages();
  const bool has_served = shards_.run();
  stop_hearing();
  remove_files();
  log_.info("Server Exiting..");
  return has_served ? 0 : 1;
}

// From here on nobody's request reaches the shards, which go before the ports and signals do.
void ServerProcess::stop_hearing() {
  if (monitor_ != nullptr) {
    monitor_->close();
  }
  client_port_.close();
  leaf_port_.close();
  route_port_.close();
  // Cancelled, not given back: a signal that comes now must not kill what ends in order.
  boost::system::error_code ignored;
  signals_.cancel(ignored);
}

bool ServerProcess::open_log() {
  if (const auto problem = log_.open(config_.log)) {
    std::fprintf(stderr, "%s\n", problem->c_str());
    return false;
  }
  return true;
}

void ServerProcess::name_server() {
  const ServerKeys keys = make_server_keys(entropy_);
  identity_ = config_.engine.identity;
  identity_.server_id = keys.server_id;
  identity_.xkey = keys.xkey;
  if (identity_.server_name.empty()) {
    identity_.server_name = keys.server_id;
  }
  identity_.version = claimed_nats_version;
  identity_.toolchain = toolchain_name;
  identity_.node_hash = node_hash(identity_.server_name);
  if (config_.engine.cluster.enabled && config_.engine.cluster.name.empty()) {
    made_up_cluster_name_ = make_cluster_name(entropy_);
  }
}

void ServerProcess::print_banner() {
  log_.info("Starting nats-server");
  log_.info("  Version:  " + identity_.version);
  log_.info("  Git:      [not set]");
  if (config_.engine.cluster.enabled) {
    log_.info("  Cluster:  " + cluster_name());
  }
  log_.info("  Name:     " + identity_.server_name);
  log_.info("  ID:       " + identity_.server_id);
  log_.info(std::string("  Rubus:    ") + own_version);
  if (config_.engine.trace.debug) {
    const Limits& limits = config_.engine.limits;
    log_.write(LogLevel::debug, "  Limits:   payload " + std::to_string(limits.max_payload) +
                                    ", pending " + std::to_string(limits.max_pending) +
                                    ", connections " + std::to_string(limits.max_connections));
  }
  if (!config_.config_file.empty()) {
    log_.info("Using configuration file: " + config_.config_file + " (" + config_.config_digest +
              ")");
  }
  for (const ConfigWarning& warning : config_.warnings) {
    log_.warning(warning.text);
  }
  for (const std::string& warning : start_warnings(config_)) {
    log_.warning(warning);
  }
}

bool ServerProcess::open_tls() {
  std::string problem;
  tls_ = make_tls(config_, problem);
  if (!problem.empty()) {
    log_.fatal(problem);
  }
  return problem.empty();
}

bool ServerProcess::make_shards() {
  config_load_time_ = now_wall();
  const auto problem = shards_.make(told_options(), std::max(config_.shards, 1U), entropy_,
                                    config_load_time_, config_.record_file);
  if (problem) {
    log_.fatal(*problem);
    return false;
  }
  shards_.set_tls(tls_);
  return true;
}

bool ServerProcess::write_files() {
  if (!config_.pid_file.empty()) {
    if (const auto problem = write_pid_file(config_.pid_file)) {
      log_.error("Could not write pidfile: " + *problem);
    }
  }
  if (!config_.ports_file_dir.empty()) {
    ports_file_ = ports_file_path(config_.ports_file_dir, program_);
    if (const auto problem = write_ports_file(ports_file_, open_urls())) {
      log_.error("Error writing ports file (" + ports_file_ + "): " + *problem);
    }
  }
  return true;
}

void ServerProcess::remove_files() {
  if (!ports_file_.empty()) {
    ::unlink(ports_file_.c_str());
    ports_file_.clear();
  }
}

}  // namespace rubus::io
