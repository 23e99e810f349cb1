// Canary: a fault planted between the shard and the wire, to show that the checks can fail.
// It changes one message (the `nth` that leaves the server) and nothing else.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sim/model/pubsub_model.h"

namespace rubus::sim {

enum class CanaryKind : std::uint8_t { none, drop, duplicate, swap, corrupt, misdirect };

class Canary {
 public:
  Canary(CanaryKind kind, std::uint64_t nth) : kind_(kind), nth_(nth) {}

  bool is_set() const { return kind_ != CanaryKind::none; }
  bool has_sung() const { return has_sung_; }
  // `fresh` holds whole frames.
  void change(Serial serial, std::string& fresh);

 private:
  CanaryKind kind_;
  std::uint64_t nth_;
  std::uint64_t messages_ = 0;
  bool has_sung_ = false;
  std::string kept_;  // misdirect: waits for another connection; swap: for the next message
  Serial kept_of_ = 0;
};

}  // namespace rubus::sim
