// MonitorDesk: takes questions about the process, gathers what other shards know, has the document
// built and hands out the answer.
//
// With one shard an answer leaves in the step of its question. With several, the desk of shard 0
// asks the others first and answers when the last one has told; shards that have ended count as
// told. Shards other than 0 only give snapshots. It decides nothing about the broker.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/sorted.h"
#include "engine/monitor/document.h"

namespace rubus {

// What the desk needs to see of the engine.
class MonitorSources {
 public:
  virtual SessionSlots clients() const = 0;
  virtual PeerRecords peers(bool with_subscriptions) const = 0;

 protected:
  ~MonitorSources() = default;
};

// Who wants facts of the whole process. `number` is its own; facts are valid during the call.
class FactsCustomer {
 public:
  virtual void on_facts(std::uint64_t number, const MonitorFacts& facts) = 0;

 protected:
  ~FactsCustomer() = default;
};

class MonitorDesk {
 public:
  MonitorDesk(EngineContext& context, const MonitorSources& sources)
      : context_(context), sources_(sources) {}
  MonitorDesk(const MonitorDesk&) = delete;
  MonitorDesk& operator=(const MonitorDesk&) = delete;

  void on(const MonitorAsked& asked);
  void on(const SnapshotAsked& asked);
  void on(const SnapshotTaken& taken);
  void on(const ProcessSampled& sampled) { process_ = sampled.process; }

  // on_facts() follows, now or in a later step. The question's own process facts and request
  // counts are not looked at: the last known ones are.
  void gather(FactsCustomer& customer, std::uint64_t number,
              std::shared_ptr<const MonitorQuestion> question);

  template <class V>
  void visit(V& v) const {
    v("gatherings", gatherings_.size());
    v("gatherings_made", made_);
  }

 private:
  struct Gathering {
    std::shared_ptr<const MonitorQuestion> question;
    FactsCustomer* customer = nullptr;  // null: a question of the monitoring port
    std::uint64_t number = 0;           // the customer's, or the monitoring ticket
    std::uint32_t missing = 0;
    std::vector<std::shared_ptr<const ShardSnapshot>> taken;
  };

  void begin(Gathering gathering);
  void finish(const Gathering& gathering);

  EngineContext& context_;
  const MonitorSources& sources_;
  ProcessFacts process_;
  RequestCounts requests_;
  SortedMap<SnapshotTicket, Gathering> gatherings_;
  std::uint64_t made_ = 0;
};

}  // namespace rubus
