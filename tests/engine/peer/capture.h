// Reads the recorded conversations of captures/ (its README.md describes the form).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rubus::test {

struct CaptureLine {
  char side = 'A';  // A dialed, B accepted
  int connection = 0;
  std::string text;  // a control line without its line end
  std::string payload;
  bool is_message = false;
};

// All lines of captures/NAME.txt in order; remarks are left out.
std::vector<CaptureLine> read_capture(const std::string& name);
std::vector<std::string> capture_names();
// The bytes of one line, payload included.
std::string bytes_of(const CaptureLine& line);

}  // namespace rubus::test
