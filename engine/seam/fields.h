// One field list per struct of the seam; it serves the codec, the describer and the comparison.
//
// fields(visitor, value) calls visitor("name", member) for each member in declaration order. The
// structured binding in each list names every member, so a field added to a struct without a line
// here does not compile. Variants, containers and pointers are the visitor's business.
#pragma once

#include <concepts>
#include <type_traits>

#include "engine/seam/input.h"
#include "engine/seam/options.h"
#include "engine/seam/output.h"

namespace rubus {

template <class Value, class Struct>
concept Of = std::same_as<std::remove_const_t<Value>, Struct>;

// How many values an enumeration has; the codec refuses numbers beyond.
template <class Enum>
constexpr unsigned enum_values = 0;
template <>
inline constexpr unsigned enum_values<CloseCause> = 4;
template <>
inline constexpr unsigned enum_values<TlsStage> = 3;
template <>
inline constexpr unsigned enum_values<TlsPolicy> = 3;
template <>
inline constexpr unsigned enum_values<ConnectionKind> = 4;
template <>
inline constexpr unsigned enum_values<ResponseType> = 3;

// ---- identifiers --------------------------------------------------------------------------------

template <class V, Of<ConnectionId> S>
void fields(V& visit, S& value) {
  auto& [slot, generation] = value;
  visit("slot", slot);
  visit("generation", generation);
}

template <class V, Of<JobTicket> S>
void fields(V& visit, S& value) {
  auto& [number] = value;
  visit("value", number);
}

template <class V, Of<DialTicket> S>
void fields(V& visit, S& value) {
  auto& [number] = value;
  visit("value", number);
}

template <class V, Of<ResolveTicket> S>
void fields(V& visit, S& value) {
  auto& [number] = value;
  visit("value", number);
}

template <class V, Of<MonitorTicket> S>
void fields(V& visit, S& value) {
  auto& [number] = value;
  visit("value", number);
}

template <class V, Of<Address> S>
void fields(V& visit, S& value) {
  auto& [bytes, port, is_v6] = value;
  visit("bytes", bytes);
  visit("port", port);
  visit("is_v6", is_v6);
}

// ---- options ------------------------------------------------------------------------------------

template <class V, Of<ResponsePermission> S>
void fields(V& visit, S& value) {
  auto& [messages_max, time_to_live] = value;
  visit("messages_max", messages_max);
  visit("time_to_live", time_to_live);
}

template <class V, Of<Permissions> S>
void fields(V& visit, S& value) {
  auto& [publish_allow, publish_deny, subscribe_allow, subscribe_deny, responses] = value;
  visit("publish_allow", publish_allow);
  visit("publish_deny", publish_deny);
  visit("subscribe_allow", subscribe_allow);
  visit("subscribe_deny", subscribe_deny);
  visit("responses", responses);
}

template <class V, Of<User> S>
void fields(V& visit, S& value) {
  auto& [name, password, nkey, account, permissions, connection_types] = value;
  visit("name", name);
  visit("password", password);
  visit("nkey", nkey);
  visit("account", account);
  visit("permissions", permissions);
  visit("connection_types", connection_types);
}

template <class V, Of<Authorization> S>
void fields(V& visit, S& value) {
  auto& [token, username, password, users, no_auth_user, timeout] = value;
  visit("token", token);
  visit("username", username);
  visit("password", password);
  visit("users", users);
  visit("no_auth_user", no_auth_user);
  visit("timeout", timeout);
}

template <class V, Of<TlsOptions> S>
void fields(V& visit, S& value) {
  auto& [policy, verify, map, handshake_first, handshake_first_fallback, timeout] = value;
  visit("policy", policy);
  visit("verify", verify);
  visit("map", map);
  visit("handshake_first", handshake_first);
  visit("handshake_first_fallback", handshake_first_fallback);
  visit("timeout", timeout);
}

template <class V, Of<Limits> S>
void fields(V& visit, S& value) {
  auto& [max_payload, max_pending, max_control_line, max_connections, max_subscriptions,
         max_subscription_tokens, max_closed_clients, ping_interval, ping_max, write_deadline] =
      value;
  visit("max_payload", max_payload);
  visit("max_pending", max_pending);
  visit("max_control_line", max_control_line);
  visit("max_connections", max_connections);
  visit("max_subscriptions", max_subscriptions);
  visit("max_subscription_tokens", max_subscription_tokens);
  visit("max_closed_clients", max_closed_clients);
  visit("ping_interval", ping_interval);
  visit("ping_max", ping_max);
  visit("write_deadline", write_deadline);
}

template <class V, Of<TraceOptions> S>
void fields(V& visit, S& value) {
  auto& [debug, trace, headers_only, message_bytes_max] = value;
  visit("debug", debug);
  visit("trace", trace);
  visit("headers_only", headers_only);
  visit("message_bytes_max", message_bytes_max);
}

template <class V, Of<ServerIdentity> S>
void fields(V& visit, S& value) {
  auto& [server_id, server_name, version, git_commit, toolchain, xkey, host, port, node_hash,
         connect_urls] = value;
  visit("server_id", server_id);
  visit("server_name", server_name);
  visit("version", version);
  visit("git_commit", git_commit);
  visit("toolchain", toolchain);
  visit("xkey", xkey);
  visit("host", host);
  visit("port", port);
  visit("node_hash", node_hash);
  visit("connect_urls", connect_urls);
}

template <class V, Of<MonitorOptions> S>
void fields(V& visit, S& value) {
  auto& [http_host, http_port, https_port, http_base_path, config_load_time, config_digest,
         write_timeout, tls_cert_not_after, metrics_prefix, metrics_prefix_jetstream,
         metrics_server_id, tags, metadata] = value;
  visit("http_host", http_host);
  visit("http_port", http_port);
  visit("https_port", https_port);
  visit("http_base_path", http_base_path);
  visit("config_load_time", config_load_time);
  visit("config_digest", config_digest);
  visit("write_timeout", write_timeout);
  visit("tls_cert_not_after", tls_cert_not_after);
  visit("metrics_prefix", metrics_prefix);
  visit("metrics_prefix_jetstream", metrics_prefix_jetstream);
  visit("metrics_server_id", metrics_server_id);
  visit("tags", tags);
  visit("metadata", metadata);
}

template <class V, Of<ShardPlace> S>
void fields(V& visit, S& value) {
  auto& [index, count] = value;
  visit("index", index);
  visit("count", count);
}

template <class V, Of<RemoteUrl> S>
void fields(V& visit, S& value) {
  auto& [host, port, username, password, tls] = value;
  visit("host", host);
  visit("port", port);
  visit("username", username);
  visit("password", password);
  visit("tls", tls);
}

template <class V, Of<SubjectFilter> S>
void fields(V& visit, S& value) {
  auto& [allow, deny] = value;
  visit("allow", allow);
  visit("deny", deny);
}

template <class V, Of<PeerTls> S>
void fields(V& visit, S& value) {
  auto& [enabled, verify, handshake_first, timeout] = value;
  visit("enabled", enabled);
  visit("verify", verify);
  visit("handshake_first", handshake_first);
  visit("timeout", timeout);
}

template <class V, Of<ClusterOptions> S>
void fields(V& visit, S& value) {
  auto& [enabled, name, is_name_dynamic, host, port, advertise_host, advertise_port, no_advertise,
         routes, username, password, authentication_timeout, tls, import_filter, export_filter,
         connect_retries, connect_backoff, ping_interval, ping_max, write_deadline] = value;
  visit("enabled", enabled);
  visit("name", name);
  visit("is_name_dynamic", is_name_dynamic);
  visit("host", host);
  visit("port", port);
  visit("advertise_host", advertise_host);
  visit("advertise_port", advertise_port);
  visit("no_advertise", no_advertise);
  visit("routes", routes);
  visit("username", username);
  visit("password", password);
  visit("authentication_timeout", authentication_timeout);
  visit("tls", tls);
  visit("import_filter", import_filter);
  visit("export_filter", export_filter);
  visit("connect_retries", connect_retries);
  visit("connect_backoff", connect_backoff);
  visit("ping_interval", ping_interval);
  visit("ping_max", ping_max);
  visit("write_deadline", write_deadline);
}

template <class V, Of<LeafUser> S>
void fields(V& visit, S& value) {
  auto& [username, password, nkey, account] = value;
  visit("username", username);
  visit("password", password);
  visit("nkey", nkey);
  visit("account", account);
}

template <class V, Of<LeafRemote> S>
void fields(V& visit, S& value) {
  auto& [urls, account, deny_imports, deny_exports, is_hub, no_randomize, ignores_discovered, tls,
         first_info_timeout] = value;
  visit("urls", urls);
  visit("account", account);
  visit("deny_imports", deny_imports);
  visit("deny_exports", deny_exports);
  visit("is_hub", is_hub);
  visit("no_randomize", no_randomize);
  visit("ignores_discovered", ignores_discovered);
  visit("tls", tls);
  visit("first_info_timeout", first_info_timeout);
}

template <class V, Of<LeafOptions> S>
void fields(V& visit, S& value) {
  auto& [enabled, host, port, advertise_host, advertise_port, no_advertise, users, account,
         authentication_timeout, tls, min_version, isolate_leafnode_interest, remotes,
         reconnect_interval, ping_interval, ping_max, write_deadline] = value;
  visit("enabled", enabled);
  visit("host", host);
  visit("port", port);
  visit("advertise_host", advertise_host);
  visit("advertise_port", advertise_port);
  visit("no_advertise", no_advertise);
  visit("users", users);
  visit("account", account);
  visit("authentication_timeout", authentication_timeout);
  visit("tls", tls);
  visit("min_version", min_version);
  visit("isolate_leafnode_interest", isolate_leafnode_interest);
  visit("remotes", remotes);
  visit("reconnect_interval", reconnect_interval);
  visit("ping_interval", ping_interval);
  visit("ping_max", ping_max);
  visit("write_deadline", write_deadline);
}

template <class V, Of<StreamExport> S>
void fields(V& visit, S& value) {
  auto& [subject, is_private, accounts, account_token_position] = value;
  visit("subject", subject);
  visit("is_private", is_private);
  visit("accounts", accounts);
  visit("account_token_position", account_token_position);
}

template <class V, Of<ServiceExport> S>
void fields(V& visit, S& value) {
  auto& [subject, response_type, is_private, accounts, account_token_position, response_threshold] =
      value;
  visit("subject", subject);
  visit("response_type", response_type);
  visit("is_private", is_private);
  visit("accounts", accounts);
  visit("account_token_position", account_token_position);
  visit("response_threshold", response_threshold);
}

template <class V, Of<StreamImport> S>
void fields(V& visit, S& value) {
  auto& [account, subject, to] = value;
  visit("account", account);
  visit("subject", subject);
  visit("to", to);
}

template <class V, Of<ServiceImport> S>
void fields(V& visit, S& value) {
  auto& [account, subject, to, share] = value;
  visit("account", account);
  visit("subject", subject);
  visit("to", to);
  visit("share", share);
}

template <class V, Of<MappingDestination> S>
void fields(V& visit, S& value) {
  auto& [subject, weight, cluster] = value;
  visit("subject", subject);
  visit("weight", weight);
  visit("cluster", cluster);
}

template <class V, Of<MappingOptions> S>
void fields(V& visit, S& value) {
  auto& [source, destinations] = value;
  visit("source", source);
  visit("destinations", destinations);
}

template <class V, Of<AccountLimits> S>
void fields(V& visit, S& value) {
  auto& [connections_max, subscriptions_max, payload_max, leafnodes_max] = value;
  visit("connections_max", connections_max);
  visit("subscriptions_max", subscriptions_max);
  visit("payload_max", payload_max);
  visit("leafnodes_max", leafnodes_max);
}

template <class V, Of<AccountOptions> S>
void fields(V& visit, S& value) {
  auto& [name, stream_exports, service_exports, stream_imports, service_imports, mappings, limits] =
      value;
  visit("name", name);
  visit("stream_exports", stream_exports);
  visit("service_exports", service_exports);
  visit("stream_imports", stream_imports);
  visit("service_imports", service_imports);
  visit("mappings", mappings);
  visit("limits", limits);
}

template <class V, Of<Options> S>
void fields(V& visit, S& value) {
  auto& [identity, limits, authorization, accounts, system_account, cluster, leaf, shard, tls,
         trace, monitor, lame_duck_duration, lame_duck_grace_period, headers, fast_producer_stall,
         match_cache] = value;
  visit("identity", identity);
  visit("limits", limits);
  visit("authorization", authorization);
  visit("accounts", accounts);
  visit("system_account", system_account);
  visit("cluster", cluster);
  visit("leaf", leaf);
  visit("shard", shard);
  visit("tls", tls);
  visit("trace", trace);
  visit("monitor", monitor);
  visit("lame_duck_duration", lame_duck_duration);
  visit("lame_duck_grace_period", lame_duck_grace_period);
  visit("headers", headers);
  visit("fast_producer_stall", fast_producer_stall);
  visit("match_cache", match_cache);
}

// ---- inputs -------------------------------------------------------------------------------------

template <class V, Of<ConnectionOpened> S>
void fields(V& visit, S& value) {
  auto& [connection, remote, nonce, kind, dial, sibling] = value;
  visit("connection", connection);
  visit("remote", remote);
  visit("nonce", nonce);
  visit("kind", kind);
  visit("dial", dial);
  visit("sibling", sibling);
}

template <class V, Of<HostAddresses> S>
void fields(V& visit, S& value) {
  auto& [addresses, trouble] = value;
  visit("addresses", addresses);
  visit("trouble", trouble);
}

template <class V, Of<HostResolved> S>
void fields(V& visit, S& value) {
  auto& [ticket, found] = value;
  visit("ticket", ticket);
  visit("found", found);
}

template <class V, Of<DialTrouble> S>
void fields(V& visit, S& value) {
  auto& [text] = value;
  visit("text", text);
}

template <class V, Of<DialFailed> S>
void fields(V& visit, S& value) {
  auto& [ticket, trouble] = value;
  visit("ticket", ticket);
  visit("trouble", trouble);
}

template <class V, Of<BytesReceived> S>
void fields(V& visit, S& value) {
  auto& [connection, bytes] = value;
  visit("connection", connection);
  visit("bytes", bytes);
}

template <class V, Of<BytesSent> S>
void fields(V& visit, S& value) {
  auto& [connection, count] = value;
  visit("connection", connection);
  visit("count", count);
}

template <class V, Of<ConnectionClosed> S>
void fields(V& visit, S& value) {
  auto& [connection, cause] = value;
  visit("connection", connection);
  visit("cause", cause);
}

template <class V, Of<TlsFacts> S>
void fields(V& visit, S& value) {
  auto& [version, cipher, emails, dns_names, subject, subject_short, spki_sha256, cert_sha256] =
      value;
  visit("version", version);
  visit("cipher", cipher);
  visit("emails", emails);
  visit("dns_names", dns_names);
  visit("subject", subject);
  visit("subject_short", subject_short);
  visit("spki_sha256", spki_sha256);
  visit("cert_sha256", cert_sha256);
}

template <class V, Of<TlsChanged> S>
void fields(V& visit, S& value) {
  auto& [connection, stage, facts] = value;
  visit("connection", connection);
  visit("stage", stage);
  visit("facts", facts);
}

template <class V, Of<JobDone> S>
void fields(V& visit, S& value) {
  auto& [ticket, accepted] = value;
  visit("ticket", ticket);
  visit("accepted", accepted);
}

template <class V, Of<OptionsChanged> S>
void fields(V& visit, S& value) {
  auto& [options] = value;
  visit("options", options);
}

template <class V, Of<ReloadTrouble> S>
void fields(V& visit, S& value) {
  auto& [text] = value;
  visit("text", text);
}

template <class V, Of<ReloadDone> S>
void fields(V& visit, S& value) {
  auto& [trouble] = value;
  visit("trouble", trouble);
}

template <class V, Of<LameDuckRequested> S>
void fields(V& /*visit*/, S& /*value*/) {}

template <class V, Of<ShutdownRequested> S>
void fields(V& /*visit*/, S& /*value*/) {}

template <class V, Of<ProcessFacts> S>
void fields(V& visit, S& value) {
  auto& [resident_bytes, cpu_percent_hundredths, cores, threads] = value;
  visit("resident_bytes", resident_bytes);
  visit("cpu_percent_hundredths", cpu_percent_hundredths);
  visit("cores", cores);
  visit("threads", threads);
}

template <class V, Of<ProcessSampled> S>
void fields(V& visit, S& value) {
  auto& [process] = value;
  visit("process", process);
}

template <class V, Of<MonitorQuestion> S>
void fields(V& visit, S& value) {
  auto& [path, query, process, requests] = value;
  visit("path", path);
  visit("query", query);
  visit("process", process);
  visit("requests", requests);
}

template <class V, Of<MonitorAsked> S>
void fields(V& visit, S& value) {
  auto& [ticket, question] = value;
  visit("ticket", ticket);
  visit("question", question);
}

}  // namespace rubus
