// One look at a server: the monitoring documents, read into what `rubus top` shows.
//
// Members that are missing or of another type count as zero or empty, so servers with fewer
// documents (or none of routez and leafz) can be watched too. All text is cleaned of what a
// terminal would obey: names are chosen by strangers.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rubus::io {

struct TopCounters {
  std::uint64_t in_msgs = 0;
  std::uint64_t in_bytes = 0;
  std::uint64_t out_msgs = 0;
  std::uint64_t out_bytes = 0;
};

struct TopLink {
  std::string key;
  std::string name;
  std::string kind;  // "route", "leaf", "hub"
  std::chrono::nanoseconds rtt{};
  std::uint64_t pending = 0;
  std::uint64_t subs = 0;
  TopCounters counters;
};

struct TopConnection {
  std::uint64_t cid = 0;
  std::string name;
  std::string address;
  std::string account;
  std::string idle;
  std::chrono::nanoseconds rtt{};
  std::chrono::nanoseconds idle_time{};
  std::uint64_t pending = 0;
  std::uint64_t subs = 0;
  TopCounters counters;
};

struct TopSample {
  std::chrono::steady_clock::time_point taken;
  std::string server_name;
  std::string version;
  std::string cluster;
  std::string life;  // another one after a restart: counters begin anew
  std::string uptime;
  std::string health;  // "ok", or what is wrong
  std::string cpu;     // per cent
  std::uint64_t cores = 0;
  std::uint64_t memory = 0;
  std::uint64_t connection_count = 0;
  std::uint64_t connections_max = 0;
  std::uint64_t subscriptions = 0;
  std::uint64_t slow_consumers = 0;
  TopCounters counters;
  std::vector<TopLink> links;
  std::vector<TopConnection> connections;
};

struct TopDocuments {
  std::string varz;
  std::string connz;
  std::string routez;
  std::string leafz;
  std::string healthz;
};

// Nothing if varz or connz is no JSON object.
std::optional<TopSample> read_top_sample(const TopDocuments& documents,
                                         std::chrono::steady_clock::time_point taken);

// Printable text: control characters, invisible ones and changes of writing direction become '?'.
std::string harmless_text(std::string_view text);

}  // namespace rubus::io
