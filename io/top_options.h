// What `rubus top` was asked for. Strict: a word that is not understood is refused by name, with
// nothing done. Sources of the values: the command line alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rubus::io {

enum class TopSort : std::uint8_t { traffic, in, out, pending, subs, rtt, idle, cid, name };

struct TopSortKey {
  TopSort sort;
  std::string_view name;    // --sort NAME
  char key;                 // on the keyboard
  std::string_view server;  // of connz: which connections to ask for
};

const std::vector<TopSortKey>& top_sort_keys();
const TopSortKey& top_sort_key(TopSort sort);

// "http://[::1]:8222/base", taken apart.
struct TopAddress {
  std::string url;
  std::string host;
  std::string port;
  std::string base;  // without a slash at its end
};

struct TopOptions {
  TopAddress monitor;
  std::chrono::milliseconds delay{2000};
  std::optional<std::size_t> rows;  // of connections; none: as many as the screen holds
  TopSort sort = TopSort::traffic;
  bool once = false;
  bool show_help = false;
};

struct TopReading {
  TopOptions options;
  std::optional<std::string> error;
};

// `arguments` without the word "top".
TopReading read_top_options(const std::vector<std::string>& arguments);
std::string top_help();

}  // namespace rubus::io
