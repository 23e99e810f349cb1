// ServerProcess, third part: its ports, and what others are told about them.
#include "io/process_files.h"
#include "io/server_identity.h"
#include "io/server_process.h"
#include "io/socket_address.h"

namespace rubus::io {

namespace {

// The monitoring port shows the certificate of the client port but never asks for one.
TlsFiles monitor_tls_files(TlsFiles files) {
  files.ca_file.clear();
  files.pinned_certs.clear();
  return files;
}

}  // namespace

std::string ServerProcess::cluster_name() const {
  const std::string& configured = config_.engine.cluster.name;
  return configured.empty() ? made_up_cluster_name_ : configured;
}

// What the engine is to know: the configuration plus what only the running process knows.
Options ServerProcess::told_options() const {
  Options options = config_.engine;
  options.identity = identity_;
  options.identity.host =
      config_.advertised_host.empty() ? config_.client.host : config_.advertised_host;
  options.identity.port =
      config_.advertised_port == 0 ? config_.bound_port : config_.advertised_port;
  options.identity.connect_urls = reachable_urls(options.identity.host, options.identity.port);
  if (options.cluster.enabled) {
    options.cluster.port = route_port_.port();
    options.cluster.is_name_dynamic = options.cluster.name.empty();
    options.cluster.name = cluster_name();
  }
  if (options.leaf.enabled) {
    options.leaf.host = reachable_host(options.leaf.host);
    options.leaf.port = leaf_port_.port();
  }
  MonitorOptions& monitor = options.monitor;
  monitor.config_digest = config_.config_digest;
  monitor.config_load_time = config_load_time_;
  if (monitor_ != nullptr) {
    monitor.http_port = monitor_->http_port();
    monitor.https_port = monitor_->https_port();
  }
  if (tls_.client != nullptr) {
    monitor.tls_cert_not_after = tls_.client->certificate_end();
  }
  return options;
}

TlsContexts ServerProcess::make_tls(const ServerConfig& config, std::string& problem) {
  TlsContexts made;
  const Options& engine = config.engine;
  if (config.tls.present && engine.tls.policy != TlsPolicy::off) {
    made.client = TlsContext::make(config.tls, engine.tls.verify, problem);
  }
  if (problem.empty() && engine.cluster.tls.enabled) {
    made.route = TlsContext::make(config.cluster_tls, engine.cluster.tls.verify, problem);
    if (problem.empty()) {
      made.dialed_route = TlsContext::make_dialing(config.cluster_tls, problem);
    }
  }
  if (problem.empty() && engine.leaf.tls.enabled) {
    made.leaf = TlsContext::make(config.leaf_tls, engine.leaf.tls.verify, problem);
  }
  made.dialed_leaf.resize(engine.leaf.remotes.size());
  for (std::size_t i = 0; i < made.dialed_leaf.size() && problem.empty(); ++i) {
    if (engine.leaf.remotes[i].tls.enabled) {  // a URL that says tls:// enables it
      const TlsFiles files =
          i < config.leaf_remote_tls.size() ? config.leaf_remote_tls[i] : TlsFiles{};
      made.dialed_leaf[i] = TlsContext::make_dialing(files, problem);
    }
  }
  return made;
}

std::shared_ptr<const TlsContext> ServerProcess::make_monitor_tls(const ServerConfig& config,
                                                                  std::string& problem) {
  return TlsContext::make(monitor_tls_files(config.tls), false, problem);
}

// ---- opening
// -------------------------------------------------------------------------------------

bool ServerProcess::refuse_monitor(const std::string& problem) {
  log_.fatal("Can't start monitoring: " + problem);
  return false;
}

bool ServerProcess::open_monitor() {
  const MonitorListen& asked = config_.monitor;
  if (!asked.http && !asked.https && !config_.metrics) {
    return true;
  }
  monitor_ = std::make_unique<MonitorHttp>(
      context_, asked.base_path, MonitorPatience{},
      [this](MonitorAsked input) { shards_.ask(std::move(input)); },
      [this](const std::string& text) { log_.error(text); });
  return open_documents() && open_metrics();
}

bool ServerProcess::open_documents() {
  const MonitorListen& asked = config_.monitor;
  if (!asked.http && !asked.https) {
    return true;
  }
  if (asked.http && asked.https) {
    return refuse_monitor("can't specify both HTTP (" + std::to_string(asked.http->port) +
                          ") and HTTPs (" + std::to_string(asked.https->port) + ") ports");
  }
  std::shared_ptr<const TlsContext> tls;
  if (asked.https) {
    if (config_.tls.certificates.empty()) {
      return refuse_monitor("TLS cert and key required for HTTPS");
    }
    std::string problem;
    tls = make_monitor_tls(config_, problem);
    if (!problem.empty()) {
      return refuse_monitor(problem);
    }
  }
  const ListenAddress& address = asked.https ? *asked.https : *asked.http;
  if (const auto refused = monitor_->open(address, tls)) {
    return refuse_monitor("can't listen to the monitor port: " + *refused);
  }
  log_.info(
      std::string("Starting ") + (asked.https ? "https" : "http") + " monitor on " +
      host_port_text(address.host, asked.https ? monitor_->https_port() : monitor_->http_port()));
  return true;
}

bool ServerProcess::open_metrics() {
  if (!config_.metrics) {
    return true;
  }
  if (const auto refused = monitor_->open_metrics(*config_.metrics)) {
    return refuse_monitor("can't listen to the metrics port: " + *refused);
  }
  log_.info("Starting Prometheus metrics on " +
            host_port_text(config_.metrics->host, monitor_->metrics_port()));
  return true;
}

// In the reference's order: of two that want one port the later is told to be too late.
bool ServerProcess::open_ports() {
  if (config_.leaf_listen) {
    if (const auto problem = leaf_port_.open(*config_.leaf_listen)) {
      log_.fatal("Error listening on leafnode port: " + std::to_string(config_.leaf_listen->port) +
                 " - " + *problem);
      return false;
    }
  }
  const ListenAddress& client = config_.client;
  if (const auto problem = client_port_.open(client)) {
    log_.fatal("Error listening on port: " + host_port_text(client.host, client.port) + ", \"" +
               *problem + "\"");
    return false;
  }
  config_.bound_port = client_port_.port();
  if (config_.cluster_listen) {
    if (const auto problem = route_port_.open(*config_.cluster_listen)) {
      log_.fatal("Error listening on router port: " + std::to_string(config_.cluster_listen->port) +
                 " - " + *problem);
      return false;
    }
  }
  return true;
}

// ---- accepting
// -----------------------------------------------------------------------------------

void ServerProcess::start_accepting() {
  const auto trouble = [this](const std::string& text) { log_.error(text); };
  if (leaf_port_.is_open()) {
    log_.info("Listening for leafnode connections on " +
              host_port_text(config_.leaf_listen->host, leaf_port_.port()));
    leaf_port_.start(
        "Leafnode",
        [this](int descriptor, const Address& remote) {
          shards_.adopt_peer(descriptor, remote, ConnectionKind::leaf);
        },
        trouble);
  }
  log_.info("Listening for client connections on " +
            host_port_text(config_.client.host, client_port_.port()));
  if (config_.engine.tls.policy != TlsPolicy::off) {
    log_.info("TLS required for client connections");
    if (config_.engine.tls.policy == TlsPolicy::optional) {
      log_.info("Clients that are not using \"TLS/SSL\" are allowed");
    }
  }
  if (monitor_ != nullptr) {
    monitor_->start();
  }
  client_port_.start(
      "Client",
      [this](int descriptor, const Address& remote) { shards_.adopt_client(descriptor, remote); },
      trouble);
}

void ServerProcess::start_accepting_routes() {
  if (!route_port_.is_open()) {
    return;
  }
  log_.info("Cluster name is " + cluster_name());
  log_.info("Listening for route connections on " +
            host_port_text(config_.cluster_listen->host, route_port_.port()));
  route_port_.start(
      "Route",
      [this](int descriptor, const Address& remote) {
        shards_.adopt_peer(descriptor, remote, ConnectionKind::route);
      },
      [this](const std::string& text) { log_.error(text); });
}

// In lame duck mode the node stays reachable for the cluster until its last client has gone.
void ServerProcess::stop_listening() {
  client_port_.close();
  leaf_port_.close();
  if (stopping_) {
    route_port_.close();
  }
}

PortsFile ServerProcess::open_urls() const {
  PortsFile urls;
  const bool is_tls = config_.engine.tls.policy != TlsPolicy::off;
  urls.nats = listener_urls(is_tls ? "tls" : "nats", config_.client.host, config_.bound_port);
  if (config_.monitor.http) {
    urls.monitoring = listener_urls("http", config_.monitor.http->host, monitor_->http_port());
  } else if (config_.monitor.https) {
    urls.monitoring = listener_urls("https", config_.monitor.https->host, monitor_->https_port());
  }
  if (config_.cluster_listen) {
    urls.cluster = listener_urls(config_.engine.cluster.tls.enabled ? "tls" : "nats",
                                 config_.cluster_listen->host, route_port_.port());
  }
  return urls;
}

}  // namespace rubus::io
