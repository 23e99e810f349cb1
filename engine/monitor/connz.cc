#include "engine/monitor/connz.h"

#include "engine/client/address_text.h"
#include "engine/monitor/connz_order.h"
#include "engine/monitor/go_text.h"
#include "engine/monitor/subscription_detail.h"
#include "engine/routing/subject.h"

namespace rubus {

namespace {

struct Asked {
  ConnectionOrder order = ConnectionOrder::cid;
  bool auth = false;
  ListsAsked subscriptions;
  PageAsked page;
  std::uint64_t cid = 0;
  bool open = true;
  bool closed = false;
  std::string_view user;
  std::string_view account;
  std::string_view mqtt_client;
  std::string_view subject;  // only connections that want it
};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& byte : result) {
    byte = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
  }
  return result;
}

void read_state(Query& query, Asked& asked) {
  const std::string state = lower(query.text("state"));
  asked.open = state.empty() || state == "open" || state == "any" || state == "all";
  asked.closed = state == "closed" || state == "any" || state == "all";
  if (!asked.open && !asked.closed) {
    query.refuse("Error decoding state for " + std::string(query.text("state")));
  }
}

void read_order(Query& query, Asked& asked) {
  const std::string_view name = query.text("sort");
  const std::optional<ConnectionOrder> order = parse_connection_order(name);
  if (!order.has_value()) {
    query.refuse("invalid sorting option: " + std::string(name));
    return;
  }
  asked.order = *order;
  const bool needs_closed = *order == ConnectionOrder::stop || *order == ConnectionOrder::reason;
  if (needs_closed && asked.open) {
    query.refuse("sort by " + std::string(name) + " only valid on closed connections");
  }
}

Asked read_asked(Query& query) {
  Asked asked;
  asked.auth = query.truth("auth");
  asked.subscriptions = ListsAsked::read(query);
  asked.page = PageAsked::read(query);
  asked.cid = query.unsigned_integer("cid");
  read_state(query, asked);
  read_order(query, asked);
  asked.user = query.text("user");
  asked.account = query.text("acc");
  asked.mqtt_client = query.text("mqtt_client");
  asked.subject = asked.account.empty() ? std::string_view() : query.text("filter_subject");
  if (asked.cid > 0) {
    asked.page.limit = 1;
  }
  return asked;
}

std::string_view account_name(const ListedConnection& connection) {
  if (connection.record == nullptr) {
    const Account* account = connection.session->account();
    return account == nullptr ? std::string_view() : std::string_view(account->name());
  }
  const bool is_hidden =
      connection.is_closed() && connection.record->account == global_account_name;
  return is_hidden ? std::string_view() : connection.record->account;
}

// All of the wanted states, and of the wanted account if one is named.
std::vector<ListedConnection> collect(const MonitorFacts& facts, const Asked& asked) {
  std::vector<ListedConnection> listed;
  const auto add = [&listed, &asked](const ListedConnection& connection) {
    if (asked.account.empty() || account_name(connection) == asked.account) {
      listed.push_back(connection);
    }
  };
  if (asked.open) {
    for (const ClientSession* session : open_sessions(facts)) {
      add({session, nullptr, session->number()});
    }
    for (const LeafRecord& leaf : facts.peers.leafs) {
      add({nullptr, &leaf.connection, leaf.connection.number});
    }
  }
  if (asked.closed) {
    for (const ConnectionRecord& record : facts.context.closed_clients.records()) {
      add({nullptr, &record, record.number});
    }
  }
  for (const std::shared_ptr<const ShardSnapshot>& other : facts.others) {
    if (asked.open) {
      for (const ConnectionRecord& record : other->open) {
        add({nullptr, &record, record.number});
      }
    }
    if (asked.closed) {
      for (const ConnectionRecord& record : other->closed) {
        add({nullptr, &record, record.number});
      }
    }
  }
  return listed;
}

std::vector<SubscriptionRecord> subscriptions_of(const ListedConnection& connection) {
  return connection.record != nullptr
             ? connection.record->subscription_records
             : record_subscriptions(connection.session->first_subscription());
}

bool wants(const ListedConnection& connection, std::string_view subject) {
  const std::vector<SubscriptionRecord> all = subscriptions_of(connection);
  return std::any_of(all.begin(), all.end(), [subject](const SubscriptionRecord& subscription) {
    return subjects_overlap(subscription.subject, subject);
  });
}

void filter(std::vector<ListedConnection>& listed, const Asked& asked) {
  const auto is_unwanted = [&asked](const ListedConnection& connection) {
    if (!asked.mqtt_client.empty() || (asked.cid > 0 && connection.number.value != asked.cid)) {
      return true;  // no connection here speaks MQTT
    }
    if (!asked.subject.empty() && !wants(connection, asked.subject)) {
      return true;
    }
    if (asked.user.empty()) {
      return false;
    }
    return connection.record != nullptr ? connection.record->user != asked.user
                                        : connection.session->record().user != asked.user;
  };
  listed.erase(std::remove_if(listed.begin(), listed.end(), is_unwanted), listed.end());
}

