#include "io/top_options.h"

#include <algorithm>
#include <charconv>

#include "io/config_value.h"

namespace rubus::io {

namespace {

constexpr std::string_view default_monitor = "http://127.0.0.1:8222";
constexpr std::size_t rows_max = 1024;

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

std::string refuse(std::string_view option, const std::string& value, std::string_view wanted) {
  return std::string(option) + " " + go_quote(value) + ": " + std::string(wanted);
}

std::optional<std::string> read_monitor(const std::string& url, TopAddress& address) {
  constexpr std::string_view scheme = "http://";
  const auto fault = [&url] {
    return refuse("--monitor", url, "not of the form http://HOST[:PORT][/PATH]");
  };
  const bool is_printable = std::all_of(
      url.begin(), url.end(), [](char letter) { return letter > ' ' && letter < '\x7f'; });
  if (!url.starts_with(scheme) || !is_printable ||
      url.find_first_of("@?#\"\\") != std::string::npos) {
    return fault();
  }
  const std::string rest = url.substr(scheme.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string host = rest.substr(0, slash);
  address.base = rest.substr(slash);
  while (!address.base.empty() && address.base.back() == '/') {
    address.base.pop_back();
  }
  address.port = "8222";
  const std::size_t bracket = host.find(']');
  const std::size_t colon = host.find(':', bracket == std::string::npos ? 0 : bracket);
  if (colon != std::string::npos) {
    address.port = host.substr(colon + 1);
    host.resize(colon);
  }
  const std::optional<std::int64_t> port = whole_number(address.port);
  if (!port || *port < 1 || *port > 65535) {
    return fault();
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (host.empty() || host.find_first_of("[]") != std::string::npos) {
    return fault();
  }
  address.host = host;
  address.url = url;
  return std::nullopt;
}

// "2", "0.5": seconds, down to the millisecond.
std::optional<std::string> read_delay(const std::string& text, TopOptions& options) {
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string thousandths = text.substr(std::min(point + 1, text.size()));
  const std::optional<std::int64_t> whole = whole_number(text.substr(0, point));
  thousandths.resize(std::max<std::size_t>(thousandths.size(), 3), '0');
  const std::optional<std::int64_t> part = whole_number(thousandths);
  const bool is_fine = whole && part && *whole >= 0 && *whole <= 3600 && *part >= 0 &&
                       thousandths.size() == 3 && (point == text.size() || point + 1 < text.size());
  if (is_fine) {
    options.delay = std::chrono::milliseconds(*whole * 1000 + *part);
  }
  if (!is_fine || options.delay < std::chrono::milliseconds(100)) {
    return refuse("--delay", text, "not a number of seconds from 0.1 to 3600");
  }
  return std::nullopt;
}

std::optional<std::string> read_rows(const std::string& text, TopOptions& options) {
  const std::optional<std::int64_t> number = whole_number(text);
  if (!number || *number < 0 || *number > std::int64_t{rows_max}) {
    return refuse("--rows", text, "not a number from 0 to 1024");
  }
  options.rows = static_cast<std::size_t>(*number);
  return std::nullopt;
}

std::optional<std::string> read_sort(const std::string& text, TopOptions& options) {
  std::string known;
  for (const TopSortKey& row : top_sort_keys()) {
    if (row.name == text) {
      options.sort = row.sort;
      return std::nullopt;
    }
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  return refuse("--sort", text, "not one of " + known);
}

struct Option {
  std::string_view letter;
  std::string_view word;
  std::optional<std::string> (*read)(const std::string& value, TopOptions& options);
};

constexpr Option with_value[] = {
    {"-m", "--monitor",
     [](const std::string& value, TopOptions& options) {
       return read_monitor(value, options.monitor);
     }},
    {"-d", "--delay", read_delay},
    {"-n", "--rows", read_rows},
    {"", "--sort", read_sort},
};

}  // namespace

const std::vector<TopSortKey>& top_sort_keys() {
  static const std::vector<TopSortKey> keys = {
      {TopSort::traffic, "traffic", 't', "last"}, {TopSort::in, "in", 'i', "last"},
      {TopSort::out, "out", 'o', "last"},         {TopSort::pending, "pending", 'p', "pending"},
      {TopSort::subs, "subs", 's', "subs"},       {TopSort::rtt, "rtt", 'r', "rtt"},
      {TopSort::idle, "idle", 'l', "idle"},       {TopSort::cid, "cid", 'c', "cid"},
      {TopSort::name, "name", 'n', "last"},
  };
  return keys;
}

const TopSortKey& top_sort_key(TopSort sort) {
  const auto found = std::find_if(top_sort_keys().begin(), top_sort_keys().end(),
                                  [sort](const TopSortKey& row) { return row.sort == sort; });
  return *found;
}

TopReading read_top_options(const std::vector<std::string>& arguments) {
  TopReading reading;
  TopOptions& options = reading.options;
  reading.error = read_monitor(std::string(default_monitor), options.monitor);
  for (std::size_t at = 0; at < arguments.size() && !reading.error; ++at) {
    const std::string& argument = arguments[at];
    const std::size_t equals = argument.starts_with("--") ? argument.find('=') : std::string::npos;
    const std::string name = argument.substr(0, equals);
    const auto option =
        std::find_if(std::begin(with_value), std::end(with_value), [&name](const Option& row) {
          return row.word == name || (!row.letter.empty() && row.letter == name);
        });
    if (option != std::end(with_value)) {
      if (equals == std::string::npos && at + 1 == arguments.size()) {
        reading.error = name + " needs a value";
      } else {
        reading.error = option->read(
            equals == std::string::npos ? arguments[++at] : argument.substr(equals + 1), options);
      }
    } else if (argument == "-o" || argument == "--once") {
      options.once = true;
    } else if (argument == "-h" || argument == "--help") {
      options.show_help = true;
    } else if (argument.starts_with("-")) {
      reading.error = "unknown option " + go_quote(name);
    } else {
      reading.error = "unexpected word " + go_quote(argument);
    }
  }
  return reading;
}

std::string top_help() {
  std::string text =
      "Usage: rubus top [options]\n\n"
      "Shows a running server by what its monitoring port tells, and goes on until 'q'.\n\n"
      "    -m, --monitor URL    The monitoring port (default http://127.0.0.1:8222)\n"
      "    -d, --delay SECONDS  Between two looks (default 2)\n"
      "    -n, --rows COUNT     At most this many connections (default: the screen; else 20)\n"
      "        --sort KEY       Order of the connections (default traffic)\n"
      "    -o, --once           Print one sample, with rates over one delay, and leave\n"
      "    -h, --help           Show this text\n\n"
      "Keys, and the orders they stand for:\n";
  for (const TopSortKey& row : top_sort_keys()) {
    text += std::string("    ") + row.key + "  " + std::string(row.name) + "\n";
  }
  return text + "    q  quit\n";
}

}  // namespace rubus::io
