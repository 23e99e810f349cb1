#include "engine/monitor/accountz.h"

#include <array>

#include "engine/auth/account_exports.h"
#include "engine/auth/service_responses.h"
#include "engine/base/ensure.h"
#include "engine/base/stable_order.h"
#include "engine/monitor/snapshot.h"
#include "engine/monitor/subsz.h"

namespace rubus {

namespace {

void write_mapping(JsonWriter& json, const MappingOptions& mapping, std::string_view cluster) {
  std::vector<std::pair<std::uint32_t, std::string_view>> weighted;
  std::uint32_t sum = 0;
  bool has_source = false;
  for (const MappingDestination& destination : mapping.destinations) {
    if (destination.cluster == cluster) {
      weighted.emplace_back(destination.weight, destination.subject);
      sum += destination.weight;
      has_source = has_source || destination.subject == mapping.source;
    }
  }
  // What no destination takes keeps its subject.
  if (sum < 100 && !has_source) {
    weighted.emplace_back(100 - sum, mapping.source);
  }
  order_stably(weighted, [](const auto& a, const auto& b) { return a.first < b.first; });
  std::uint32_t up_to = 0;
  for (const auto& [weight, subject] : weighted) {
    up_to += weight;
    json.begin_object({});
    json.text("subject", subject);
    json.number("weight", std::uint64_t{up_to});
    json.text_if_set("cluster", cluster);
    json.end_object();
  }
}

void write_mappings(JsonWriter& json, const std::vector<MappingOptions>& mappings) {
  if (mappings.empty()) {
    return;
  }
  json.begin_object("mappings");
  for (const MappingOptions& mapping : mappings) {
    json.begin_array(mapping.source);
    std::vector<std::string_view> clusters;
    for (const MappingDestination& destination : mapping.destinations) {
      clusters.push_back(destination.cluster);
    }
    std::sort(clusters.begin(), clusters.end());
    clusters.erase(std::unique(clusters.begin(), clusters.end()), clusters.end());
    for (const std::string_view cluster : clusters) {
      write_mapping(json, mapping, cluster);
    }
    json.end_array();
  }
  json.end_object();
}

std::string_view response_text(ResponseType type) {
  switch (type) {
    case ResponseType::singleton:
      return "Singleton";
    case ResponseType::stream:
      return "Streamed";
    case ResponseType::chunked:
      return "Chunked";
  }
  return {};
}

void write_export(JsonWriter& json, std::string_view subject, std::string_view type,
                  std::string_view response, const std::vector<std::string>& accounts) {
  json.begin_object({});
  json.text("subject", subject);
  json.text("type", type);
  json.text_if_set("response_type", response);
  json.texts_if_any("approved_accounts", accounts);
  json.end_object();
}

void write_exports(JsonWriter& json, const AccountOptions& account) {
  if (account.service_exports.empty() && account.stream_exports.empty()) {
    return;
  }
  json.begin_array("exports");
  for (const ServiceExport& service : account.service_exports) {
    write_export(json, service.subject, "service", response_text(service.response_type),
                 service.accounts);
  }
  for (const StreamExport& stream : account.stream_exports) {
    write_export(json, stream.subject, "stream", {}, stream.accounts);
  }
  json.end_array();
}

struct ShownImport {
  std::string_view subject;
  std::string_view account;
  std::string_view to;
  std::string_view local_subject;
  std::string_view type;
  bool share = false;
};

void write_import(JsonWriter& json, const ShownImport& shown) {
  json.begin_object({});
  json.text("subject", shown.subject);
  json.text("account", shown.account);
  json.text_if_set("to", shown.to);
  json.text("local_subject", shown.local_subject);
  json.text("type", shown.type);
  json.truth("invalid", false);
  json.truth("share", shown.share);
  json.truth("tracking", false);
  json.end_object();
}

void write_imports(JsonWriter& json, const AccountOptions& account, std::string_view name,
                   std::string_view system_account) {
  json.begin_array("imports");
  for (const StreamImport& stream : account.stream_imports) {
    write_import(json, {stream.subject,
                        stream.account,
                        {},
                        stream.to.empty() ? stream.subject : stream.to,
                        "stream",
                        false});
  }
  if (name == system_account) {
    for (const AutomaticImport& automatic : automatic_imports(name, true)) {
      write_import(json, {automatic.subject, system_account, automatic.local, automatic.local,
                          "service", automatic.share});
    }
  }
  for (const ServiceImport& service : account.service_imports) {
    const std::string_view local = service.to.empty() ? service.subject : service.to;
    write_import(json, {service.subject, service.account, local, local, "service", service.share});
  }
  json.end_array();
}

// What services of the account owe to others; of very many the first.
void write_responses(JsonWriter& json, const Account& account) {
  constexpr std::size_t shown_max = 1000;
  const ServiceResponses* const responses = account.known_responses();
  if (responses == nullptr || responses->pending() == 0) {
    return;
  }
  json.begin_object("responses");
  for (const ServiceResponses::Owed& owed : responses->first_owed(shown_max)) {
    json.begin_object(owed.subject);
    json.text("subject", owed.reply);
    json.text("account", owed.importer);
    json.text("to", owed.subject);
    json.text("local_subject", owed.subject);
    json.number("type", std::uint64_t{2});
    json.truth("invalid", false);
    json.truth("share", false);
    json.truth("tracking", false);
    json.end_object();
  }
  json.end_object();
}

void write_detail(JsonWriter& json, std::string_view key, const MonitorFacts& facts,
                  const AccountRecord& record) {
  const Options& options = *facts.context.options;
  const bool is_system = record.name == options.system_account;
  const AccountOptions none;
  const AccountOptions* const found =
      find_account_options(facts.context.effective_accounts, record.name);
  const AccountOptions& account = found == nullptr ? none : *found;
  const WallTime loaded = options.monitor.config_load_time;
  json.begin_object(key);
  json.text("account_name", record.name);
  json.text("update_time", go_time_text(loaded.nanoseconds != 0 ? loaded : facts.context.started));
  json.truth_if_set("is_system", is_system);
  json.truth("expired", false);
  json.truth("complete", true);
  json.truth("jetstream_enabled", false);
  json.number("leafnode_connections", record.leafnodes);
  json.number("client_connections", record.connections);
  json.number("subscriptions", record.subscriptions);
  write_mappings(json, account.mappings);
  write_exports(json, account);
  write_imports(json, account, record.name, options.system_account);
  json.text("name_tag", record.name);
  json.begin_object("sublist_stats");
  write_statistics(json, record);
  json.end_object();
  const auto known = facts.context.accounts.find(record.name);
  ensure(known != facts.context.accounts.end(), "a record is of an account");
  write_responses(json, *known->second);
  json.end_object();
}

}  // namespace

std::vector<AutomaticImport> automatic_imports(std::string_view account, bool is_system) {
  const std::string name(account);
  std::vector<AutomaticImport> imports;
  imports.push_back({"$SYS.REQ.USER." + name + ".INFO", "$SYS.REQ.USER.INFO", true});
  if (!is_system) {
    const std::string own = "$SYS.REQ.ACCOUNT." + name;
    imports.push_back({own + ".CONNZ", "$SYS.REQ.ACCOUNT.PING.CONNZ", false});
    imports.push_back({own + ".CONNZ", "$SYS.REQ.SERVER.PING.CONNZ", false});
    imports.push_back({own + ".STATZ", "$SYS.REQ.ACCOUNT.PING.STATZ", false});
  }
  return imports;
}

std::string account_detail_text(const MonitorFacts& facts, const AccountRecord& record) {
  std::string text;
  JsonWriter json(text, facts.style);
  write_detail(json, {}, facts, record);
  return text;
}

MonitorReply answer_accountz(const MonitorFacts& facts, Query& query) {
  const std::string_view wanted = query.text("acc");
  const std::vector<AccountRecord> accounts = all_accounts(facts);
  const auto found =
      std::find_if(accounts.begin(), accounts.end(),
                   [wanted](const AccountRecord& account) { return account.name == wanted; });
  if (!wanted.empty() && found == accounts.end()) {
    return refusal_reply("Account " + std::string(wanted) + " does not exist");
  }
  std::string body;
  JsonWriter json(body, facts.style);
  json.begin_object({});
  write_server_and_time(json, facts);
  json.text_if_set("system_account", facts.context.options->system_account);
  if (!wanted.empty()) {
    write_detail(json, "account_detail", facts, *found);
  } else {
    json.begin_array("accounts");
    for (const AccountRecord& account : accounts) {
      json.text({}, account.name);
    }
    json.end_array();
  }
  json.end_object();
  return document_reply(std::move(body));
}

}  // namespace rubus
