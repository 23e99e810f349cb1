#include "engine/base/json_reader.h"

#include "engine/base/text_number.h"

namespace rubus {

namespace {

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

void append_utf8(std::string& text, std::uint32_t point) {
  const auto push = [&text](std::uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    push(point);
  } else if (point < 0x800) {
    push(0xC0U | (point >> 6U));
    push(0x80U | (point & 0x3FU));
  } else if (point < 0x10000) {
    push(0xE0U | (point >> 12U));
    push(0x80U | ((point >> 6U) & 0x3FU));
    push(0x80U | (point & 0x3FU));
  } else {
    push(0xF0U | (point >> 18U));
    push(0x80U | ((point >> 12U) & 0x3FU));
    push(0x80U | ((point >> 6U) & 0x3FU));
    push(0x80U | (point & 0x3FU));
  }
}

// Size of the well-formed UTF-8 sequence at the start of `text`, 0 if there is none.
std::size_t utf8_size(std::string_view text) {
  const auto byte = [text](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  const unsigned lead = byte(0);
  const auto is_tail = [&byte](std::size_t at) { return (byte(at) & 0xC0U) == 0x80U; };
  if (lead < 0x80) {
    return 1;
  }
  if (lead >= 0xC2 && lead <= 0xDF) {
    return is_tail(1) ? 2 : 0;
  }
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool fits = (lead != 0xE0 || byte(1) >= 0xA0) && (lead != 0xED || byte(1) <= 0x9F);
    return fits && is_tail(1) && is_tail(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool fits = (lead != 0xF0 || byte(1) >= 0x90) && (lead != 0xF4 || byte(1) <= 0x8F);
    return fits && is_tail(1) && is_tail(2) && is_tail(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

void JsonReader::skip_space() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n')) {
    ++at_;
  }
}

bool JsonReader::take(char expected) {
  skip_space();
  if (failed_ || at_ >= text_.size() || text_[at_] != expected) {
    return fail();
  }
  ++at_;
  return true;
}

bool JsonReader::take_word(std::string_view word) {
  if (failed_ || text_.substr(at_, word.size()) != word) {
    return fail();
  }
  at_ += word.size();
  return true;
}

JsonKind JsonReader::peek() {
  skip_space();
  if (failed_ || at_ >= text_.size()) {
    return JsonKind::fault;
  }
  switch (text_[at_]) {
    case '{':
      return JsonKind::object;
    case '[':
      return JsonKind::array;
    case '"':
      return JsonKind::string;
    case 't':
    case 'f':
      return JsonKind::boolean;
    case 'n':
      return JsonKind::null;
    default:
      return is_digit(text_[at_]) || text_[at_] == '-' ? JsonKind::number : JsonKind::fault;
  }
}

bool JsonReader::begin_object() {
  if (++depth_ > depth_max) {
    return fail();
  }
  first_ = true;
  return take('{');
}

bool JsonReader::next_member(std::string& key) {
  skip_space();
  if (failed_) {
    return false;
  }
  if (at_ < text_.size() && text_[at_] == '}') {
    ++at_;
    --depth_;
    first_ = false;
    return false;
  }
  if (!first_ && !take(',')) {
    return false;
  }
  first_ = false;
  skip_space();
  return read_string(key) && take(':');
}

bool JsonReader::begin_array() {
  if (++depth_ > depth_max) {
    return fail();
  }
  first_ = true;
  return take('[');
}

bool JsonReader::next_element() {
  skip_space();
  if (failed_) {
    return false;
  }
  if (at_ < text_.size() && text_[at_] == ']') {
    ++at_;
    --depth_;
    first_ = false;
    return false;
  }
  if (!first_ && !take(',')) {
    return false;
  }
  first_ = false;
  return true;
}

bool JsonReader::read_code_unit(std::uint32_t& unit) {
  if (at_ + 4 > text_.size()) {
    return fail();
  }
  unit = 0;
  for (int digit = 0; digit < 4; ++digit) {
    const char byte = text_[at_++];
    unit <<= 4U;
    if (is_digit(byte)) {
      unit |= static_cast<std::uint32_t>(byte - '0');
    } else if (byte >= 'a' && byte <= 'f') {
      unit |= static_cast<std::uint32_t>(byte - 'a' + 10);
    } else if (byte >= 'A' && byte <= 'F') {
      unit |= static_cast<std::uint32_t>(byte - 'A' + 10);
    } else {
      return fail();
    }
  }
  return true;
}

bool JsonReader::read_escape(std::string& value) {
  if (at_ >= text_.size()) {
    return fail();
  }
  constexpr std::string_view letters = "\"\\/bfnrt";
  constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
  const char letter = text_[at_++];
  const std::size_t known = letters.find(letter);
  if (known != std::string_view::npos) {
    value.push_back(meant[known]);
    return true;
  }
  std::uint32_t unit = 0;
  if (letter != 'u' || !read_code_unit(unit)) {
    return fail();
  }
  constexpr std::uint32_t replacement = 0xFFFD;
  if (unit >= 0xD800 && unit <= 0xDBFF && text_.substr(at_, 2) == "\\u") {
    const std::size_t second = at_;
    at_ += 2;
    std::uint32_t low = 0;
    if (!read_code_unit(low)) {
      return false;
    }
    if (low >= 0xDC00 && low <= 0xDFFF) {
      unit = 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00);
    } else {
      at_ = second;  // a lone surrogate; the next escape stands for itself
    }
  }
  append_utf8(value, unit >= 0xD800 && unit <= 0xDFFF ? replacement : unit);
  return true;
}

bool JsonReader::read_string(std::string& value) {
  value.clear();
  if (!take('"')) {
    return false;
  }
  while (at_ < text_.size()) {
    const char byte = text_[at_];
    if (byte == '"') {
      ++at_;
      return true;
    }
    if (static_cast<unsigned char>(byte) < 0x20) {
      return fail();
    }
    if (byte == '\\') {
      ++at_;
      if (!read_escape(value)) {
        return false;
      }
      continue;
    }
    const std::size_t size = utf8_size(text_.substr(at_));
    if (size == 0) {
      append_utf8(value, 0xFFFD);
      ++at_;
    } else {
      value.append(text_.substr(at_, size));
      at_ += size;
    }
  }
  return fail();
}

bool JsonReader::read_boolean(bool& value) {
  if (peek() != JsonKind::boolean) {
    return fail();
  }
  value = text_[at_] == 't';
  return take_word(value ? "true" : "false");
}

bool JsonReader::read_null() { return peek() == JsonKind::null ? take_word("null") : fail(); }

bool JsonReader::scan_number(std::string_view& number) {
  if (peek() != JsonKind::number) {
    return fail();
  }
  const std::size_t begin = at_;
  const auto digits = [this]() {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) {
      ++at_;
    }
    return at_ > start;
  };
  if (text_[at_] == '-') {
    ++at_;
  }
  if (at_ < text_.size() && text_[at_] == '0') {
    ++at_;
  } else if (!digits()) {
    return fail();
  }
  if (at_ < text_.size() && text_[at_] == '.') {
    ++at_;
    if (!digits()) {
      return fail();
    }
  }
  if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
    ++at_;
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) {
      ++at_;
    }
    if (!digits()) {
      return fail();
    }
  }
  number = text_.substr(begin, at_ - begin);
  return true;
}

