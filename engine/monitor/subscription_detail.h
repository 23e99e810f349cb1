// One subscription as /connz?subs=detail and /subsz?subs=1 show it.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/ids.h"
#include "engine/monitor/json_writer.h"

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

}  // namespace rubus
