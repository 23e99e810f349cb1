#include "engine/client/server_info.h"

#include "engine/base/json_reader.h"
#include "engine/base/text_number.h"

namespace rubus {

namespace {

class MemberWriter {
 public:
  explicit MemberWriter(std::string& json) : json_(json) {}
  void text(std::string_view key, std::string_view value) {
    name(key);
    append_json_string(json_, value);
  }
  void text_if_set(std::string_view key, std::string_view value) {
    if (!value.empty()) {
      text(key, value);
    }
  }
  void number(std::string_view key, std::int64_t value) {
    name(key);
    append_number(json_, value);
  }
  void truth(std::string_view key, bool value) {
    name(key);
    json_.append(value ? "true" : "false");
  }
  void truth_if_set(std::string_view key, bool value) {
    if (value) {
      truth(key, true);
    }
  }

 private:
  void name(std::string_view key) {
    json_.append(first_ ? "\"" : ",\"").append(key).append("\":");
    first_ = false;
  }

  std::string& json_;
  bool first_ = true;
};

}  // namespace

std::string build_info(const Options& options, const InfoFacts& facts) {
  std::string line = "INFO {";
  MemberWriter member(line);
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
  member.number("max_payload", options.limits.max_payload);
  member.number("client_id", static_cast<std::int64_t>(facts.client_id));
  member.text_if_set("client_ip", facts.client_ip);
  member.text_if_set("nonce", facts.nonce);
  member.truth_if_set("ldm", facts.lame_duck);
  member.truth_if_set("connect_info", facts.connect_info);
  member.text_if_set("remote_account", facts.remote_account);
  member.truth_if_set("acc_is_sys", facts.account_is_system);
  member.text_if_set("xkey", options.identity.xkey);
  line.append("} \r\n");
  return line;
}

}  // namespace rubus
