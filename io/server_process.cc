#include "io/server_process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <boost/system/system_error.hpp>
#include <csignal>
#include <cstdio>

#include "engine/base/text_number.h"
#include "io/clock_source.h"
#include "io/config_reload.h"
#include "io/config_start_checks.h"
#include "io/ensure_abort.h"
#include "io/process_files.h"
#include "io/server_identity.h"
#include "io/start_pages.h"
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

// "host[:port]" replaces what clients are told.
void apply_advertise(const std::string& advertise, ServerIdentity& identity) {
  if (advertise.empty()) {
    return;
  }
  const std::size_t bracket = advertise.find(']');
  const std::size_t colon = advertise.rfind(':');
  const bool has_port =
      colon != std::string::npos &&
      (bracket != std::string::npos ? colon > bracket : advertise.find(':') == colon);
  std::string host = advertise.substr(0, has_port ? colon : std::string::npos);
  if (host.size() > 2 && host.front() == '[') {
    host = host.substr(1, host.size() - 2);
  }
  if (!host.empty()) {
    identity.host = host;
  }
  if (has_port) {
    if (const auto port = parse_unsigned(advertise.substr(colon + 1)); port && *port <= 65'535) {
      identity.port = static_cast<std::uint16_t>(*port);
    }
  }
}

// The monitoring port shows the certificate of the client port but never asks for one.
TlsFiles monitor_tls_files(TlsFiles files) {
  files.ca_file.clear();
  files.pinned_certs.clear();
  return files;
}

bool is_same_target(const LogTarget& a, const LogTarget& b) {
  return a.file == b.file && a.size_limit == b.size_limit && a.files_max == b.files_max &&
         a.syslog == b.syslog && a.remote_syslog == b.remote_syslog &&
         a.timestamps == b.timestamps && a.utc == b.utc;
}

// A connection is a descriptor; the customary soft limit (1024) is there for programs that use
// select(). No success is needed: with fewer descriptors the server accepts fewer clients.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

void flush_recorder(void* recorder, const char*) {
  static_cast<FlightRecorder*>(recorder)->flush();
}

}  // namespace

ServerProcess::ServerProcess(ServerConfig config, std::string program, Reread reread)
    : config_(std::move(config)),
      reread_(std::move(reread)),
      program_(std::move(program)),
      context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE),
      work_(context_.get_executor()),
      signals_(context_),
      listener_(context_) {}

ServerProcess::~ServerProcess() { set_abort_hook(nullptr, nullptr); }

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
  if (!open_tls() || !open_monitor() || !open_listeners() || !start_shard() || !write_files()) {
    log_.info("Server Exiting..");
    return 1;
  }
  wait_signal();
  start_accepting();
  log_.info("Server is ready");
  forget_start_pages();
  loop_->run();
  recorder_.finish(loop_->shard());
  if (const std::string trouble = recorder_.take_trouble(); !trouble.empty()) {
    log_.error(trouble);
  }
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
  identity_ = config_.engine.identity;
  identity_.server_id = keys.server_id;
  identity_.xkey = keys.xkey;
  if (identity_.server_name.empty()) {
    identity_.server_name = keys.server_id;
  }
  identity_.version = claimed_nats_version;
  identity_.toolchain = toolchain_name;
}

// What the engine is to know: the configuration plus what only the running process knows.
Options ServerProcess::told_options() const {
  Options options = config_.engine;
  options.identity = identity_;
  options.identity.host = config_.client.host;
  options.identity.port = config_.bound_port;
  apply_advertise(config_.client_advertise, options.identity);
  MonitorOptions& monitor = options.monitor;
  monitor.config_digest = config_.config_digest;
  monitor.config_load_time = config_load_time_;
  if (monitor_ != nullptr) {
    monitor.http_port = monitor_->http_port();
    monitor.https_port = monitor_->https_port();
  }
  if (tls_ != nullptr) {
    monitor.tls_cert_not_after = tls_->certificate_end();
  }
  return options;
}

