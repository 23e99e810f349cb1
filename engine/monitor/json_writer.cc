#include "engine/monitor/json_writer.h"

#include "engine/base/json_reader.h"
#include "engine/base/text_number.h"

namespace rubus {

void JsonWriter::begin_line() {
  if (style_ == JsonStyle::compact) {
    return;
  }
  json_.push_back('\n');
  json_.append(2 * level_, ' ');
}

void JsonWriter::begin_value(std::string_view key) {
  if (level_ > 0) {
    if (!is_first_) {
      json_.push_back(',');
    }
    begin_line();
  }
  is_first_ = false;
  if (!key.empty()) {
    append_json_string(json_, key);
    json_.append(style_ == JsonStyle::compact ? ":" : ": ");
  }
}

void JsonWriter::open(std::string_view key, char bracket) {
  begin_value(key);
  json_.push_back(bracket);
  ++level_;
  is_first_ = true;
}

void JsonWriter::close(char bracket) {
  --level_;
  if (!is_first_) {
    begin_line();
  }
  json_.push_back(bracket);
  is_first_ = false;
}

void JsonWriter::text(std::string_view key, std::string_view value) {
  begin_value(key);
  append_json_string(json_, value);
}

void JsonWriter::number(std::string_view key, std::uint64_t value) {
  begin_value(key);
  append_number(json_, value);
}

void JsonWriter::number(std::string_view key, std::int64_t value) {
  begin_value(key);
  append_number(json_, value);
}

void JsonWriter::truth(std::string_view key, bool value) { literal(key, value ? "true" : "false"); }

void JsonWriter::literal(std::string_view key, std::string_view value) {
  begin_value(key);
  json_.append(value);
}

void JsonWriter::text_if_set(std::string_view key, std::string_view value) {
  if (!value.empty()) {
    text(key, value);
  }
}

void JsonWriter::number_if_set(std::string_view key, std::uint64_t value) {
  if (value != 0) {
    number(key, value);
  }
}

void JsonWriter::truth_if_set(std::string_view key, bool value) {
  if (value) {
    truth(key, true);
  }
}

}  // namespace rubus
