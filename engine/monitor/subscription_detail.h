// Subscriptions as /connz, /routez and /subsz show them: by subject, or with details.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/ids.h"
#include "engine/monitor/json_writer.h"
#include "engine/seam/shard_snapshot.h"

namespace rubus {

struct SubscriptionDetail {
  std::string_view account;  // empty: not shown
  std::string_view subject;
  std::string_view queue;
  std::string_view sid;
  std::uint64_t delivered = 0;
  std::uint64_t delivered_max = 0;  // 0: no limit
  ClientNumber client;
};

inline void write_subscription_detail(JsonWriter& json, const SubscriptionDetail& detail) {
  json.begin_object({});
  json.text_if_set("account", detail.account);
  // The tag of an account that comes from the configuration is its name.
  json.text_if_set("account_tag", detail.account);
  json.text("subject", detail.subject);
  json.text_if_set("qgroup", detail.queue);
  json.text("sid", detail.sid);
  json.number("msgs", detail.delivered);
  json.number_if_set("max", detail.delivered_max);
  json.number("cid", detail.client.value);
  json.end_object();
}

// As names or with details; the list must not be empty.
inline void write_subscription_list(JsonWriter& json,
                                    const std::vector<SubscriptionRecord>& records,
                                    std::string_view account, ClientNumber client, bool details) {
  json.begin_array(details ? "subscriptions_list_detail" : "subscriptions_list");
  for (const SubscriptionRecord& record : records) {
    if (details) {
      write_subscription_detail(json, {account, record.subject, record.queue, record.sid,
                                       record.delivered, record.delivered_max, client});
    } else {
      json.text({}, record.subject);
    }
  }
  json.end_array();
}

}  // namespace rubus
