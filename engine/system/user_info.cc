#include "engine/system/user_info.h"

#include "engine/auth/request_info.h"
#include "engine/base/json_reader.h"
#include "engine/monitor/json_writer.h"

namespace rubus {

namespace {

void write_side(JsonWriter& json, std::string_view key, const std::vector<std::string>& allow,
                const std::vector<std::string>& deny) {
  if (allow.empty() && deny.empty()) {
    json.literal(key, "null");
    return;
  }
  json.begin_object(key);
  json.texts_if_any("allow", allow);
  json.texts_if_any("deny", deny);
  json.end_object();
}

}  // namespace

RequesterSaid requester_of(const PublishCommand& publish) {
  RequesterSaid said;
  const std::string_view headers = publish.body.substr(0, publish.header_size);
  const std::string wanted = std::string("\r\n").append(request_info_header).append(":");
  const std::size_t at = headers.find(wanted);
  if (at == std::string_view::npos) {
    return said;
  }
  const std::size_t begin = at + wanted.size();
  JsonReader reader(headers.substr(begin, headers.find("\r\n", begin) - begin));
  std::string key;
  bool is_read = reader.begin_object();
  while (is_read && reader.next_member(key)) {
    std::int64_t number = 0;
    if (key == "id") {
      is_read = reader.read_integer(number);
      said.id = number > 0 ? static_cast<std::uint64_t>(number) : 0;
    } else if (key == "server") {
      is_read = reader.read_string(said.server);
    } else if (key == "acc") {
      is_read = reader.read_string(said.account);
    } else {
      is_read = reader.skip_value();
    }
  }
  return said;
}

std::string user_info_text(const ClientSession& session) {
  const ConnectionRecord record = session.record();
  std::string text;
  JsonWriter json(text, JsonStyle::compact);
  json.begin_object({});
  json.text("user", record.user);
  json.text("account", record.account);
  json.text_if_set("account_name", record.account);
  const User* const user = session.user();
  if (user != nullptr && user->permissions.has_value()) {
    const Permissions& permissions = *user->permissions;
    json.begin_object("permissions");
    write_side(json, "publish", permissions.publish_allow, permissions.publish_deny);
    write_side(json, "subscribe", permissions.subscribe_allow, permissions.subscribe_deny);
    if (permissions.responses.has_value()) {
      json.begin_object("responses");
      json.number("max", permissions.responses->messages_max);
      json.number("ttl", permissions.responses->time_to_live.nanoseconds);
      json.end_object();
    }
    json.end_object();
  }
  json.end_object();
  return text;
}

}  // namespace rubus