bool JsonReader::read_integer(std::int64_t& value) {
  std::string_view number;
  if (!scan_number(number)) {
    return false;
  }
  const std::optional<std::int64_t> whole = parse_signed(number);
  if (!whole.has_value()) {
    return fail();
  }
  value = *whole;
  return true;
}

bool JsonReader::skip_value() {
  std::string text;
  std::string_view number;
  bool truth = false;
  switch (peek()) {
    case JsonKind::object:
      if (!begin_object()) {
        return false;
      }
      while (next_member(text)) {
        if (!skip_value()) {
          return false;
        }
      }
      return !failed_;
    case JsonKind::array:
      if (!begin_array()) {
        return false;
      }
      while (next_element()) {
        if (!skip_value()) {
          return false;
        }
      }
      return !failed_;
    case JsonKind::string:
      return read_string(text);
    case JsonKind::number:
      return scan_number(number);
    case JsonKind::boolean:
      return read_boolean(truth);
    case JsonKind::null:
      return read_null();
    case JsonKind::fault:
      return fail();
  }
  return fail();
}

bool JsonReader::at_end() {
  skip_space();
  return !failed_ && at_ == text_.size();
}

void append_json_string(std::string& json, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  json.push_back('"');
  for (std::size_t at = 0; at < text.size();) {
    const char byte = text[at];
    const std::size_t size = utf8_size(text.substr(at));
    if (size == 0) {
      json.append("\\ufffd");
      ++at;
    } else if (size > 1) {
      const std::string_view sequence = text.substr(at, size);
      if (sequence == "\xE2\x80\xA8" || sequence == "\xE2\x80\xA9") {
        json.append(sequence == "\xE2\x80\xA8" ? "\\u2028" : "\\u2029");
      } else {
        json.append(sequence);
      }
      at += size;
    } else {
      ++at;
      constexpr std::string_view named = "\"\\\b\f\n\r\t";
      constexpr std::string_view letters = "\"\\bfnrt";
      const std::size_t known = named.find(byte);
      if (known != std::string_view::npos) {
        json.push_back('\\');
        json.push_back(letters[known]);
      } else if (static_cast<unsigned char>(byte) < 0x20 || byte == '<' || byte == '>' ||
                 byte == '&') {
        json.append("\\u00");
        json.push_back(hex[static_cast<unsigned char>(byte) >> 4U]);
        json.push_back(hex[static_cast<unsigned char>(byte) & 0xFU]);
      } else {
        json.push_back(byte);
      }
    }
  }
  json.push_back('"');
}

}  // namespace rubus
