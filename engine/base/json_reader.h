// JsonReader: a pull reader for the small JSON documents of the wire (CONNECT, INFO, requests).
//
// Strict JSON (RFC 8259), nesting bounded, no allocation but for unescaped strings. Every method
// returns false at the first fault and the reader stays failed. Numbers are whole numbers only
// where read as such. Written here because the engine links no library but Abseil.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rubus {

enum class JsonKind : std::uint8_t { object, array, string, number, boolean, null, fault };

class JsonReader {
 public:
  static constexpr int depth_max = 64;

  explicit JsonReader(std::string_view text) : text_(text) {}

  JsonKind peek();
  // Walk an object: begin_object(), then next_member(key) until false; failed() tells which false.
  bool begin_object();
  bool next_member(std::string& key);
  bool begin_array();
  bool next_element();
  bool read_string(std::string& value);
  bool read_boolean(bool& value);
  bool read_integer(std::int64_t& value);
  // Any number, as its text.
  bool read_number(std::string_view& number) { return scan_number(number); }
  bool read_null();
  bool skip_value();
  // Only white space is left.
  bool at_end();
  bool failed() const { return failed_; }

 private:
  bool fail() {
    failed_ = true;
    return false;
  }
  void skip_space();
  bool take(char expected);
  bool take_word(std::string_view word);
  bool read_escape(std::string& value);
  bool read_code_unit(std::uint32_t& unit);
  bool scan_number(std::string_view& number);

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool first_ = false;  // no member or element of the innermost container was read yet
  bool failed_ = false;
};

// Appends `text` as a JSON string with Go's escaping (also < > & and U+2028/9; bytes that are not
// UTF-8 become U+FFFD), so that documents equal those of nats-server.
void append_json_string(std::string& json, std::string_view text);

}  // namespace rubus
