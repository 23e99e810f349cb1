#include "engine/monitor/monitor_desk.h"

#include <utility>

#include "engine/engine.h"
#include "engine/monitor/monitor.h"
#include "engine/monitor/snapshot.h"

namespace rubus {

void MonitorDesk::on(const MonitorAsked& asked) {
  process_ = asked.question->process;
  requests_ = asked.question->requests;
  begin({asked.question, nullptr, asked.ticket.value, 0, {}});
}

void MonitorDesk::gather(SystemServices& customer, std::uint64_t number,
                         std::shared_ptr<const MonitorQuestion> question) {
  begin({std::move(question), &customer, number, 0, {}});
}

void MonitorDesk::begin(Gathering gathering) {
  const ShardPlace& place = context_.options->shard;
  gathering.missing = place.index == 0 ? place.count - 1 : 0;
  if (gathering.missing == 0) {
    finish(gathering);
    return;
  }
  waiting_.push_back(std::move(gathering));
  begin_next();
}

void MonitorDesk::begin_next() {
  if (waiting_.empty() || gatherings_.size() >= gatherings_max) {
    return;
  }
  const SnapshotTicket ticket{++made_};
  context_.output->snapshot_wishes.push_back({ticket, waiting_.front().question});
  gatherings_.emplace(ticket, std::move(waiting_.front()));
  waiting_.pop_front();
}

void MonitorDesk::on(const SnapshotAsked& asked) {
  const PeerRecords no_peers;
  const MonitorFacts facts{context_, engine_.clients(), no_peers, process_, requests_};
  context_.output->snapshots.push_back({asked.ticket, take_snapshot(facts, *asked.question)});
}

void MonitorDesk::on(const SnapshotTaken& taken) {
  const auto found = gatherings_.find(taken.ticket);
  if (found == gatherings_.end()) {
    return;
  }
  Gathering& gathering = found->second;
  if (taken.snapshot != nullptr) {
    gathering.taken.push_back(taken.snapshot);
  }
  --gathering.missing;
  if (gathering.missing > 0) {
    return;
  }
  const Gathering complete = std::move(gathering);
  gatherings_.erase(found);
  begin_next();
  finish(complete);
}

void MonitorDesk::finish(const Gathering& gathering) {
  const PeerRecords peers = engine_.peers(shows_subscriptions(*gathering.question));
  MonitorFacts facts{context_, engine_.clients(), peers, process_, requests_, gathering.taken};
  if (gathering.customer != nullptr) {
    facts.style = JsonStyle::compact;
    gathering.customer->on_facts(gathering.number, facts);
    return;
  }
  MonitorReply reply = answer_monitor(facts, *gathering.question);
  reply.ticket = {gathering.number};
  context_.output->replies.push_back(std::move(reply));
}

}  // namespace rubus
