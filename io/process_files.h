// Files by which other programs find a running server: the pid file (digits and nothing else) and
// the ports file (JSON with the urls of every listener). The ports file goes away with the server,
// the pid file stays, as with nats-server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rubus::io {

// Urls of what listens.
struct PortsFile {
  std::vector<std::string> nats;
  std::vector<std::string> monitoring;
  std::vector<std::string> cluster;
};

// Both return why not.
[[nodiscard]] std::optional<std::string> write_pid_file(const std::string& path);
[[nodiscard]] std::optional<std::string> write_ports_file(const std::string& path,
                                                          const PortsFile& urls);

// "<dir>/<program>_<pid>.ports"
std::string ports_file_path(const std::string& folder, const std::string& program);

// "scheme://host:port" for every address that `host` stands for.
std::vector<std::string> listener_urls(const std::string& scheme, const std::string& host,
                                       std::uint16_t port);

}  // namespace rubus::io
