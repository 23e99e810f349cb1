#include "bench/mode.h"

#include <array>
#include <charconv>

namespace rubus::load {

namespace {

constexpr std::array<ModeRow, 15> rows = {{
    {ModeKind::pub, "pub", 1, 64, true, 1, Limit::sink, "N publishers, no subscriber"},
    {ModeKind::pubsub, "pubsub", 0, 0, true, 1, Limit::relay, "one publisher, one subscriber"},
    {ModeKind::fanout, "fanout", 8, 256, true, 1, Limit::relay,
     "one publisher, N subscribers; deliveries are counted"},
    {ModeKind::fanin, "fanin", 4, 64, true, 1, Limit::relay, "N publishers, one subscriber"},
    {ModeKind::queue, "queue", 4, 256, true, 1, Limit::relay,
     "one publisher, N members of one queue group"},
    {ModeKind::pairs, "pairs", 4, 9, true, 1, Limit::none,
     "N publishers, each with a subscriber of its own"},
    {ModeKind::cross, "cross", 1, 64, true, 3, Limit::none,
     "cluster of 3: N publishers on one node, a subscriber on each of the others"},
    {ModeKind::request, "request", 1, 1024, true, 1, Limit::none,
     "N requesters with one outstanding request each, one responder"},
    {ModeKind::connections, "connections", 5000, 60000, false, 1, Limit::none,
     "memory of N idle connections"},
    {ModeKind::subs, "subs", 100000, 10000000, false, 1, Limit::none,
     "memory of N subscriptions on 10 connections"},
    {ModeKind::startup, "startup", 11, 1000, false, 1, Limit::none,
     "from fork to the first byte of INFO, N starts"},
    {ModeKind::idle, "idle", 0, 0, false, 1, Limit::none, "memory after the start"},
    {ModeKind::cluster_idle, "cluster-idle", 0, 0, false, 3, Limit::none,
     "cluster of 3 without clients: memory and processor share of a node"},
    {ModeKind::failover, "failover", 0, 0, false, 3, Limit::none,
     "cluster of 3: from SIGKILL of the subscriber's node to its next message elsewhere"},
    {ModeKind::link, "link", 3, 50, false, 2, Limit::none,
     "cluster of 2: from the return of a cut link to the next message, N cuts"},
}};

constexpr std::string_view all_modes =
    "pub,pub:4,pubsub,fanout,fanin,queue,request,request:16,connections,subs,startup,idle";
constexpr std::string_view cluster_modes = "cross,cross:4,cluster-idle,failover,link";

const ModeRow* row_named(std::string_view name) {
  for (const ModeRow& row : rows) {
    if (row.name == name) {
      return &row;
    }
  }
  return nullptr;
}

std::optional<Mode> read_mode(std::string_view text, std::string& complaint) {
  const std::size_t colon = text.find(':');
  const ModeRow* row = row_named(text.substr(0, colon));
  if (row == nullptr) {
    complaint = "there is no mode '" + std::string(text) + "'";
    return std::nullopt;
  }
  Mode mode{row->kind, row->count};
  if (colon == std::string_view::npos) {
    return mode;
  }
  const std::string_view digits = text.substr(colon + 1);
  const char* const end = digits.data() + digits.size();
  const std::from_chars_result result = std::from_chars(digits.data(), end, mode.count);
  if (result.ec != std::errc() || result.ptr != end || mode.count < 1 ||
      mode.count > row->count_max) {
    complaint = "mode '" + std::string(text) + "' takes " +
                (row->count_max == 0 ? "no number" : "1 to " + std::to_string(row->count_max));
    return std::nullopt;
  }
  return mode;
}

}  // namespace

std::span<const ModeRow> mode_rows() { return rows; }

const ModeRow& row_of(ModeKind kind) { return rows[static_cast<std::size_t>(kind)]; }

Shape shape_of(const Mode& mode) {
  switch (mode.kind) {
    case ModeKind::pub:
      return {mode.count, 0, false, false};
    case ModeKind::pubsub:
      return {1, 1, false, false};
    case ModeKind::fanout:
      return {1, mode.count, false, false};
    case ModeKind::fanin:
      return {mode.count, 1, false, false};
    case ModeKind::queue:
      return {1, mode.count, true, false};
    case ModeKind::pairs:
      return {mode.count, mode.count, false, true};
    case ModeKind::cross:
      return {mode.count, 2, false, false};
    case ModeKind::request:
    case ModeKind::connections:
    case ModeKind::subs:
    case ModeKind::startup:
    case ModeKind::idle:
    case ModeKind::cluster_idle:
    case ModeKind::failover:
    case ModeKind::link:
      break;
  }
  return {0, 0, false, false};
}

std::string name_of(const Mode& mode) {
  const ModeRow& row = row_of(mode.kind);
  return std::string(row.name) + (row.count == 0 ? "" : ":" + std::to_string(mode.count));
}

std::optional<std::vector<Mode>> read_modes(std::string_view text, std::string& complaint) {
  if (text == "all") {
    text = all_modes;
  } else if (text == "cluster") {
    text = cluster_modes;
  }
  std::vector<Mode> modes;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::optional<Mode> mode = read_mode(text.substr(0, comma), complaint);
    if (!mode) {
      return std::nullopt;
    }
    modes.push_back(*mode);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  if (modes.empty()) {
    complaint = "no mode is named";
    return std::nullopt;
  }
  return modes;
}

}  // namespace rubus::load
