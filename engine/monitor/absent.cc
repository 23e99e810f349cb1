#include "engine/monitor/absent.h"

#include <array>

namespace rubus {

MonitorReply answer_gatewayz(const MonitorFacts& facts, Query& query) {
  query.truth("accs");
  if (query.has_fault()) {
    return refusal_reply(query.fault());
  }
  std::string body;
  JsonWriter json(body, facts.style);
  json.begin_object({});
  write_server_and_time(json, facts);
  json.empty_object("outbound_gateways");
  json.empty_object("inbound_gateways");
  json.end_object();
  return document_reply(std::move(body));
}

MonitorReply answer_jsz(const MonitorFacts& facts, Query& query) {
  static constexpr std::array<std::string_view, 8> switches = {
      "accounts", "streams", "consumers",   "direct-consumers",
      "config",   "raft",    "leader-only", "stream-leader-only"};
  bool leader_only = false;
  for (const std::string_view name : switches) {
    leader_only = query.truth(name) && name == "leader-only" ? true : leader_only;
  }
  PageAsked::read(query);
  if (leader_only) {
    query.refuse("filtered response: not leader");
  }
  if (query.has_fault()) {
    return refusal_reply(query.fault());
  }
  std::string body;
  JsonWriter json(body, facts.style);
  const std::uint64_t none = 0;
  json.begin_object({});
  for (const std::string_view key :
       {"memory", "storage", "reserved_memory", "reserved_storage", "accounts", "ha_assets"}) {
    json.number(key, none);
  }
  json.begin_object("api");
  for (const std::string_view key : {"level", "total", "errors"}) {
    json.number(key, none);
  }
  json.end_object();
  write_server_and_time(json, facts);
  json.truth("disabled", true);
  json.begin_object("config");
  json.number("max_memory", none);
  json.number("max_storage", none);
  json.end_object();
  for (const std::string_view key : {"streams", "consumers", "messages", "bytes", "total"}) {
    json.number(key, none);
  }
  json.end_object();
  return document_reply(std::move(body));
}

}  // namespace rubus
