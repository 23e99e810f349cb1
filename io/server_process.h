// ServerProcess: one Rubus server from its configuration to its exit code.
//
// Start: log, keys, listeners (a taken port ends it here), shard, files, "Server is ready". Then
// signals: INT and TERM end it in order, HUP reads the configuration again, USR1 opens the log file
// again, USR2 begins lame duck mode. What the engine wishes beyond sockets (log lines, jobs,
// monitoring answers) is carried from here. No decision about clients is made here.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/config_reader.h"
#include "io/entropy_source.h"
#include "io/flight_recorder.h"
#include "io/job_pool.h"
#include "io/listener.h"
#include "io/log_sink.h"
#include "io/monitor_http.h"
#include "io/server_config.h"
#include "io/shard_loop.h"
#include "io/shard_mailbox.h"
#include "io/tls_context.h"

namespace rubus::io {

class ServerProcess {
 public:
  // Reads the configuration again, flags included.
  using Reread = std::function<ConfigOutcome()>;

  // `program` is the name it was started by; it names the ports file.
  ServerProcess(ServerConfig config, std::string program, Reread reread);
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();

  // Serves until told to stop; the exit code.
  int run();

 private:
  bool open_log();
  void print_banner();
  bool open_monitor();
  bool open_listeners();
  std::shared_ptr<const TlsContext> make_tls(const ServerConfig& config, std::string& problem);
  bool open_tls();
  void name_server();
  Options told_options() const;
  bool open_job_results();
  bool start_shard();
  void start_accepting();
  bool write_files();
  void remove_files();
  std::vector<std::string> monitor_urls() const;
  void wait_signal();
  void on_signal(int number);
  void begin_shutdown();
  void reload();
  std::optional<std::string> apply(const ServerConfig& fresh);
  void end_run();
  void submit(Job&& job);
  ShardLoop::Wishes wishes();

  ServerConfig config_;      // as configured
  ServerIdentity identity_;  // as found out at start
  Reread reread_;
  std::string program_;
  LogSink log_;
  EntropySource entropy_;
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::signal_set signals_;
  Listener listener_;
  std::shared_ptr<const TlsContext> tls_;
  FlightRecorder recorder_;
  // Before loop_: it runs the io_context once more as it ends, and their handlers with it.
  std::unique_ptr<MonitorHttp> monitor_;
  std::unique_ptr<ShardMailbox<JobDone>> job_results_;
  std::unique_ptr<ShardLoop> loop_;
  std::unique_ptr<JobPool> jobs_;  // last: its threads post to job_results_
  WallTime config_load_time_;
  std::string ports_file_;
  bool lame_duck_ = false;
  bool stopping_ = false;
};

}  // namespace rubus::io
