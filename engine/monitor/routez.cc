#include "engine/monitor/routez.h"

#include "engine/client/address_text.h"
#include "engine/monitor/subscription_detail.h"

namespace rubus {

namespace {

void write_filter(JsonWriter& json, std::string_view key,
                  const std::optional<SubjectFilter>& filter) {
  if (!filter.has_value()) {
    return;
  }
  json.begin_object(key);
  json.texts_if_any("allow", filter->allow);
  json.texts_if_any("deny", filter->deny);
  json.end_object();
}

void write_route(JsonWriter& json, const RouteRecord& route, const ListsAsked& asked,
                 WallTime now) {
  const ConnectionRecord& connection = route.connection;
  json.begin_object({});
  json.number("rid", connection.number.value);
  json.text("remote_id", route.remote_id);
  json.text("remote_name", route.remote_name);
  json.truth("did_solicit", route.did_solicit);
  json.truth("is_configured", route.is_configured);
  json.text("ip", host_text(connection.remote));
  json.number("port", std::uint64_t{connection.remote.port});
  json.text("start", go_time_text(connection.start));
  json.text("last_activity", go_time_text(connection.last_activity));
  json.text("rtt", round_trip_text(connection.round_trip));
  json.text("uptime", age_text(now - connection.start));
  json.text("idle", age_text(now - connection.last_activity));
  write_filter(json, "import", route.import_filter);
  write_filter(json, "export", route.export_filter);
  json.number("pending_size", connection.pending_bytes);
  json.number("in_msgs", connection.traffic.in_messages);
  json.number("out_msgs", connection.traffic.out_messages);
  json.number("in_bytes", connection.traffic.in_bytes);
  json.number("out_bytes", connection.traffic.out_bytes);
  json.number("subscriptions", connection.subscriptions);
  if ((asked.lists || asked.details) && !connection.subscription_records.empty()) {
    write_subscription_list(json, connection.subscription_records, {}, connection.number,
                            asked.details);
  }
  json.text_if_set("account", route.account);
  json.text_if_set("compression", route.compression);
  json.end_object();
}

}  // namespace

MonitorReply answer_routez(const MonitorFacts& facts, Query& query) {
  const ListsAsked asked = ListsAsked::read(query);
  if (query.has_fault()) {
    return refusal_reply(query.fault());
  }
  const Options& options = *facts.context.options;
  std::string body;
  JsonWriter json(body, facts.style);
  json.begin_object({});
  json.text("server_id", options.identity.server_id);
  json.text("server_name", options.identity.server_name);
  json.text("now", go_time_text(facts.context.wall));
  write_filter(json, "import", options.cluster.import_filter);
  write_filter(json, "export", options.cluster.export_filter);
  json.number("num_routes", std::uint64_t{facts.peers.routes.size()});
  json.begin_array("routes");
  for (const RouteRecord& route : facts.peers.routes) {
    write_route(json, route, asked, facts.context.wall);
  }
  json.end_array();
  json.end_object();
  return document_reply(std::move(body));
}

}  // namespace rubus
