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
  auto& [server_id, server_name, version, git_commit, toolchain, xkey, host, port] = value;
  visit("server_id", server_id);
  visit("server_name", server_name);
  visit("version", version);
  visit("git_commit", git_commit);
  visit("toolchain", toolchain);
  visit("xkey", xkey);
  visit("host", host);
  visit("port", port);
}

template <class V, Of<MonitorOptions> S>
void fields(V& visit, S& value) {
  auto& [http_host, http_port, https_port, http_base_path, config_load_time, config_digest,
         write_timeout, tls_cert_not_after, tags, metadata] = value;
  visit("http_host", http_host);
  visit("http_port", http_port);
  visit("https_port", https_port);
  visit("http_base_path", http_base_path);
  visit("config_load_time", config_load_time);
  visit("config_digest", config_digest);
  visit("write_timeout", write_timeout);
  visit("tls_cert_not_after", tls_cert_not_after);
  visit("tags", tags);
  visit("metadata", metadata);
}

template <class V, Of<Options> S>
void fields(V& visit, S& value) {
  auto& [identity, limits, authorization, accounts, system_account, tls, trace, monitor,
         lame_duck_duration, lame_duck_grace_period, headers, fast_producer_stall, match_cache] =
      value;
  visit("identity", identity);
  visit("limits", limits);
  visit("authorization", authorization);
  visit("accounts", accounts);
  visit("system_account", system_account);
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
  auto& [connection, remote, nonce] = value;
  visit("connection", connection);
  visit("remote", remote);
  visit("nonce", nonce);
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
