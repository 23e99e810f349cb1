// The kinds of load, each with one number that may follow its name: "fanout:8".
//
// One table row per mode is the only place that knows names, defaults and what is measured.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rubus::load {

enum class ModeKind : std::uint8_t {
  pub,
  pubsub,
  fanout,
  fanin,
  queue,
  pairs,
  cross,
  request,
  connections,
  subs,
  startup,
  idle,
  cluster_idle,
  failover,
  link,
};

enum class Limit : std::uint8_t { none, sink, relay };

struct ModeRow {
  ModeKind kind;
  std::string_view name;
  std::uint32_t count;  // default of the number; 0 when the mode takes none
  std::uint32_t count_max;
  bool sized;           // runs once per payload size
  std::uint32_t nodes;  // servers that form a cluster; 1 is a server alone
  Limit limit;          // which loopback limit it is compared with
  std::string_view help;
};

struct Mode {
  ModeKind kind = ModeKind::pub;
  std::uint32_t count = 0;
};

// Who sends and who receives in the traffic modes.
struct Shape {
  std::uint32_t publishers = 1;
  std::uint32_t subscribers = 0;
  bool queue_group = false;
  bool own_subjects = false;  // publisher i is heard by subscriber i alone
};

std::span<const ModeRow> mode_rows();
const ModeRow& row_of(ModeKind kind);
Shape shape_of(const Mode& mode);
std::string name_of(const Mode& mode);
// "pub,fanout:4", "all" or "cluster"; nothing when a name or number is wrong, with the reason in
// `complaint`.
std::optional<std::vector<Mode>> read_modes(std::string_view text, std::string& complaint);

}  // namespace rubus::load
