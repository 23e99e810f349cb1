#include "sim/cluster/json_form.h"

#include <cstddef>

namespace rubus::sim {

namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  bool read_all() {
    skip_blanks();
    const bool is_good = read_value(0);
    skip_blanks();
    return is_good && at_ == text_.size();
  }

 private:
  static constexpr std::size_t depth_max = 100;

  bool take(char wanted) {
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == wanted) {
      ++at_;
      return true;
    }
    return false;
  }
  bool take_word(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) {
      return false;
    }
    at_ += word.size();
    return true;
  }
  void skip_blanks() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) {
      ++at_;
    }
  }
  bool read_value(std::size_t depth);
  bool read_list(char end, bool has_names, std::size_t depth);
  bool read_string();
  bool read_number();

  std::string_view text_;
  std::size_t at_ = 0;
};

bool Reader::read_value(std::size_t depth) {
  skip_blanks();
  if (at_ == text_.size() || depth > depth_max) {
    return false;
  }
  switch (text_[at_]) {
    case '{':
      ++at_;
      return read_list('}', true, depth + 1);
    case '[':
      ++at_;
      return read_list(']', false, depth + 1);
    case '"':
      return read_string();
    case 't':
      return take_word("true");
    case 'f':
      return take_word("false");
    case 'n':
      return take_word("null");
    default:
      return read_number();
  }
}

bool Reader::read_list(char end, bool has_names, std::size_t depth) {
  if (take(end)) {
    return true;
  }
  do {
    skip_blanks();
    if (has_names && (!read_string() || !take(':'))) {
      return false;
    }
    if (!read_value(depth)) {
      return false;
    }
  } while (take(','));
  return take(end);
}

bool Reader::read_string() {
  if (at_ == text_.size() || text_[at_] != '"') {
    return false;
  }
  for (++at_; at_ < text_.size(); ++at_) {
    const char byte = text_[at_];
    if (byte == '"') {
      ++at_;
      return true;
    }
    if (static_cast<unsigned char>(byte) < 0x20) {
      return false;
    }
    if (byte == '\\') {
      ++at_;
      if (at_ == text_.size() || std::string_view("\"\\/bfnrtu").find(text_[at_]) == text_.npos) {
        return false;
      }
    }
  }
  return false;
}

bool Reader::read_number() {
  const std::size_t begin = at_;
  while (at_ < text_.size() && std::string_view("+-.eE0123456789").find(text_[at_]) != text_.npos) {
    ++at_;
  }
  return at_ > begin && text_[at_ - 1] >= '0' && text_[at_ - 1] <= '9';
}

}  // namespace

bool is_well_formed_json(std::string_view text) { return Reader(text).read_all(); }

}  // namespace rubus::sim