void ServerProcess::print_banner() {
  log_.info("Starting nats-server");
  log_.info("  Version:  " + identity_.version);
  log_.info("  Git:      [not set]");
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

bool ServerProcess::open_monitor() {
  const MonitorListen& asked = config_.monitor;
  if (!asked.http && !asked.https) {
    return true;
  }
  if (asked.http && asked.https) {
    log_.fatal("Can't start monitoring: can't specify both HTTP (" +
               std::to_string(asked.http->port) + ") and HTTPs (" +
               std::to_string(asked.https->port) + ") ports");
    return false;
  }
  std::shared_ptr<const TlsContext> tls;
  std::string problem;
  if (asked.https) {
    if (config_.tls.certificates.empty()) {
      log_.fatal("Can't start monitoring: TLS cert and key required for HTTPS");
      return false;
    }
    tls = TlsContext::make(monitor_tls_files(config_.tls), false, problem);
  }
  monitor_ = std::make_unique<MonitorHttp>(
      context_, asked.base_path, [this](MonitorAsked input) { loop_->push(std::move(input)); },
      [this](const std::string& text) { log_.error(text); });
  const ListenAddress& address = asked.https ? *asked.https : *asked.http;
  if (problem.empty()) {
    if (const auto refused = monitor_->open(address, tls)) {
      problem = "can't listen to the monitor port: " + *refused;
    }
  }
  if (!problem.empty()) {
    log_.fatal("Can't start monitoring: " + problem);
    return false;
  }
  log_.info(
      std::string("Starting ") + (asked.https ? "https" : "http") + " monitor on " +
      host_port_text(address.host, asked.https ? monitor_->https_port() : monitor_->http_port()));
  return true;
}

bool ServerProcess::open_listeners() {
  const ListenAddress& asked = config_.client;
  if (const auto problem = listener_.open(asked)) {
    log_.fatal("Error listening on port: " + host_port_text(asked.host, asked.port) + ", \"" +
               *problem + "\"");
    return false;
  }
  config_.bound_port = listener_.port();
  return true;
}

std::shared_ptr<const TlsContext> ServerProcess::make_tls(const ServerConfig& config,
                                                          std::string& problem) {
  if (!config.tls.present || config.engine.tls.policy == TlsPolicy::off) {
    return nullptr;
  }
  return TlsContext::make(config.tls, config.engine.tls.verify, problem);
}

bool ServerProcess::open_tls() {
  std::string problem;
  tls_ = make_tls(config_, problem);
  if (!problem.empty()) {
    log_.fatal(problem);
  }
  return problem.empty();
}

// At the start, not with the first job: then descriptors may have run out.
bool ServerProcess::open_job_results() {
  try {
    job_results_ = std::make_unique<ShardMailbox<JobDone>>(
        context_, [this](JobDone&& done) { loop_->push(done); });
  } catch (const boost::system::system_error& problem) {
    log_.fatal(std::string("Can't open an event descriptor: ") + problem.what());
    return false;
  }
  return true;
}

bool ServerProcess::start_shard() {
  if (!open_job_results()) {
    return false;
  }
  const std::uint64_t seed = entropy_.seed();
  const WallTime started = now_wall();
  config_load_time_ = started;
  const Options options = told_options();
  loop_ = std::make_unique<ShardLoop>(context_, options, seed, started, wishes());
  loop_->set_tls(tls_);
  if (!config_.record_file.empty()) {
    RecordingHeader header;
    header.seed = seed;
    header.started = started;
    header.build = own_version;
    header.options = options;
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
      .reply = [this](MonitorReply&& reply) { monitor_->on_reply(std::move(reply)); },
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
  if (monitor_ != nullptr) {
    monitor_->start();
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
    const bool is_tls = config_.engine.tls.policy != TlsPolicy::off;
    const auto urls =
        listener_urls(is_tls ? "tls" : "nats", config_.client.host, config_.bound_port);
    if (const auto problem = write_ports_file(ports_file_, urls, monitor_urls())) {
      log_.error("Error writing ports file (" + ports_file_ + "): " + *problem);
    }
  }
  return true;
}

std::vector<std::string> ServerProcess::monitor_urls() const {
  if (config_.monitor.http) {
    return listener_urls("http", config_.monitor.http->host, monitor_->http_port());
  }
  if (config_.monitor.https) {
    return listener_urls("https", config_.monitor.https->host, monitor_->https_port());
  }
  return {};
}

void ServerProcess::remove_files() {
  if (!ports_file_.empty()) {
    ::unlink(ports_file_.c_str());
    ports_file_.clear();
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

void ServerProcess::reload() {
  if (stopping_) {
    return;
  }
  const auto refuse = [this](const std::string& why) {
    log_.error("Failed to reload server configuration: " + why);
  };
  if (config_.config_file.empty()) {
    refuse("can only reload config when a file is provided using -c or --config");
    return;
  }
  const ConfigOutcome outcome = reread_();
  if (!outcome.errors.empty()) {
    std::string all;
    for (const std::string& each : outcome.errors) {
      all += (all.empty() ? "" : "\n") + each;
    }
    refuse(all);
    return;
  }
  if (const auto refusal = start_refusal(outcome.config)) {
    refuse(refusal->text);
    return;
  }
  if (const auto refusal = reload_refusal(config_, outcome.config)) {
    refuse(*refusal);
    return;
  }
  if (const auto problem = apply(outcome.config)) {
    refuse(*problem);
    return;
  }
  log_.info("Reloaded server configuration");
}

// Everything that may fail comes first: a reload is all or nothing.
std::optional<std::string> ServerProcess::apply(const ServerConfig& fresh) {
  std::string problem;
  std::shared_ptr<const TlsContext> tls = make_tls(fresh, problem);
  std::shared_ptr<const TlsContext> monitor_tls;
  if (problem.empty() && fresh.monitor.https) {
    monitor_tls = TlsContext::make(monitor_tls_files(fresh.tls), false, problem);
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
  loop_->set_tls(tls_);
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
  loop_->push(OptionsChanged{std::make_shared<const Options>(told_options())});
  return std::nullopt;
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
    jobs_ = std::make_unique<JobPool>(job_threads_max,
                                      [this](JobDone done) { job_results_->post(done); });
  }
  jobs_->submit(std::move(job));
}

}  // namespace rubus::io
