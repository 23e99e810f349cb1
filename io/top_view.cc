#include "io/top_view.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

namespace rubus::io {

namespace {

struct Rates {
  double in_msgs = 0;
  double in_bytes = 0;
  double out_msgs = 0;
  double out_bytes = 0;
};

using KnownRates = std::optional<Rates>;

// Counters that fell (a peer's connections may come and go) count as no traffic.
Rates rates_between(const TopCounters& earlier, const TopCounters& now, double seconds) {
  const auto rate = [seconds](std::uint64_t was, std::uint64_t is) {
    return is > was ? static_cast<double>(is - was) / seconds : 0;
  };
  return {rate(earlier.in_msgs, now.in_msgs), rate(earlier.in_bytes, now.in_bytes),
          rate(earlier.out_msgs, now.out_msgs), rate(earlier.out_bytes, now.out_bytes)};
}

std::string fixed(double value, int digits) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, digits);
  return {text, end.ptr};
}

std::string scaled(double value, double step, const std::vector<std::string_view>& units) {
  std::size_t unit = 0;
  while (value >= step && unit + 1 < units.size()) {
    value /= step;
    ++unit;
  }
  return fixed(value, unit == 0 || value >= 100 ? 0 : 1) + std::string(units[unit]);
}

std::string count_text(double value) {
  if (value < 100000) {
    return fixed(value, value > 0 && value < 10 && value != std::floor(value) ? 1 : 0);
  }
  return scaled(value, 1000, {"", "K", "M", "G", "T"});
}

std::string count_text(std::uint64_t value) { return count_text(static_cast<double>(value)); }

std::string bytes_text(double value) {
  return scaled(value, 1024, {"B", "KiB", "MiB", "GiB", "TiB"});
}

std::string bytes_text(std::uint64_t value) { return bytes_text(static_cast<double>(value)); }

// "310us", "1.2ms", "15ms", "2.5s": what fits a column.
std::string delay_text(std::chrono::nanoseconds delay) {
  const auto nanoseconds = static_cast<double>(delay.count());
  if (delay.count() == 0) {
    return "-";
  }
  if (nanoseconds < 1e6) {
    return fixed(nanoseconds / 1e3, 0) + "us";
  }
  return nanoseconds < 1e9 ? fixed(nanoseconds / 1e6, nanoseconds < 1e7 ? 1 : 0) + "ms"
                           : fixed(nanoseconds / 1e9, 1) + "s";
}

std::string or_dash(std::string text) { return text.empty() ? "-" : text; }

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char letter) {
    return (static_cast<unsigned char>(letter) & 0xC0U) != 0x80;
  }));
}

// Negative width: to the left, as names are; else to the right, as numbers are.
struct Column {
  std::string_view title;
  int width;
};

void append_cell(std::string& line, const std::string& text, int width) {
  const auto room = static_cast<std::size_t>(std::abs(width));
  const std::string shown = clipped(text, room);
  const std::string blanks(room - std::min(room, width_of(shown)), ' ');
  line += line.empty() ? "" : "  ";
  line += width < 0 ? shown + blanks : blanks + shown;
}

class Sheet {
 public:
  Sheet(std::vector<TopLine>& lines, std::vector<Column> columns)
      : lines_(lines), columns_(std::move(columns)) {
    std::string heading;
    for (const Column& column : columns_) {
      append_cell(heading, std::string(column.title), column.width);
    }
    lines_.push_back({heading, TopLook::heading});
  }
  void row(const std::vector<std::string>& cells, TopLook look) {
    std::string line;
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      append_cell(line, cells[at], columns_[at].width);
    }
    lines_.push_back({line, look});
  }

 private:
  std::vector<TopLine>& lines_;
  std::vector<Column> columns_;
};

std::vector<std::string> rate_cells(const KnownRates& rates) {
  if (!rates) {
    return {"-", "-", "-", "-"};
  }
  return {count_text(rates->in_msgs), bytes_text(rates->in_bytes), count_text(rates->out_msgs),
          bytes_text(rates->out_bytes)};
}

void append_server(std::vector<TopLine>& lines, const TopSample& sample, const KnownRates& rates) {
  std::string title = "rubus top - " + or_dash(sample.server_name);
  if (!sample.cluster.empty()) {
    title += ", cluster " + sample.cluster;
  }
  lines.push_back(
      {title + ", version " + sample.version + ", up " + sample.uptime, TopLook::title});
  const bool is_well = sample.health == "ok";
  lines.push_back({"Health: " + or_dash(sample.health), is_well ? TopLook::plain : TopLook::alarm});
  lines.push_back({"Load: CPU " + sample.cpu + "% of " + std::to_string(sample.cores) +
                       " x 100%, memory " + bytes_text(sample.memory) + ", connections " +
                       count_text(sample.connection_count) + " of " +
                       count_text(sample.connections_max) + ", subscriptions " +
                       count_text(sample.subscriptions),
                   TopLook::plain});
  lines.push_back({"Slow consumers: " + count_text(sample.slow_consumers),
                   sample.slow_consumers == 0 ? TopLook::plain : TopLook::alarm});
  const std::vector<std::string> cells = rate_cells(rates);
  lines.push_back(
      {"In: " + cells[0] + " msgs/s, " + cells[1] + "/s   Out: " + cells[2] + " msgs/s, " +
           cells[3] + "/s   (totals: in " + count_text(sample.counters.in_msgs) + ", " +
           bytes_text(sample.counters.in_bytes) + "; out " + count_text(sample.counters.out_msgs) +
           ", " + bytes_text(sample.counters.out_bytes) + ")",
       TopLook::plain});
}

