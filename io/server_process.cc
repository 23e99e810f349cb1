#include "io/server_process.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "engine/base/text_number.h"
#include "io/clock_source.h"
#include "io/ensure_abort.h"
#include "io/process_files.h"
#include "io/server_identity.h"
#include "io/version.h"

namespace rubus::io {

namespace {

constexpr std::size_t job_threads_max = 2;

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

void flush_recorder(void* recorder, const char*) {
  static_cast<FlightRecorder*>(recorder)->flush();
}

}  // namespace

ServerProcess::ServerProcess(ServerConfig config, std::string program)
    : config_(std::move(config)),
      program_(std::move(program)),
      context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE),
      work_(context_.get_executor()),
      signals_(context_),
      listener_(context_) {}

ServerProcess::~ServerProcess() { set_abort_hook(nullptr, nullptr); }

int ServerProcess::run() {
  ::signal(SIGPIPE, SIG_IGN);
  if (!open_log()) {
    return 1;
  }
  name_server();
  print_banner();
  if (!make_tls() || !open_listeners() || !start_shard() || !write_files()) {
    log_.info("Server Exiting..");
    return 1;
  }
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) {
    signals_.add(number);
  }
  wait_signal();
  start_accepting();
  log_.info("Server is ready");
  loop_->run();
  recorder_.finish(loop_->shard());
  remove_files();
  log_.info("Server Exiting..");
  return 0;
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
  ServerIdentity& identity = config_.engine.identity;
  identity.server_id = keys.server_id;
  identity.xkey = keys.xkey;
  if (identity.server_name.empty()) {
    identity.server_name = keys.server_id;
  }
  identity.version = claimed_nats_version;
  identity.toolchain = toolchain_name;
}

void ServerProcess::print_banner() {
  log_.info("Starting nats-server");
  log_.info("  Version:  " + config_.engine.identity.version);
  log_.info("  Git:      [not set]");
  log_.info("  Name:     " + config_.engine.identity.server_name);
  log_.info("  ID:       " + config_.engine.identity.server_id);
  log_.info(std::string("  Rubus:    ") + own_version);
  if (!config_.config_file.empty()) {
    log_.info("Using configuration file: " + config_.config_file + " (" + config_.config_digest +
              ")");
  }
}

bool ServerProcess::open_listeners() {
  const ListenAddress& asked = config_.client;
  if (const auto problem = listener_.open(asked)) {
    log_.fatal("Error listening on port: " + host_port_text(asked.host, asked.port) + ", \"" +
               *problem + "\"");
    return false;
  }
  config_.engine.identity.host = asked.host;
  config_.engine.identity.port = listener_.port();
  return true;
}

bool ServerProcess::make_tls() {
  if (!config_.tls.present || config_.engine.tls.policy == TlsPolicy::off) {
    return true;
  }
  std::string problem;
  tls_ = TlsContext::make(config_.tls, config_.engine.tls.verify, problem);
  if (tls_ == nullptr) {
    log_.fatal(problem);
  }
  return tls_ != nullptr;
}

bool ServerProcess::start_shard() {
  const std::uint64_t seed = entropy_.seed();
  const WallTime started = now_wall();
  loop_ = std::make_unique<ShardLoop>(context_, config_.engine, seed, started, wishes());
  loop_->set_tls(tls_);
  if (!config_.record_file.empty()) {
    RecordingHeader header;
    header.seed = seed;
    header.started = started;
    header.build = own_version;
    header.options = config_.engine;
    if (const auto problem = recorder_.open(config_.record_file, header)) {
      log_.fatal(*problem);
      return false;
    }
    loop_->record_to(&recorder_);
    set_abort_hook(&flush_recorder, &recorder_);
  }
  return true;
}

ShardLoop::Wishes ServerProcess::wishes() {
  return {
      .log = [this](const LogLine& line) { log_.write(line.level, line.text); },
      .job = [this](Job&& job) { submit(std::move(job)); },
      .reply = [](MonitorReply&&) {},
      .stop_listening = [this] { listener_.close(); },
      .finished = [this] { end_run(); },
  };
}

void ServerProcess::start_accepting() {
  log_.info("Listening for client connections on " +
            host_port_text(config_.client.host, listener_.port()));
  if (config_.engine.tls.policy != TlsPolicy::off) {
    log_.info("TLS required for client connections");
    if (config_.engine.tls.policy == TlsPolicy::optional) {
      log_.info("Clients that are not using \"TLS/SSL\" are allowed");
    }
  }
  listener_.start(
      [this](int descriptor, const Address& remote) { loop_->adopt(descriptor, remote); },
      [this](const std::string& text) { log_.error(text); });
}

bool ServerProcess::write_files() {
  if (!config_.pid_file.empty()) {
    if (const auto problem = write_pid_file(config_.pid_file)) {
      log_.error("Could not write pidfile: " + *problem);
    }
  }
  if (!config_.ports_file_dir.empty()) {
    ports_file_ = ports_file_path(config_.ports_file_dir, program_);
    const auto urls = listener_urls("nats", config_.client.host, listener_.port());
    if (const auto problem = write_ports_file(ports_file_, urls, {})) {
      log_.error("Error writing ports file (" + ports_file_ + "): " + *problem);
    }
  }
  return true;
}

void ServerProcess::remove_files() {
  if (!ports_file_.empty()) {
    ::unlink(ports_file_.c_str());
  }
}

// ---- signals
// -------------------------------------------------------------------------------------

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
    case SIGUSR1:
      log_.reopen();
      log_.info("File log re-opened");
      return;
    case SIGUSR2:
      log_.info(std::string("Trapped \"") + signal_text(number) + "\" signal");
      if (!lame_duck_ && !stopping_) {
        lame_duck_ = true;
        loop_->push(LameDuckRequested{});
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

void ServerProcess::begin_shutdown() {
  if (stopping_) {
    loop_->stop();  // asked twice: leave now
    return;
  }
  stopping_ = true;
  log_.info("Initiating Shutdown...");
  loop_->push(ShutdownRequested{});
}

void ServerProcess::end_run() {
  if (!stopping_) {
    log_.info("Initiating Shutdown...");
  }
  loop_->stop();
}

void ServerProcess::submit(Job&& job) {
  if (jobs_ == nullptr) {
    job_results_ = std::make_unique<ShardMailbox<JobDone>>(
        context_, [this](JobDone&& done) { loop_->push(done); });
    jobs_ = std::make_unique<JobPool>(job_threads_max,
                                      [this](JobDone done) { job_results_->post(done); });
  }
  jobs_->submit(std::move(job));
}

}  // namespace rubus::io
