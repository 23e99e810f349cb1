#include "fuzz/naive_json.h"

#include <algorithm>
#include <cstdint>

namespace rubus::fuzz {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

std::string utf8_of(std::uint32_t point) {
  if (point < 0x80) {
    return std::string(1, static_cast<char>(point));
  }
  std::string tail;
  std::uint32_t lead = 0xC0;
  std::uint32_t room = 0x20;
  while (true) {
    tail.insert(tail.begin(), static_cast<char>(0x80 + point % 64));
    point /= 64;
    if (point < room) {
      return std::string(1, static_cast<char>(lead + point)) + tail;
    }
    lead = (lead >> 1U) | 0x80U;
    room /= 2;
  }
}

// Bytes of the well-formed sequence at the start, or 0: decodes and encodes again.
std::size_t sequence_size(std::string_view text) {
  const auto byte = [text](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at]));
  };
  const std::uint32_t lead = byte(0);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (size == 1) {
    return 1;
  }
  if (lead < 0xC0 || lead >= 0xF8 || text.size() < size) {
    return 0;
  }
  std::uint32_t point = lead - (size == 2 ? 0xC0U : size == 3 ? 0xE0U : 0xF0U);
  for (std::size_t at = 1; at < size; ++at) {
    if (byte(at) < 0x80 || byte(at) >= 0xC0) {
      return 0;
    }
    point = point * 64 + byte(at) - 0x80;
  }
  const bool is_surrogate = point >= 0xD800 && point <= 0xDFFF;
  return !is_surrogate && point <= 0x10FFFF && utf8_of(point) == text.substr(0, size) ? size : 0;
}

class Reading {
 public:
  Reading(std::string_view text, int depth_max) : rest_(text), depth_max_(depth_max) {}

  std::optional<std::string> document() {
    blanks();
    value(0);
    blanks();
    if (bad_ || !rest_.empty()) {
      return std::nullopt;
    }
    return written_;
  }

 private:
  void blanks() {
    const std::size_t end = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(std::min(end, rest_.size()));
  }
  char first() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool skip(std::string_view word) {
    if (!rest_.starts_with(word)) {
      return false;
    }
    rest_.remove_prefix(word.size());
    return true;
  }
  void need(std::string_view word) { bad_ = bad_ || !skip(word); }

  void value(int depth) {
    if (bad_) {
      return;
    }
    if (first() == '{' || first() == '[') {
      container(first() == '{', depth + 1);
    } else if (first() == '"') {
      string();
    } else if (skip("true")) {
      written_ += "true";
    } else if (skip("false")) {
      written_ += "false";
    } else if (skip("null")) {
      written_ += "null";
    } else {
      number();
    }
  }

  void container(bool is_object, int depth) {
    bad_ = depth > depth_max_;
    rest_.remove_prefix(1);
    written_ += is_object ? '{' : '[';
    const std::string_view end = is_object ? "}" : "]";
    blanks();
    if (!skip(end)) {
      do {
        blanks();
        if (is_object) {
          string();
          written_ += ' ';
          blanks();
          need(":");
          blanks();
        }
        value(depth);
        written_ += ' ';
        blanks();
      } while (!bad_ && skip(","));
      need(end);
    }
    written_ += end;
  }

  void digits() {
    bad_ = bad_ || first() < '0' || first() > '9';
    while (first() >= '0' && first() <= '9') {
      rest_.remove_prefix(1);
    }
  }

  void number() {
    const std::string_view begin = rest_;
    skip("-");
    if (!skip("0")) {
      digits();
    }
    if (skip(".")) {
      digits();
    }
    if (skip("e") || skip("E")) {
      if (!skip("+")) {
        skip("-");
      }
      digits();
    }
    written_ += 'n';
    written_ += begin.substr(0, begin.size() - rest_.size());
  }

  std::uint32_t hex_unit() {
    std::uint32_t unit = 0;
    for (int digit = 0; digit < 4; ++digit) {
      constexpr std::string_view lower = "0123456789abcdef";
      constexpr std::string_view upper = "0123456789ABCDEF";
      const std::size_t value = std::min(lower.find(first()), upper.find(first()));
      bad_ = bad_ || rest_.empty() || value == std::string_view::npos;
      if (bad_) {
        return 0;
      }
      unit = unit * 16 + static_cast<std::uint32_t>(value);
      rest_.remove_prefix(1);
    }
    return unit;
  }

  std::string unicode_escape() {
    const std::uint32_t unit = hex_unit();
    if (unit < 0xD800 || unit > 0xDFFF) {
      return utf8_of(unit);
    }
    if (unit < 0xDC00 && rest_.starts_with("\\u")) {
      const std::string_view before = rest_;
      rest_.remove_prefix(2);
      const std::uint32_t low = hex_unit();
      if (low >= 0xDC00 && low <= 0xDFFF) {
        return utf8_of(0x10000 + (unit - 0xD800) * 0x400 + (low - 0xDC00));
      }
      rest_ = before;
    }
    return std::string(replacement);
  }

  std::string escape() {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
    const std::size_t known = rest_.empty() ? letters.npos : letters.find(first());
    if (known != letters.npos) {
      rest_.remove_prefix(1);
      return std::string(1, meant[known]);
    }
    need("u");
    return bad_ ? std::string() : unicode_escape();
  }

  void string() {
    need("\"");
    std::string decoded;
    while (!bad_ && !rest_.empty() && first() != '"') {
      bad_ = static_cast<unsigned char>(first()) < 0x20;
      if (skip("\\")) {
        decoded += escape();
        continue;
      }
      const std::size_t size = sequence_size(rest_);
      decoded += size == 0 ? replacement : rest_.substr(0, size);
      rest_.remove_prefix(size == 0 ? 1 : size);
    }
    need("\"");
    written_ += 's' + std::to_string(decoded.size()) + ':' + decoded;
  }

  std::string_view rest_;
  int depth_max_;
  std::string written_;
  bool bad_ = false;
};

}  // namespace

std::optional<std::string> read_json_naively(std::string_view text, int depth_max) {
  return Reading(text, depth_max).document();
}

std::string repaired_utf8(std::string_view text) {
  std::string repaired;
  while (!text.empty()) {
    const std::size_t size = sequence_size(text);
    repaired += size == 0 ? replacement : text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return repaired;
}

}  // namespace rubus::fuzz
