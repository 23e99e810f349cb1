#include "io/process_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/base/text_number.h"
#include "io/socket_address.h"

namespace rubus::io {

namespace {

std::optional<std::string> write_whole(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (file < 0) {
    return "open " + path + ": " + std::strerror(errno);
  }
  const ssize_t written = ::write(file, text.data(), text.size());
  const int problem = errno;
  ::close(file);
  if (written != static_cast<ssize_t>(text.size())) {
    return "write " + path + ": " + std::strerror(problem);
  }
  return std::nullopt;
}

void append_list(std::string& text, const char* name, const std::vector<std::string>& urls) {
  if (urls.empty()) {
    return;
  }
  text += text.size() > 1 ? ",\"" : "\"";
  text += name;
  text += "\":[";
  for (std::size_t i = 0; i < urls.size(); ++i) {
    text += i == 0 ? "\"" : ",\"";
    text += urls[i];  // scheme, address and digits: nothing to escape
    text += '"';
  }
  text += ']';
}

}  // namespace

std::optional<std::string> write_pid_file(const std::string& path) {
  return write_whole(path, std::to_string(::getpid()));
}

std::optional<std::string> write_ports_file(const std::string& path, const PortsFile& urls) {
  std::string text = "{";
  append_list(text, "nats", urls.nats);
  append_list(text, "monitoring", urls.monitoring);
  append_list(text, "cluster", urls.cluster);
  text += '}';
  return write_whole(path, text);
}

std::string ports_file_path(const std::string& folder, const std::string& program) {
  const std::string name = program.substr(program.rfind('/') + 1);
  return folder + "/" + name + "_" + std::to_string(::getpid()) + ".ports";
}

std::vector<std::string> listener_urls(const std::string& scheme, const std::string& host,
                                       std::uint16_t port) {
  std::vector<std::string> hosts;
  if (is_unspecified(host)) {
    hosts = interface_addresses();
  } else {
    hosts.push_back(host);
  }
  std::vector<std::string> urls;
  for (const std::string& each : hosts) {
    urls.push_back(scheme + "://" + host_port_text(each, port));
  }
  return urls;
}

}  // namespace rubus::io
