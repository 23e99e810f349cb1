#include "engine/auth/request_info.h"

#include "engine/monitor/go_text.h"
#include "engine/monitor/json_writer.h"

namespace rubus {

std::string RequestInfo::json() const {
  std::string text;
  JsonWriter writer(text, JsonStyle::compact);
  writer.begin_object({});
  if (start.nanoseconds != 0) {
    writer.text("start", go_time_text(start));
  }
  writer.text_if_set("host", host);
  writer.number_if_set("id", id);
  writer.text_if_set("acc", account);
  writer.text_if_set("svc", service);
  writer.text_if_set("user", user);
  writer.text_if_set("name", name);
  writer.text_if_set("lang", lang);
  writer.text_if_set("ver", version);
  writer.number_if_set("rtt", static_cast<std::uint64_t>(round_trip.nanoseconds));
  writer.text_if_set("server", server);
  writer.text_if_set("cluster", cluster);
  writer.text_if_set("kind", kind);
  writer.text_if_set("client_type", client_type);
  writer.end_object();
  return text;
}

}  // namespace rubus
