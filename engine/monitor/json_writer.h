// JsonWriter: JSON text with two blanks per level and no final line end, as Go's MarshalIndent, or
// without any blanks, as Go's Marshal.
//
// Keys come in the order of the calls; empty objects and arrays are "{}" and "[]". The writer
// checks nothing: whoever calls it closes what it opens. An empty key means an array element.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rubus {

enum class JsonStyle : std::uint8_t { indented, compact };

class JsonWriter {
 public:
  explicit JsonWriter(std::string& json, JsonStyle style = JsonStyle::indented)
      : json_(json), style_(style) {}

  void begin_object(std::string_view key) { open(key, '{'); }
  void end_object() { close('}'); }
  void begin_array(std::string_view key) { open(key, '['); }
  void end_array() { close(']'); }

  void text(std::string_view key, std::string_view value);
  void number(std::string_view key, std::uint64_t value);
  void number(std::string_view key, std::int64_t value);
  void truth(std::string_view key, bool value);
  // A number or word that is JSON already.
  void literal(std::string_view key, std::string_view value);

  void text_if_set(std::string_view key, std::string_view value);
  void number_if_set(std::string_view key, std::uint64_t value);
  void truth_if_set(std::string_view key, bool value);
  void empty_object(std::string_view key) {
    begin_object(key);
    end_object();
  }
  void texts(std::string_view key, std::span<const std::string> values) {
    begin_array(key);
    for (const std::string& value : values) {
      text({}, value);
    }
    end_array();
  }
  void texts_if_any(std::string_view key, std::span<const std::string> values) {
    if (!values.empty()) {
      texts(key, values);
    }
  }

 private:
  void open(std::string_view key, char bracket);
  void close(char bracket);
  void begin_value(std::string_view key);
  void begin_line();

  std::string& json_;
  const JsonStyle style_;
  std::size_t level_ = 0;
  bool is_first_ = true;
};

}  // namespace rubus
