#include "engine/monitor/metrics_text.h"

#include "engine/base/text_number.h"

namespace rubus {

namespace {

std::string_view kind_text(MetricKind kind) {
  switch (kind) {
    case MetricKind::gauge:
      return "gauge";
    case MetricKind::counter:
      return "counter";
    case MetricKind::untyped:
      return "untyped";
  }
  return {};
}

void append_escaped(std::string& text, std::string_view value) {
  for (const char byte : value) {
    if (byte == '\\' || byte == '"') {
      text.push_back('\\');
      text.push_back(byte);
    } else if (byte == '\n') {
      text.append("\\n");
    } else {
      text.push_back(byte);
    }
  }
}

// 0.DIGITS * 10^point, without zeros at either end.
struct Digits {
  std::string digits;
  int point = 0;
};

Digits digits_of(std::string_view number) {
  Digits result;
  int exponent = 0;
  bool is_behind_point = false;
  for (std::size_t at = 0; at < number.size(); ++at) {
    const char byte = number[at];
    if (byte == 'e' || byte == 'E') {
      const bool is_negative = at + 1 < number.size() && number[at + 1] == '-';
      for (const char digit : number.substr(at + 1)) {
        exponent = digit >= '0' && digit <= '9' ? exponent * 10 + (digit - '0') : exponent;
      }
      exponent = is_negative ? -exponent : exponent;
      break;
    }
    if (byte == '.') {
      is_behind_point = true;
    } else if (byte >= '0' && byte <= '9') {
      if (result.digits.empty() && byte == '0') {
        result.point -= is_behind_point ? 1 : 0;
        continue;
      }
      result.digits.push_back(byte);
      result.point += is_behind_point ? 0 : 1;
    }
  }
  while (!result.digits.empty() && result.digits.back() == '0') {
    result.digits.pop_back();
  }
  result.point += exponent;
  return result;
}

}  // namespace

std::string metric_number_text(std::string_view json_number) {
  const Digits number = digits_of(json_number);
  if (number.digits.empty()) {
    return "0";
  }
  std::string text = json_number.front() == '-' ? "-" : "";
  const int exponent = number.point - 1;
  if (exponent < -4 || exponent >= 6) {  // as strconv's format 'g' decides
    text.append(1, number.digits[0]);
    if (number.digits.size() > 1) {
      text.append(".").append(number.digits, 1);
    }
    const int size = exponent < 0 ? -exponent : exponent;
    text.append(exponent < 0 ? "e-" : "e+").append(size < 10 ? "0" : "");
    append_number(text, static_cast<std::int64_t>(size));
    return text;
  }
  if (number.point <= 0) {
    return text + "0." + std::string(static_cast<std::size_t>(-number.point), '0') + number.digits;
  }
  const std::size_t point = static_cast<std::size_t>(number.point);
  if (number.digits.size() <= point) {
    return text + number.digits + std::string(point - number.digits.size(), '0');
  }
  return text + number.digits.substr(0, point) + "." + number.digits.substr(point);
}

void MetricsText::add(const std::string& family, MetricKind kind, std::string_view help,
                      std::span<const MetricLabel> labels, std::string_view value) {
  const auto [found, is_new] = families_.try_emplace(family);
  if (is_new) {
    found->second = {kind, std::string(help), {}};
  }
  std::string& samples = found->second.samples;
  samples.append(family);
  char separator = '{';
  for (const MetricLabel& label : labels) {
    samples.push_back(separator);
    separator = ',';
    samples.append(label.name).append("=\"");
    append_escaped(samples, label.value);
    samples.push_back('"');
  }
  samples.append(labels.empty() ? " " : "} ").append(metric_number_text(value)).push_back('\n');
}

void MetricsText::add(const std::string& family, MetricKind kind, std::string_view help,
                      std::span<const MetricLabel> labels, std::uint64_t value) {
  add(family, kind, help, labels, number_text(value));
}

std::string MetricsText::text() const {
  std::string text;
  for (const auto& [name, family] : families_) {
    text.append("# HELP ").append(name).append(" ").append(family.help).append("\n");
    text.append("# TYPE ").append(name).append(" ").append(kind_text(family.kind)).append("\n");
    text.append(family.samples);
  }
  return text;
}

}  // namespace rubus
