#include "engine/monitor/closed_clients.h"

namespace rubus {

std::vector<SubscriptionRecord> record_subscriptions(const Subscription* first) {
  std::vector<SubscriptionRecord> records;
  for (const Subscription* at = first; at != nullptr; at = at->owner_next) {
    records.push_back({std::string(at->subject()), std::string(at->queue()), std::string(at->sid()),
                       at->delivered, at->delivered_max});
  }
  return records;
}

void ClosedClients::add(ConnectionRecord record, std::size_t kept_max) {
  subscriptions_kept_ += record.subscription_records.size();
  records_.push_back(std::move(record));
  ++total_;
  while (records_.size() > kept_max) {
    strip(records_.front());
    records_.pop_front();
    stripped_ -= stripped_ > 0 ? 1 : 0;
  }
  while (subscriptions_kept_ > subscriptions_kept_max) {
    strip(records_[stripped_]);
    ++stripped_;
  }
}

void ClosedClients::strip(ConnectionRecord& record) {
  subscriptions_kept_ -= record.subscription_records.size();
  record.subscription_records = {};
}

}  // namespace rubus
