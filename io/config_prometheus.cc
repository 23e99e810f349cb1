// prometheus {} and shards: directives of Rubus alone, so the texts are its own.
//
// A prometheus block opens a port that serves metrics and nothing else, 7777 unless it says
// otherwise. Dashboards are made for names that begin with "nats" or with "gnatsd" and "jetstream":
// `prefix` is one word for all families or one each.
#include <algorithm>

#include "io/config_reading.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

constexpr std::int64_t shards_max = 16;

ListenAddress& listener(ConfigReading& reading) {
  std::optional<ListenAddress>& address = reading.config.metrics;
  if (!address) {
    address = ListenAddress{"", 0};
  }
  return *address;
}

// What a metric's name may begin with.
void read_prefix_word(const Field& field, std::string& target) {
  const std::optional<std::string> prefix = field.text();
  if (!prefix) {
    return;
  }
  const auto is_start = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
  };
  const bool valid = !prefix->empty() && is_start(prefix->front()) &&
                     std::all_of(prefix->begin(), prefix->end(), [is_start](char c) {
                       return is_start(c) || (c >= '0' && c <= '9');
                     });
  if (!valid) {
    return field.error("prefix " + go_quote(*prefix) + " cannot begin the name of a metric");
  }
  target = *prefix;
}

void read_prefix(ConfigReading& reading, const Field& field) {
  MonitorOptions& shown = reading.config.engine.monitor;
  if (field.value.kind != ConfigKind::map) {
    return read_prefix_word(field, shown.metrics_prefix);
  }
  static constexpr Directive<MonitorOptions> table[] = {
      {"core",
       [](MonitorOptions& target, const Field& f) { read_prefix_word(f, target.metrics_prefix); }},
      {"jetstream", [](MonitorOptions& target,
                       const Field& f) { read_prefix_word(f, target.metrics_prefix_jetstream); }},
  };
  read_map(table, shown, field.value, field.report, field.source);
}

constexpr Directive<ConfigReading> prometheus_table[] = {
    {"listen",
     [](ConfigReading& r, const Field& f) {
       if (std::optional<ListenAddress> address = f.listen()) {
         r.config.metrics = std::move(address);
       }
     }},
    {"host net", [](ConfigReading& r, const Field& f) { f.into(listener(r).host); }},
    {"port", [](ConfigReading& r, const Field& f) { f.into_port(listener(r).port); }},
    {"prefix", read_prefix},
    {"server_id",
     [](ConfigReading& r, const Field& f) { f.into(r.config.engine.monitor.metrics_server_id); }},
};

}  // namespace

void read_prometheus(ConfigReading& reading, const Field& field) {
  if (!expect_map(field, "Expected map to define prometheus")) {
    return;
  }
  listener(reading);
  read_map(prometheus_table, reading, field.value, field.report, field.source);
}

void read_shards(ConfigReading& reading, const Field& field) {
  const std::optional<std::int64_t> count = field.integer();
  if (!count) {
    return;
  }
  if (*count < 1 || *count > shards_max) {
    return field.error("shards must be between 1 and " + std::to_string(shards_max) + ", got " +
                       std::to_string(*count));
  }
  reading.config.shards = static_cast<std::uint32_t>(*count);
}

}  // namespace rubus::io
