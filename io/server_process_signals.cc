// ServerProcess, second part: signals, reload, the end.
#include <csignal>

#include "io/clock_source.h"
#include "io/config_reload.h"
#include "io/config_start_checks.h"
#include "io/server_process.h"

namespace rubus::io {

namespace {

const char* signal_text(int number) {
  switch (number) {
    case SIGINT:
      return "interrupt";
    case SIGTERM:
      return "terminated";
    case SIGHUP:
      return "hangup";
    case SIGUSR1:
      return "user defined signal 1";
    case SIGUSR2:
      return "user defined signal 2";
    default:
      return "unknown";
  }
}

bool is_same_target(const LogTarget& a, const LogTarget& b) {
  return a.file == b.file && a.size_limit == b.size_limit && a.files_max == b.files_max &&
         a.syslog == b.syslog && a.remote_syslog == b.remote_syslog &&
         a.timestamps == b.timestamps && a.utc == b.utc;
}

}  // namespace

void ServerProcess::wait_signal() {
  signals_.async_wait([this](const boost::system::error_code& cancelled, int number) {
    if (!cancelled) {
      on_signal(number);
      wait_signal();
    }
  });
}

void ServerProcess::on_signal(int number) {
  switch (number) {
    case SIGHUP:
      log_.info(std::string("Trapped \"") + signal_text(number) + "\" signal");
      reload();
      return;
    case SIGUSR1:
      log_.info(std::string("Trapped \"") + signal_text(number) + "\" signal");
      log_.reopen();
      log_.info("File log re-opened");
      return;
    case SIGUSR2:
      log_.info(std::string("Trapped \"") + signal_text(number) + "\" signal");
      if (!lame_duck_ && !stopping_) {
        lame_duck_ = true;
        shards_.tell_all(LameDuckRequested{});
      }
      return;
    case SIGTERM:
      if (lame_duck_) {
        return;  // the supervisor's second thought; lame duck mode ends by itself
      }
      [[fallthrough]];
    case SIGINT:
      log_.info(std::string("Trapped \"") + signal_text(number) + "\" signal");
      begin_shutdown();
      return;
    default:
      return;
  }
}

std::optional<std::string> ServerProcess::reload() {
  const auto refuse = [this](const std::string& why) {
    log_.error("Failed to reload server configuration: " + why);
    return std::optional<std::string>(why);
  };
  if (stopping_) {
    return "the server is shutting down";
  }
  if (config_.config_file.empty()) {
    return refuse("can only reload config when a file is provided using -c or --config");
  }
  const ConfigOutcome outcome = reread_();
  if (!outcome.errors.empty()) {
    std::string all;
    for (const std::string& each : outcome.errors) {
      all += (all.empty() ? "" : "\n") + each;
    }
    return refuse(all);
  }
  if (const auto refusal = start_refusal(outcome.config)) {
    return refuse(refusal->text);
  }
  if (const auto refusal = reload_refusal(config_, outcome.config)) {
    return refuse(*refusal);
  }
  if (const auto problem = apply(outcome.config)) {
    return refuse(*problem);
  }
  log_.info("Reloaded server configuration");
  return std::nullopt;
}

void ServerProcess::reload_for_operator() {
  const std::optional<std::string> problem = reload();
  shards_.tell_all(ReloadDone{
      problem ? std::make_shared<const ReloadTrouble>(ReloadTrouble{*problem}) : nullptr});
}

// Everything that may fail comes first: a reload is all or nothing.
std::optional<std::string> ServerProcess::apply(const ServerConfig& fresh) {
  std::string problem;
  TlsContexts tls = make_tls(fresh, problem);
  std::shared_ptr<const TlsContext> monitor_tls;
  if (problem.empty() && fresh.monitor.https) {
    monitor_tls = make_monitor_tls(fresh, problem);
  }
  if (!problem.empty()) {
    return problem;
  }
  if (!is_same_target(fresh.log, config_.log)) {
    if (auto refused = log_.open(fresh.log)) {
      return refused;
    }
  }
  const ServerConfig old = std::exchange(config_, fresh);
  config_.bound_port = old.bound_port;
  tls_ = std::move(tls);
  shards_.set_tls(tls_);
  if (monitor_tls != nullptr) {
    monitor_->set_tls(std::move(monitor_tls));
  }
  config_load_time_ = now_wall();
  if (old.pid_file != config_.pid_file || old.ports_file_dir != config_.ports_file_dir) {
    remove_files();
    write_files();
  }
  for (const ConfigWarning& warning : config_.warnings) {
    log_.warning(warning.text);
  }
  for (const std::string& line : reload_lines(old, config_)) {
    log_.info(line);
  }
  shards_.set_options(told_options());
  return std::nullopt;
}

void ServerProcess::begin_shutdown() {
  if (stopping_) {
    shards_.stop();  // asked twice: leave now
    return;
  }
  stopping_ = true;
  log_.info("Initiating Shutdown...");
  shards_.tell_all(ShutdownRequested{});
}

void ServerProcess::end_run() {
  if (!stopping_) {
    log_.info("Initiating Shutdown...");
  }
  shards_.stop();
}

}  // namespace rubus::io
