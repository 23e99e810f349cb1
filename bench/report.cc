#include "bench/report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "bench/machine.h"

namespace rubus::load {

namespace {

struct Statistic {
  double median = 0.0;
  double low = 0.0;
  double high = 0.0;
};

std::optional<Statistic> statistic_of(const std::vector<Sample>& samples, Figure figure) {
  std::vector<double> values;
  for (const Sample& sample : samples) {
    const std::optional<double> value = sample.failure ? std::nullopt : sample.value(figure);
    if (value) {
      values.push_back(*value);
    }
  }
  if (values.empty()) {
    return std::nullopt;
  }
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2.0;
  return Statistic{median, values.front(), values.back()};
}

std::string decimal(double value) {
  std::array<char, 64> text{};
  const double size = std::max(value, -value);
  const int places = size < 0.1 ? 4 : (size < 10.0 ? 2 : (size < 100.0 ? 1 : 0));
  std::snprintf(text.data(), text.size(), "%.*f", places, value);
  return text.data();
}

// `unit` divides: 1e6 shows millions.
std::string cell(const std::vector<Sample>& samples, Figure figure, double unit) {
  const std::optional<Statistic> statistic = statistic_of(samples, figure);
  if (!statistic) {
    return samples.empty() ? "" : "failed";
  }
  return decimal(statistic->median / unit) + " [" + decimal(statistic->low / unit) + " – " +
         decimal(statistic->high / unit) + "]";
}

std::string ratio(const std::vector<Sample>& above, const std::vector<Sample>& below,
                  Figure figure) {
  const std::optional<Statistic> a = statistic_of(above, figure);
  const std::optional<Statistic> b = statistic_of(below, figure);
  if (!a || !b || b->median == 0.0) {
    return "";
  }
  return decimal(a->median / b->median);
}

std::string size_text(const CampaignRow& row) {
  return row_of(row.mode.kind).sized ? std::to_string(row.payload_bytes) : "";
}

std::string limit_name(const CampaignRow& row) {
  switch (row_of(row.mode.kind).limit) {
    case Limit::none:
      return "";
    case Limit::sink:
      return "sink";
    case Limit::relay:
      return "relay";
  }
  return "";
}

bool has_figure(const CampaignRow& row, Figure figure) {
  for (const std::vector<Sample>& samples : row.samples) {
    for (const Sample& sample : samples) {
      if (sample.value(figure)) {
        return true;
      }
    }
  }
  return false;
}

std::string table_head(const std::vector<std::string>& names) {
  std::string line = "|";
  std::string rule = "|";
  for (const std::string& name : names) {
    line += " " + name + " |";
    rule += "---|";
  }
  return line + "\n" + rule + "\n";
}

std::string table_line(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& each : cells) {
    line += " " + each + " |";
  }
  return line + "\n";
}

std::string heading(const LoadOptions& options, const Campaign& campaign) {
  std::string text = "# Wire load, " + date_line() + "\n\nMachine: " + machine_line() + ".\n";
  for (const Candidate& candidate : campaign.candidates) {
    text += "\n" + candidate.label + ": `" + candidate.command + "` (" + candidate.version + "), " +
            (candidate.processor ? "pinned to processor " + std::to_string(*candidate.processor)
                                 : "on all processors") +
            ".\n";
  }
  text += std::string("\nGenerator: one thread, ") +
          (options.pin ? "pinned to processor 0" : "not pinned") +
          ". Loopback limits: one thread each" + (options.pin ? ", on processor 1" : "") + ".\n";
  text += "\nReproduce: `" + options.command_line + "`\n\n";
  text += "Cells are median [lowest – highest] of " + std::to_string(options.rounds) +
          " rounds; servers take turns within a round.\n";
  return text;
}

std::string rate_table(const Campaign& campaign) {
  const bool has_pair = campaign.candidates.size() == 2;
  std::vector<std::string> head = {"mode", "bytes", "A"};
  if (has_pair) {
    head.insert(head.end(), {"B", "A/B"});
  }
  head.insert(head.end(), {"loopback limit", "A/limit"});
  std::string lines;
  for (const CampaignRow& row : campaign.rows) {
    if (!row_of(row.mode.kind).sized) {
      continue;
    }
    std::vector<std::string> cells = {name_of(row.mode), size_text(row)};
    cells.push_back(cell(row.samples[0], Figure::per_cpu_second, 1e6));
    if (has_pair) {
      cells.push_back(cell(row.samples[1], Figure::per_cpu_second, 1e6));
      cells.push_back(ratio(row.samples[0], row.samples[1], Figure::per_cpu_second));
    }
    const std::string limit = cell(row.limit_samples, Figure::per_cpu_second, 1e6);
    cells.push_back(limit.empty() ? "" : limit_name(row) + " " + limit);
    cells.push_back(ratio(row.samples[0], row.limit_samples, Figure::per_cpu_second));
    lines += table_line(cells);
  }
  if (lines.empty()) {
    return "";
  }
  return "\n## Million messages per server CPU-second\n\nDeliveries where there are subscribers, "
         "requests where there are requests.\n\n" +
         table_head(head) + lines;
}

std::string share_line(const CampaignRow& row, const std::string& label,
                       const std::vector<Sample>& samples) {
  const auto percent = [&samples](Figure figure) {
    const std::optional<Statistic> statistic = statistic_of(samples, figure);
    return statistic ? decimal(statistic->median * 100.0) + " %" : std::string();
  };
  const std::optional<Statistic> generator = statistic_of(samples, Figure::generator_share);
  const std::optional<Statistic> server = statistic_of(samples, Figure::server_share);
  const bool generator_limits =
      generator && server && generator->median > 0.95 && server->median < 0.95;
  return table_line({name_of(row.mode), size_text(row), label,
                     cell(samples, Figure::per_wall_second, 1e6), percent(Figure::server_share),
                     percent(Figure::generator_share) + (generator_limits ? " (!)" : ""),
                     cell(samples, Figure::rss_kib, 1024.0),
                     cell(samples, Figure::peak_rss_kib, 1024.0)});
}

std::string share_table(const Campaign& campaign) {
  std::string lines;
  for (const CampaignRow& row : campaign.rows) {
    if (!row_of(row.mode.kind).sized) {
      continue;
    }
    for (std::size_t i = 0; i < campaign.candidates.size(); ++i) {
      lines += share_line(row, campaign.candidates[i].label, row.samples[i]);
    }
    if (!row.limit_samples.empty()) {
      lines += share_line(row, limit_name(row), row.limit_samples);
    }
  }
  if (lines.empty()) {
    return "";
  }
  return "\n## Wall rate, processor shares, memory\n\nShares are of one core; (!) marks runs where "
         "the generator was busy all the time while the server was not.\n\n" +
         table_head({"mode", "bytes", "server", "million/s", "server share", "generator share",
                     "RSS MiB", "peak RSS MiB"}) +
         lines;
}

struct FigureName {
  Figure figure;
  const char* name;
};

// One line per figure, for figures where less is better.
std::string small_table(const Campaign& campaign, const std::string& title,
                        const std::vector<FigureName>& figures, bool sized) {
  const bool has_pair = campaign.candidates.size() == 2;
  std::string lines;
  for (const CampaignRow& row : campaign.rows) {
    for (const FigureName& each : figures) {
      if (row_of(row.mode.kind).sized != sized || !has_figure(row, each.figure) ||
          (sized && row.mode.kind != ModeKind::request)) {
        continue;
      }
      std::vector<std::string> cells = {name_of(row.mode), size_text(row), each.name,
                                        cell(row.samples[0], each.figure, 1.0)};
      if (has_pair) {
        cells.push_back(cell(row.samples[1], each.figure, 1.0));
        cells.push_back(ratio(row.samples[0], row.samples[1], each.figure));
      }
      lines += table_line(cells);
    }
  }
  if (lines.empty()) {
    return "";
  }
  std::vector<std::string> head = {"mode", "bytes", "figure", "A"};
  if (has_pair) {
    head.insert(head.end(), {"B", "A/B"});
  }
  return "\n## " + title + "\n\n" + table_head(head) + lines;
}

std::string failure_list(const Campaign& campaign) {
  std::string lines;
  for (const CampaignRow& row : campaign.rows) {
    const std::string where = "- " + name_of(row.mode) + " " + size_text(row) + " B, ";
    for (std::size_t i = 0; i < campaign.candidates.size(); ++i) {
      for (const Sample& sample : row.samples[i]) {
        lines += sample.failure
                     ? where + campaign.candidates[i].label + ": " + *sample.failure + "\n"
                     : "";
      }
    }
    for (const Sample& sample : row.limit_samples) {
      lines += sample.failure ? where + limit_name(row) + ": " + *sample.failure + "\n" : "";
    }
  }
  return lines.empty() ? "" : "\n## Failed runs\n\n" + lines;
}

}  // namespace

std::string report_text(const LoadOptions& options, const Campaign& campaign) {
  return heading(options, campaign) + rate_table(campaign) +
         small_table(campaign, "Latency of request-reply (less is better)",
                     {{Figure::p50_us, "p50 µs"},
                      {Figure::p99_us, "p99 µs"},
                      {Figure::p999_us, "p99.9 µs"}},
                     true) +
         small_table(campaign, "Memory, start-up and outages (less is better)",
                     {{Figure::bytes_each, "RSS bytes each"},
                      {Figure::rss_kib, "RSS KiB"},
                      {Figure::peak_rss_kib, "peak RSS KiB"},
                      {Figure::first_info_ms, "first INFO ms"},
                      {Figure::idle_percent, "% of a core, each node"},
                      {Figure::failover_ms, "ms without messages"},
                      {Figure::link_ms, "ms until messages pass, median"},
                      {Figure::link_worst_ms, "ms until messages pass, worst"}},
                     false) +
         share_table(campaign) + failure_list(campaign);
}

}  // namespace rubus::load
