#include "engine/wire/header_edit.h"

namespace rubus {

namespace {

constexpr std::string_view first_line = "NATS/1.0\r\n";
constexpr std::string_view line_end = "\r\n";

bool is_named(std::string_view line, std::string_view name) {
  return line.size() > name.size() && line.substr(0, name.size()) == name &&
         line[name.size()] == ':';
}

}  // namespace

std::string set_header(std::string_view block, std::string_view name, std::string_view value) {
  std::string edited;
  edited.reserve(block.size() + name.size() + value.size() + first_line.size() + 6);
  bool is_first = true;
  while (!block.empty()) {
    const std::size_t end = block.find(line_end);
    const std::string_view line = block.substr(0, end);
    block.remove_prefix(end == std::string_view::npos ? block.size() : end + line_end.size());
    // Why the first one always stays: it is the version, and may carry a status.
    if (is_first || (!line.empty() && !is_named(line, name))) {
      edited.append(line).append(line_end);
    }
    is_first = false;
  }
  if (edited.empty()) {
    edited = first_line;
  }
  edited.append(name).append(": ").append(value).append(line_end).append(line_end);
  return edited;
}

}  // namespace rubus
