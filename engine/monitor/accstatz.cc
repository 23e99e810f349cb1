#include "engine/monitor/accstatz.h"

#include "engine/monitor/snapshot.h"

namespace rubus {

namespace {

// One direction: messages and bytes in all, and those that crossed links.
struct Flow {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
};

Flow sent(const Traffic& traffic) { return {traffic.out_messages, traffic.out_bytes}; }
Flow received(const Traffic& traffic) { return {traffic.in_messages, traffic.in_bytes}; }

void write_flows(JsonWriter& json, std::string_view key, Flow all, Flow routes, Flow leafs) {
  json.begin_object(key);
  json.number("msgs", all.messages);
  json.number("bytes", all.bytes);
  write_flow(json, "gateways", 0, 0);
  write_flow(json, "routes", routes.messages, routes.bytes);
  write_flow(json, "leafs", leafs.messages, leafs.bytes);
  json.end_object();
}

bool is_wanted(const AccountRecord& account, std::string_view names, bool with_unused) {
  if (!with_unused && account.connections + account.leafnodes == 0) {
    return false;
  }
  if (names.empty()) {
    return true;
  }
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(' '), names.size());
    if (names.substr(0, end) == account.name) {
      return true;
    }
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

}  // namespace

Traffic all_traffic(const AccountRecord& account) {
  Traffic all = account.clients;
  all.add(account.routes);
  all.add(account.leafs);
  return all;
}

void write_account_numbers(JsonWriter& json, const AccountRecord& account) {
  const Traffic all = all_traffic(account);
  json.text("acc", account.name);
  json.text("name", account.name);
  json.number("conns", account.connections);
  json.number("leafnodes", account.leafnodes);
  json.number("total_conns", account.connections + account.leafnodes);
  json.number("num_subscriptions", account.subscriptions);
  write_flows(json, "sent", sent(all), sent(account.routes), sent(account.leafs));
  write_flows(json, "received", received(all), received(account.routes), received(account.leafs));
  json.number("slow_consumers", account.slow_consumers);
}

MonitorReply answer_accstatz(const MonitorFacts& facts, Query& query) {
  const bool with_unused = query.truth("unused");
  const std::string_view names = query.text("accounts");
  if (query.has_fault()) {
    return refusal_reply(query.fault());
  }
  std::string body;
  JsonWriter json(body, facts.style);
  json.begin_object({});
  write_server_and_time(json, facts);
  json.begin_array("account_statz");
  for (const AccountRecord& account : all_accounts(facts)) {
    if (is_wanted(account, names, with_unused)) {
      json.begin_object({});
      write_account_numbers(json, account);
      json.end_object();
    }
  }
  json.end_array();
  json.end_object();
  return document_reply(std::move(body));
}

}  // namespace rubus
