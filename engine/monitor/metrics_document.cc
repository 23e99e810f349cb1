#include "engine/monitor/metrics_document.h"

#include <algorithm>
#include <array>

#include "engine/base/ensure.h"
#include "engine/base/json_reader.h"
#include "engine/base/text_number.h"

namespace rubus {

namespace {

constexpr std::array<std::string_view, 9> left_out = {"leaf",
                                                      "trusted_operators_claim",
                                                      "cluster_tls_timeout",
                                                      "cluster_cluster_port",
                                                      "cluster_auth_timeout",
                                                      "gateway_port",
                                                      "gateway_auth_timeout",
                                                      "gateway_tls_timeout",
                                                      "gateway_connect_retries"};

constexpr std::array<std::string_view, 6> shown_texts = {"server_id", "server_name", "version",
                                                         "domain",    "leader",      "name"};

template <std::size_t size>
bool is_among(const std::array<std::string_view, size>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The keys joined by '_', a '/' counted as '_', none doubled or at an end.
std::string joined(std::string_view path, std::string_view key) {
  std::string name(path);
  const std::string tail = "_" + std::string(key);
  for (const char byte : tail) {
    const bool is_gap = byte == '_' || byte == '/';
    if (!is_gap || (!name.empty() && name.back() != '_')) {
      name.push_back(is_gap ? '_' : byte);
    }
  }
  while (!name.empty() && name.back() == '_') {
    name.pop_back();
  }
  return name;
}

class Walk {
 public:
  Walk(MetricsText& metrics, const std::string& name, std::string_view server_id,
       DocumentTimes times, std::string_view json)
      : metrics_(metrics), name_(name), server_id_(server_id), times_(times), reader_(json) {}

  void object(const std::string& path) {
    ensure(reader_.begin_object(), "documents are objects");
    std::string key;
    while (reader_.next_member(key)) {
      const std::string name = joined(path, key);
      if (is_among(left_out, name)) {
        reader_.skip_value();
      } else {
        member(name, key);
      }
    }
  }

 private:
  void member(const std::string& name, std::string_view key) {
    std::string text;
    std::string_view number;
    switch (reader_.peek()) {
      case JsonKind::object:
        object(name);
        return;
      case JsonKind::number:
        reader_.read_number(number);
        gauge(name, number);
        return;
      case JsonKind::string:
        reader_.read_string(text);
        on_text(name, key, text);
        return;
      case JsonKind::array:
      case JsonKind::boolean:
      case JsonKind::null:
      case JsonKind::fault:
        reader_.skip_value();
    }
  }

  void on_text(const std::string& name, std::string_view key, const std::string& text) {
    for (const auto& [time_key, time] : times_) {
      if (time_key == key) {
        gauge(name, number_text(static_cast<std::uint64_t>(time.nanoseconds / 1'000'000)));
      }
    }
    if (is_among(shown_texts, key)) {
      const std::array<MetricLabel, 2> labels = {{{"server_id", server_id_}, {"value", text}}};
      metrics_.add(name_ + "_" + name, MetricKind::gauge, name, labels, std::uint64_t{1});
    }
  }

  void gauge(const std::string& name, std::string_view number) {
    const std::array<MetricLabel, 1> labels = {{{"server_id", server_id_}}};
    metrics_.add(name_ + "_" + name, MetricKind::gauge, name, labels, number);
  }

  MetricsText& metrics_;
  const std::string& name_;
  std::string_view server_id_;
  DocumentTimes times_;
  JsonReader reader_;
};

}  // namespace

void add_document_metrics(MetricsText& metrics, const std::string& name, std::string_view server_id,
                          DocumentTimes times, std::string_view json) {
  Walk(metrics, name, server_id, times, json).object({});
}

}  // namespace rubus