void write_peer_certificate(JsonWriter& json, const TlsFacts& facts) {
  if (facts.cert_sha256.empty()) {
    return;  // the client showed none
  }
  json.begin_array("tls_peer_certs");
  json.begin_object({});
  json.text_if_set("subject", facts.subject_short);
  json.text_if_set("spki_sha256", facts.spki_sha256);
  json.text_if_set("cert_sha256", facts.cert_sha256);
  json.end_object();
  json.end_array();
}

void write_subscriptions(JsonWriter& json, const ListedConnection& connection, bool details) {
  const std::vector<SubscriptionRecord> shown = subscriptions_of(connection);
  if (shown.empty()) {
    return;
  }
  // Only closed connections name the account with each subscription.
  const std::string_view account =
      connection.is_closed() ? std::string_view(connection.record->account) : std::string_view();
  write_subscription_list(json, shown, account, connection.number, details);
}

void write_traffic(JsonWriter& json, const ConnectionRecord& record) {
  json.number("pending_bytes", record.pending_bytes);
  json.number("in_msgs", record.traffic.in_messages);
  json.number("out_msgs", record.traffic.out_messages);
  json.number("in_bytes", record.traffic.in_bytes);
  json.number("out_bytes", record.traffic.out_bytes);
  json.number_if_set("stalls", record.stalls);
  json.number("subscriptions", record.subscriptions);
}

void write_connection(JsonWriter& json, const ListedConnection& connection,
                      const ConnectionRecord& record, const Asked& asked, WallTime now) {
  const bool is_closed = record.is_closed();
  const WallTime until = is_closed ? record.stop : now;
  json.begin_object({});
  json.number("cid", record.number.value);
  json.text("kind", record.is_leaf ? "Leafnode" : "Client");
  json.text_if_set("type", record.is_leaf ? "" : "nats");
  json.text("ip", host_text(record.remote));
  json.number("port", std::uint64_t{record.remote.port});
  json.text("start", go_time_text(record.start));
  json.text("last_activity", go_time_text(record.last_activity));
  if (is_closed) {
    json.text("stop", go_time_text(record.stop));
    json.text("reason", close_reason_text(record.reason));
  }
  json.text("rtt", round_trip_text(record.round_trip));
  json.text("uptime", age_text(until - record.start));
  json.text("idle", age_text(until - record.last_activity));
  write_traffic(json, record);
  json.text_if_set("name", record.name);
  json.text_if_set("lang", record.lang);
  json.text_if_set("version", record.version);
  json.text_if_set("tls_version", record.tls_version);
  json.text_if_set("tls_cipher_suite", record.tls_cipher);
  if (asked.auth && !is_closed && record.tls_facts != nullptr) {
    write_peer_certificate(json, *record.tls_facts);
  }
  json.truth_if_set("tls_first", record.tls_first);
  if (asked.auth) {
    json.text_if_set("authorized_user", record.user);
    json.text_if_set("account", record.account == global_account_name ? "" : record.account);
  }
  if (asked.subscriptions.lists || asked.subscriptions.details) {
    write_subscriptions(json, connection, asked.subscriptions.details);
  }
  if (asked.auth) {
    json.text_if_set("name_tag", account_name(connection));
  }
  json.end_object();
}

}  // namespace

std::vector<ConnectionRecord> open_connections(const MonitorFacts& facts) {
  std::vector<ConnectionRecord> records;
  for (const ListedConnection& connection : collect(facts, {})) {
    records.push_back(connection.record != nullptr ? *connection.record
                                                   : connection.session->record());
  }
  std::sort(
      records.begin(), records.end(),
      [](const ConnectionRecord& a, const ConnectionRecord& b) { return a.number < b.number; });
  return records;
}

MonitorReply answer_connz(const MonitorFacts& facts, Query& query) {
  const Asked asked = read_asked(query);
  if (query.has_fault()) {
    return refusal_reply(query.fault());
  }
  const EngineContext& context = facts.context;
  const bool knows_account =
      asked.account.empty() || context.accounts.find(asked.account) != context.accounts.end();
  std::vector<ListedConnection> listed;
  if (knows_account) {
    listed = collect(facts, asked);
  }
  const std::uint64_t total = listed.size();
  filter(listed, asked);
  sort_connections(listed, asked.order, context.wall);
  const Page page = asked.page.of(listed.size());
  std::string body;
  JsonWriter json(body, facts.style);
  json.begin_object({});
  // Of an unknown account nats-server tells nothing, not even who answers.
  json.text("server_id", knows_account ? context.options->identity.server_id : std::string());
  json.text("now", go_time_text(context.wall));
  json.number("num_connections", std::uint64_t{page.last - page.first});
  json.number("total", total);
  json.number("offset", asked.page.offset);
  json.number("limit", asked.page.limit);
  if (knows_account) {
    json.begin_array("connections");
    for (std::size_t at = page.first; at < page.last; ++at) {
      const ListedConnection& shown = listed[at];
      if (shown.record != nullptr) {
        write_connection(json, shown, *shown.record, asked, context.wall);
      } else {
        write_connection(json, shown, shown.session->record(), asked, context.wall);
      }
    }
    json.end_array();
  } else {
    json.literal("connections", "null");
  }
  json.end_object();
  return document_reply(std::move(body));
}

}  // namespace rubus
