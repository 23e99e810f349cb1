// ServerProcess: one Rubus server from its configuration to its exit code.
//
// Start: log, keys, listeners (a taken port ends it here), shards, files, "Server is ready". Then
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
#include "io/listener.h"
#include "io/log_sink.h"
#include "io/monitor_http.h"
#include "io/process_files.h"
#include "io/server_config.h"
#include "io/shard_group.h"
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
  // server_process.cc: the start
  bool open_log();
  void name_server();
  void print_banner();
  bool open_tls();
  bool make_shards();
  bool write_files();
  void remove_files();
  void stop_hearing();

  // server_process_ports.cc
  std::string cluster_name() const;
  Options told_options() const;
  static TlsContexts make_tls(const ServerConfig& config, std::string& problem);
  static std::shared_ptr<const TlsContext> make_monitor_tls(const ServerConfig& config,
                                                            std::string& problem);
  bool refuse_monitor(const std::string& problem);
  bool open_monitor();
  bool open_documents();
  bool open_metrics();
  bool open_ports();
  void start_accepting();
  void start_accepting_routes();
  void stop_listening();
  PortsFile open_urls() const;

  // server_process_signals.cc
  void wait_signal();
  void on_signal(int number);
  void begin_shutdown();
  // What is wrong; nothing: it was reloaded.
  std::optional<std::string> reload();
  void reload_for_operator();
  std::optional<std::string> apply(const ServerConfig& fresh);
  void end_run();

  ServerConfig config_;      // as configured
  ServerIdentity identity_;  // as found out at start
  std::string made_up_cluster_name_;
  Reread reread_;
  std::string program_;
  LogSink log_;
  EntropySource entropy_;
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::signal_set signals_;
  Listener client_port_;
  Listener route_port_;
  Listener leaf_port_;
  TlsContexts tls_;
  // Before shards_: they run the io_context once more as they end, and their handlers with it.
  std::unique_ptr<MonitorHttp> monitor_;
  ShardGroup shards_;
  WallTime config_load_time_;
  std::string ports_file_;
  bool lame_duck_ = false;
  bool stopping_ = false;
};

}  // namespace rubus::io
