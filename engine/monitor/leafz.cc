#include "engine/monitor/leafz.h"

#include "engine/client/address_text.h"
#include "engine/monitor/subscription_detail.h"

namespace rubus {

namespace {

void write_leaf(JsonWriter& json, const LeafRecord& leaf, bool lists) {
  const ConnectionRecord& connection = leaf.connection;
  json.begin_object({});
  json.number("id", connection.number.value);
  json.text("name", connection.name);
  json.truth("is_spoke", leaf.is_spoke);
  json.truth_if_set("is_isolated", leaf.is_isolated);
  json.text("account", connection.account);
  json.text("ip", host_text(connection.remote));
  json.number("port", std::uint64_t{connection.remote.port});
  json.text("rtt", round_trip_text(connection.round_trip));
  json.number("in_msgs", connection.traffic.in_messages);
  json.number("out_msgs", connection.traffic.out_messages);
  json.number("in_bytes", connection.traffic.in_bytes);
  json.number("out_bytes", connection.traffic.out_bytes);
  json.number("subscriptions", connection.subscriptions);
  if (lists && !connection.subscription_records.empty()) {
    write_subscription_list(json, connection.subscription_records, {}, connection.number, false);
  }
  json.text_if_set("compression", leaf.compression);
  json.end_object();
}

}  // namespace

MonitorReply answer_leafz(const MonitorFacts& facts, Query& query) {
  const bool lists = query.truth("subs");
  const std::string_view account = query.text("acc");
  if (query.has_fault()) {
    return refusal_reply(query.fault());
  }
  std::vector<const LeafRecord*> shown;
  for (const LeafRecord& leaf : facts.peers.leafs) {
    if (account.empty() || leaf.connection.account == account) {
      shown.push_back(&leaf);
    }
  }
  std::string body;
  JsonWriter json(body, facts.style);
  json.begin_object({});
  write_server_and_time(json, facts);
  json.number("leafnodes", std::uint64_t{shown.size()});
  json.begin_array("leafs");
  for (const LeafRecord* leaf : shown) {
    write_leaf(json, *leaf, lists);
  }
  json.end_array();
  json.end_object();
  return document_reply(std::move(body));
}

}  // namespace rubus
