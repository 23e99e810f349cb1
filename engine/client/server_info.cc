#include "engine/client/server_info.h"

#include "engine/peer/json_members.h"

namespace rubus {

std::string build_info(const Options& options, const InfoFacts& facts) {
  std::string line = "INFO ";
  JsonMembers member(line);
  member.text("server_id", options.identity.server_id);
  member.text("server_name", options.identity.server_name);
  member.text("version", options.identity.version);
  member.number("proto", 1);
  member.text_if_set("git_commit", options.identity.git_commit);
  member.text("go", options.identity.toolchain);
  member.text("host", options.identity.host);
  member.number("port", options.identity.port);
  member.truth("headers", options.headers);
  member.truth_if_set("auth_required", facts.auth_required);
  member.truth_if_set("tls_required", options.tls.policy == TlsPolicy::required);
  member.truth_if_set("tls_verify", options.tls.verify);
  member.truth_if_set("tls_available", options.tls.policy == TlsPolicy::optional);
  member.number("max_payload", facts.max_payload.value_or(options.limits.max_payload));
  member.number("client_id", static_cast<std::int64_t>(facts.client_id));
  member.text_if_set("client_ip", facts.client_ip);
  member.text_if_set("nonce", facts.nonce);
  member.text_if_set("cluster", facts.cluster);
  member.texts_if_any("connect_urls", facts.connect_urls);
  member.truth_if_set("ldm", facts.lame_duck);
  member.truth_if_set("connect_info", facts.connect_info);
  member.text_if_set("remote_account", facts.remote_account);
  member.truth_if_set("acc_is_sys", facts.account_is_system);
  member.text_if_set("xkey", options.identity.xkey);
  member.end();
  line.append(" \r\n");
  return line;
}

}  // namespace rubus
