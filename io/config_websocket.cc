// websocket {} and mqtt {}: known in full and checked; not supported yet.
#include "io/config_reading.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

constexpr std::string_view no_port = "has no effect: it names no port";

void refuse_or_remark(const Checked& block, const Field& field) {
  if (block.listens) {
    return field.refuse();
  }
  field.remark(no_port);
}

// One user or a token; no users array.
void check_simple_authorization(Checked& block, const Field& field) {
  static constexpr Directive<Checked> table[] = {
      {"user username", check_text},
      {"password pass", check_text},
      {"token", check_text},
      {"timeout",
       [](Checked&, const Field& timeout) {
         if (timeout.value.kind != ConfigKind::integer &&
             timeout.value.kind != ConfigKind::floating) {
           timeout.report.wrong_type(timeout.value, ConfigKind::floating);
         }
       }},
  };
  if (field.value.kind != ConfigKind::map) {
    return field.report.wrong_type(field.value, ConfigKind::map);
  }
  read_map(table, block, field.value, field.report, field.source);
}

void check_handshake_timeout(Checked&, const Field& field) {
  if (field.value.kind == ConfigKind::integer) {
    return;
  }
  if (field.value.kind != ConfigKind::text) {
    return field.error("error parsing handshake timeout: unsupported type " +
                       std::string(go_type_name(field.value.kind)));
  }
  field.text_duration("");
}

void check_headers(Checked&, const Field& field) {
  if (field.value.kind != ConfigKind::map) {
    return field.error("error parsing headers: unsupported type " +
                       std::string(go_type_name(field.value.kind)));
  }
  for (const ConfigEntry& entry : field.value.entries) {
    if (entry.value.kind != ConfigKind::text) {
      field.report.error(entry.value.place, "error parsing header key " + entry.key +
                                                ": unsupported type " +
                                                std::string(go_type_name(entry.value.kind)));
    }
  }
}

constexpr Directive<Checked> websocket_table[] = {
    {"listen", check_listen},
    {"port", check_port},
    {"host net", check_text},
    {"advertise", check_text},
    {"no_tls", check_bool},
    {"tls", check_tls},
    {"same_origin", check_bool},
    {"allowed_origins allowed_origin allow_origins allow_origin origins origin", check_strings},
    {"handshake_timeout", check_handshake_timeout},
    {"compression compress", check_bool},
    {"authorization authentication", check_simple_authorization},
    {"jwt_cookie", check_text},
    {"user_cookie", check_text},
    {"pass_cookie", check_text},
    {"token_cookie", check_text},
    {"no_auth_user", check_text},
    {"headers", check_headers},
    {"ping_interval", check_duration},
};

void check_mqtt_pending(Checked&, const Field& field) {
  constexpr std::int64_t pending_max = 0xFFFF;
  const std::optional<std::int64_t> pending = field.integer();
  if (pending && (*pending < 0 || *pending > pending_max)) {
    field.error("invalid value " + std::to_string(*pending) + ", should in [0..65535] range");
  }
}

constexpr Directive<Checked> mqtt_table[] = {
    {"listen", check_listen},
    {"port", check_port},
    {"host net", check_text},
    {"tls", check_tls},
    {"authorization authentication", check_simple_authorization},
    {"no_auth_user", check_text},
    {"ack_wait ackwait", check_duration},
    {"js_api_timeout api_timeout", check_duration},
    {"max_ack_pending max_pending max_inflight", check_mqtt_pending},
    {"js_domain", check_text},
    {"stream_replicas", check_integer},
    {"consumer_replicas", check_integer},
    {"consumer_memory_storage", check_bool},
    {"consumer_inactive_threshold consumer_auto_cleanup", check_duration},
    {"reject_qos2_publish", check_bool},
    {"downgrade_qos2_subscribe", check_bool},
};

}  // namespace

void read_websocket(ConfigReading&, const Field& field) {
  if (!expect_map(field, "Expected websocket to be a map")) {
    return;
  }
  Checked block;
  read_map(websocket_table, block, field.value, field.report, field.source);
  refuse_or_remark(block, field);
}

void read_mqtt(ConfigReading&, const Field& field) {
  if (!expect_map(field, "Expected mqtt to be a map")) {
    return;
  }
  Checked block;
  read_map(mqtt_table, block, field.value, field.report, field.source);
  refuse_or_remark(block, field);
}

}  // namespace rubus::io
