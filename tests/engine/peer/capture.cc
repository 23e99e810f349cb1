#include "tests/engine/peer/capture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace rubus::test {

namespace {

const std::filesystem::path folder =
    std::filesystem::path(RUBUS_SOURCE_DIR) / "tests" / "engine" / "peer" / "captures";

std::string unescaped(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      bytes.push_back(text[at]);
      continue;
    }
    ++at;
    bytes.push_back(text[at] == 'r' ? '\r' : text[at] == 'n' ? '\n' : text[at]);
  }
  return bytes;
}

bool is_message_line(std::string_view text) {
  return text.substr(0, 5).ends_with("MSG ") || text.starts_with("MSG ");
}

}  // namespace

std::vector<CaptureLine> read_capture(const std::string& name) {
  std::ifstream file(folder / (name + ".txt"));
  EXPECT_TRUE(file.is_open()) << name;
  std::vector<CaptureLine> lines;
  std::string raw;
  bool expects_payload = false;
  while (std::getline(file, raw)) {
    const std::size_t mark = raw.find("> ");
    if (raw.empty() || raw.front() == '#' || mark == std::string::npos) {
      continue;
    }
    if (expects_payload) {
      lines.back().payload = unescaped(std::string_view(raw).substr(mark + 2));
      expects_payload = false;
      continue;
    }
    CaptureLine line;
    line.side = raw[0];
    line.connection = mark > 1 ? std::stoi(raw.substr(1, mark - 1)) : 0;
    line.text = raw.substr(mark + 2);
    line.is_message = is_message_line(line.text);
    expects_payload = line.is_message;
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> capture_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") {
      names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string bytes_of(const CaptureLine& line) {
  std::string bytes = line.text + "\r\n";
  return line.is_message ? bytes + line.payload + "\r\n" : bytes;
}

}  // namespace rubus::test
