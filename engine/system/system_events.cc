// What the server tells of itself, its accounts and its clients.
#include <algorithm>

#include "engine/base/text_number.h"
#include "engine/client/address_text.h"
#include "engine/monitor/accstatz.h"
#include "engine/monitor/go_text.h"
#include "engine/monitor/snapshot.h"
#include "engine/routing/subject.h"
#include "engine/system/server_json.h"
#include "engine/system/system_services.h"
#include "engine/system/user_info.h"

namespace rubus {

namespace {

void write_by_kind_if_any(JsonWriter& json, std::string_view key, std::uint64_t clients,
                          std::uint64_t routes, std::uint64_t leafs) {
  if (clients + routes + leafs > 0) {
    write_by_kind(json, key, clients, routes, leafs);
  }
}

void write_routes(JsonWriter& json, const std::vector<RouteRecord>& routes) {
  if (routes.empty()) {
    return;
  }
  json.begin_array("routes");
  for (const RouteRecord& route : routes) {
    const Traffic& traffic = route.connection.traffic;
    json.begin_object({});
    json.number("rid", route.connection.number.value);
    json.text_if_set("name", route.remote_name);
    write_flow(json, "sent", traffic.out_messages, traffic.out_bytes);
    write_flow(json, "received", traffic.in_messages, traffic.in_bytes);
    json.number("pending", route.connection.pending_bytes);
    json.end_object();
  }
  json.end_array();
}

std::string_view account_told(const ConnectionRecord& record) {
  if (!record.account.empty()) {
    return record.account;
  }
  return record.is_leaf ? std::string_view("N/A") : global_account_name;
}

}  // namespace

std::string SystemServices::statsz_subject() const {
  return "$SYS.SERVER." + context_.options->identity.server_id + ".STATSZ";
}

std::string SystemServices::statsz(const MonitorFacts& facts) {
  const Counters counters = all_counters(facts);
  Traffic all = counters.traffic;
  all.add(counters.route_traffic);
  all.add(counters.leaf_traffic);
  const std::vector<AccountRecord> accounts = all_accounts(facts);
  std::string text;
  JsonWriter json(text, JsonStyle::compact);
  json.begin_object({});
  json.text("start", go_time_text(context_.started));
  json.number("mem", facts.process.resident_bytes);
  json.number("cores", std::uint64_t{facts.process.cores});
  json.literal("cpu", go_fraction_text(facts.process.cpu_percent_hundredths, 100));
  json.number("connections", counters.connections);
  json.number("total_connections", counters.connections_total);
  json.number("active_accounts",
              static_cast<std::uint64_t>(
                  std::count_if(accounts.begin(), accounts.end(), [](const AccountRecord& account) {
                    return account.connections + account.leafnodes > 0;
                  })));
  json.number("subscriptions", all_subscriptions(facts));
  write_flow(json, "sent", all.out_messages, all.out_bytes);
  write_flow(json, "sent_to_clients", counters.traffic.out_messages, counters.traffic.out_bytes);
  write_flow(json, "received", all.in_messages, all.in_bytes);
  write_flow(json, "received_from_clients", counters.traffic.in_messages,
             counters.traffic.in_bytes);
  json.number("slow_consumers",
              counters.slow_consumers + counters.slow_routes + counters.slow_leafs);
  write_by_kind_if_any(json, "slow_consumer_stats", counters.slow_consumers, counters.slow_routes,
                       counters.slow_leafs);
  json.number_if_set("stale_connections",
                     counters.stale_connections + counters.stale_routes + counters.stale_leafs);
  write_by_kind_if_any(json, "stale_connection_stats", counters.stale_connections,
                       counters.stale_routes, counters.stale_leafs);
  json.number_if_set("stalled_clients", counters.stalled_clients);
  write_routes(json, facts.peers.routes);
  // Servers that are connected count before their first heartbeat.
  json.number("active_servers", std::max<std::uint64_t>(servers_.size(), facts.peers.remotes) + 1);
  json.number("gomaxprocs", std::uint64_t{facts.process.threads});
  json.end_object();
  return text;
}

std::string SystemServices::account_event(const AccountRecord& account) {
  std::string text;
  JsonWriter json(text, JsonStyle::compact);
  json.begin_object({});
  write_event_head(json, context_, "account_connections", ++events_);
  write_server(json, "server", context_, ++sequence_);
  write_account_numbers(json, account);
  json.end_object();
  return text;
}

std::string SystemServices::client_event(std::string_view type, const ConnectionRecord& record) {
  const bool is_end = record.is_closed();
  const std::string_view account = account_told(record);
  std::string text;
  JsonWriter json(text, JsonStyle::compact);
  json.begin_object({});
  write_event_head(json, context_, type, ++events_);
  write_server(json, "server", context_, ++sequence_);
  json.begin_object("client");
  json.text("start", go_time_text(record.start));
  json.text_if_set("host", host_text(record.remote));
  json.number_if_set("id", record.number.value);
  json.text("acc", account);
  json.text_if_set("user", record.user);
  json.text_if_set("name", record.name);
  json.text_if_set("lang", record.lang);
  json.text_if_set("ver", record.version);
  json.number_if_set("rtt", static_cast<std::uint64_t>(record.round_trip.nanoseconds));
  if (is_end) {
    json.text("stop", go_time_text(record.stop));
  }
  json.text_if_set("name_tag", record.is_leaf ? std::string_view(record.account) : account);
  json.text("kind", record.is_leaf ? "Leafnode" : "Client");
  json.text_if_set("client_type", record.is_leaf ? "" : "nats");
  json.end_object();
  if (is_end) {
    // As the client sees it: what it sent and received.
    write_flow(json, "sent", record.traffic.in_messages, record.traffic.in_bytes);
    write_flow(json, "received", record.traffic.out_messages, record.traffic.out_bytes);
    json.text("reason", close_reason_text(record.reason));
  }
  json.end_object();
  return text;
}

void SystemServices::tell(const News& news, const MonitorFacts& facts) {
  if (news.statsz) {
    publish(statsz_subject(), envelope("statsz", statsz(facts)));
  }
  if (news.accounts.empty() && !news.all_accounts) {
    return;
  }
  for (const AccountRecord& account : all_accounts(facts)) {
    const bool is_in_use = account.connections + account.leafnodes > 0;
    if (news.accounts.count(account.name) != 0 ||
        (news.all_accounts && is_in_use && are_numbers_wanted(account.name))) {
      std::string event = account_event(account);
      publish("$SYS.SERVER.ACCOUNT." + account.name + ".CONNS", event);
      publish("$SYS.ACCOUNT." + account.name + ".SERVER.CONNS", std::move(event));
    }
  }
}

void SystemServices::on_connect(const ClientSession& session) {
  const std::string& account = session.account()->name();
  tell_account(account);
  std::string subject = "$SYS.ACCOUNT." + account + ".CONNECT";
  if (is_wanted(subject)) {
    publish(std::move(subject), client_event("client_connect", session.record()));
  }
}

// A client that has not logged in belongs to the global account, as far as is told; a leaf node to
// none, and then its end is no event.
void SystemServices::on_disconnect(const ConnectionRecord& closed) {
  if (!closed.account.empty()) {
    tell_account(closed.account);
  }
  std::string refused = "$SYS.SERVER." + context_.options->identity.server_id + ".CLIENT.AUTH.ERR";
  if (closed.reason == CloseReason::authentication_failure && is_wanted(refused)) {
    publish(std::move(refused), client_event("client_disconnect", closed));
  }
  if (closed.is_leaf && closed.account.empty()) {
    return;
  }
  std::string subject =
      std::string("$SYS.ACCOUNT.").append(account_told(closed)).append(".DISCONNECT");
  if (is_wanted(subject)) {
    publish(std::move(subject), client_event("client_disconnect", closed));
  }
}

// Of the global account they are told only to who asks, as nats-server does.
bool SystemServices::are_numbers_wanted(const std::string& account) const {
  return account != global_account_name &&
         (is_wanted("$SYS.SERVER.ACCOUNT." + account + ".CONNS") ||
          is_wanted("$SYS.ACCOUNT." + account + ".SERVER.CONNS"));
}

// The numbers are those of the whole process, so shard 0 tells them; once for all changes of the
// present input.
void SystemServices::tell_account(const std::string& account) {
  if (context_.options->shard.index == 0 && are_numbers_wanted(account)) {
    news_.accounts.insert(account);
  }
}

void SystemServices::tell_server_event(std::string_view word) {
  std::string subject =
      "$SYS.SERVER." + context_.options->identity.server_id + "." + std::string(word);
  if (context_.options->shard.index != 0 || !is_wanted(subject)) {
    return;
  }
  // The server alone, without an envelope around it.
  std::string text;
  JsonWriter json(text, JsonStyle::compact);
  write_server(json, {}, context_, ++sequence_);
  publish(std::move(subject), std::move(text));
}

}  // namespace rubus