void append_links(std::vector<TopLine>& lines, const TopSample& sample, const TopSample* earlier,
                  double seconds) {
  if (sample.links.empty()) {
    return;
  }
  std::map<std::string_view, const TopCounters*> before;
  if (earlier != nullptr) {
    for (const TopLink& link : earlier->links) {
      before[link.key] = &link.counters;
    }
  }
  lines.push_back({"", TopLook::plain});
  Sheet sheet(lines, {{"NODE", -24},
                      {"LINK", -5},
                      {"RTT", 9},
                      {"PENDING", 8},
                      {"SUBS", 6},
                      {"IN MSG/S", 8},
                      {"IN B/S", 9},
                      {"OUT MSG/S", 9},
                      {"OUT B/S", 9}});
  for (const TopLink& link : sample.links) {
    const auto was = before.find(link.key);
    const KnownRates rates = was == before.end()
                                 ? std::nullopt
                                 : KnownRates(rates_between(*was->second, link.counters, seconds));
    std::vector<std::string> cells = {or_dash(link.name), link.kind, delay_text(link.rtt),
                                      bytes_text(link.pending), count_text(link.subs)};
    for (std::string& cell : rate_cells(rates)) {
      cells.push_back(std::move(cell));
    }
    sheet.row(cells, TopLook::plain);
  }
}

struct Row {
  const TopConnection* connection;
  KnownRates rates;
};

// Whether `a` comes first. Names and ids ascend, amounts descend; equals go by id.
bool goes_before(const Row& a, const Row& b, TopSort sort) {
  const TopConnection& x = *a.connection;
  const TopConnection& y = *b.connection;
  const auto falling = [&x, &y](auto left, auto right) {
    return left > right || (left == right && x.cid < y.cid);
  };
  const Rates p = a.rates.value_or(Rates{});
  const Rates q = b.rates.value_or(Rates{});
  switch (sort) {
    case TopSort::traffic:
      return falling(p.in_msgs + p.out_msgs, q.in_msgs + q.out_msgs);
    case TopSort::in:
      return falling(p.in_msgs, q.in_msgs);
    case TopSort::out:
      return falling(p.out_msgs, q.out_msgs);
    case TopSort::pending:
      return falling(x.pending, y.pending);
    case TopSort::subs:
      return falling(x.subs, y.subs);
    case TopSort::rtt:
      return falling(x.rtt, y.rtt);
    case TopSort::idle:
      return falling(x.idle_time, y.idle_time);
    case TopSort::cid:
      return x.cid < y.cid;
    case TopSort::name:
      return std::tie(x.name, x.cid) < std::tie(y.name, y.cid);
  }
  return false;
}

void append_connections(std::vector<TopLine>& lines, const TopSample& sample,
                        const TopSample* earlier, double seconds, TopSort sort,
                        std::size_t rows_max) {
  std::map<std::uint64_t, const TopCounters*> before;
  if (earlier != nullptr) {
    for (const TopConnection& connection : earlier->connections) {
      before[connection.cid] = &connection.counters;
    }
  }
  std::vector<Row> rows;
  for (const TopConnection& connection : sample.connections) {
    const auto was = before.find(connection.cid);
    rows.push_back(
        {&connection, was == before.end()
                          ? std::nullopt
                          : KnownRates(rates_between(*was->second, connection.counters, seconds))});
  }
  std::sort(rows.begin(), rows.end(),
            [sort](const Row& a, const Row& b) { return goes_before(a, b, sort); });
  rows.resize(std::min(rows.size(), rows_max));
  lines.push_back({"", TopLook::plain});
  Sheet sheet(lines, {{"CID", 6},
                      {"NAME", -20},
                      {"IN MSG/S", 8},
                      {"OUT MSG/S", 9},
                      {"IN B/S", 9},
                      {"OUT B/S", 9},
                      {"PENDING", 8},
                      {"SUBS", 6},
                      {"RTT", 9},
                      {"IDLE", 8},
                      {"ACCOUNT", -12},
                      {"ADDRESS", -21}});
  for (const Row& row : rows) {
    const TopConnection& connection = *row.connection;
    const std::vector<std::string> rates = rate_cells(row.rates);
    sheet.row({std::to_string(connection.cid), or_dash(connection.name), rates[0], rates[2],
               rates[1], rates[3], bytes_text(connection.pending), count_text(connection.subs),
               delay_text(connection.rtt), or_dash(connection.idle), or_dash(connection.account),
               connection.address},
              TopLook::plain);
  }
}

}  // namespace

std::string clipped(const std::string& text, std::size_t width) {
  std::size_t shown = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80;
    if (begins && shown++ == width) {
      return text.substr(0, at);
    }
  }
  return text;
}

std::vector<TopLine> top_lines(const TopSample& sample, const TopSample* earlier, TopSort sort,
                               std::size_t rows_max) {
  if (earlier != nullptr && earlier->life != sample.life) {
    earlier = nullptr;
  }
  const double seconds =
      earlier == nullptr
          ? 1
          : std::max(1e-3, std::chrono::duration<double>(sample.taken - earlier->taken).count());
  std::vector<TopLine> lines;
  append_server(lines, sample,
                earlier == nullptr
                    ? std::nullopt
                    : KnownRates(rates_between(earlier->counters, sample.counters, seconds)));
  append_links(lines, sample, earlier, seconds);
  append_connections(lines, sample, earlier, seconds, sort, rows_max);
  return lines;
}

}  // namespace rubus::io
