// MonitorDesk: takes questions about the process, gathers what other shards know, has the document
// built and hands out the answer.
//
// With one shard an answer leaves in the step of its question. With several, the desk of shard 0
// asks the others first and answers when the last one has told; shards that have ended count as
// told. Few questions are out at once, the others wait in order. Shards other than 0 only give
// snapshots. It decides nothing about the broker.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "engine/base/sorted.h"
#include "engine/monitor/document.h"

namespace rubus {

class Engine;
class SystemServices;

class MonitorDesk {
 public:
  // Questions that other shards are asked at once: their snapshots stay until the last has come.
  static constexpr std::size_t gatherings_max = 2;

  // Both are only read, and outlive the desk.
  MonitorDesk(EngineContext& context, const Engine& engine) : context_(context), engine_(engine) {}
  MonitorDesk(const MonitorDesk&) = delete;
  MonitorDesk& operator=(const MonitorDesk&) = delete;

  void on(const MonitorAsked& asked);
  void on(const SnapshotAsked& asked);
  void on(const SnapshotTaken& taken);
  void on(const ProcessSampled& sampled) { process_ = sampled.process; }

  // SystemServices::on_facts() follows, now or in a later step; facts are valid during the call.
  // The question's own process facts and request counts are not looked at: the last known ones are.
  void gather(SystemServices& customer, std::uint64_t number,
              std::shared_ptr<const MonitorQuestion> question);

  template <class V>
  void visit(V& v) const {
    v("gatherings", gatherings_.size());
    v("questions", waiting_.size());
    v("gatherings_made", made_);
  }

 private:
  struct Gathering {
    std::shared_ptr<const MonitorQuestion> question;
    SystemServices* customer = nullptr;  // null: a question of the monitoring port
    std::uint64_t number = 0;            // the customer's, or the monitoring ticket
    std::uint32_t missing = 0;
    std::vector<std::shared_ptr<const ShardSnapshot>> taken;
  };

  void begin(Gathering gathering);
  void begin_next();
  void finish(const Gathering& gathering);

  EngineContext& context_;
  const Engine& engine_;
  ProcessFacts process_;
  RequestCounts requests_;
  SortedMap<SnapshotTicket, Gathering> gatherings_;
  std::deque<Gathering> waiting_;  // that nobody was asked for yet
  std::uint64_t made_ = 0;
};

}  // namespace rubus
