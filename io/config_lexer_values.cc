// Values: strings of four kinds, numbers, dates, addresses.
#include "io/config_lexer.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

bool is_blank(std::uint32_t rune) { return rune == '\t' || rune == ' '; }
bool is_line_break(std::uint32_t rune) { return rune == '\n' || rune == '\r'; }
bool is_digit(std::uint32_t rune) { return rune >= '0' && rune <= '9'; }

bool ends_number(std::uint32_t rune) {
  return is_line_break(rune) || rune == 0 || rune == '}' || rune == ';' || rune == ',' ||
         is_blank(rune);
}

bool is_size_suffix(std::uint32_t rune) {
  return rune < 0x80 && rune != 0 &&
         std::string_view("kKmMgGtTpPeE").find(static_cast<char>(rune)) != std::string_view::npos;
}

bool is_boolean_word(std::string_view text) {
  const std::string word = lower_case(text);
  return word == "true" || word == "false" || word == "on" || word == "off" || word == "yes" ||
         word == "no";
}

}  // namespace

void ConfigLexer::at_value() {
  const std::uint32_t rune = take();
  if (is_blank(rune)) {
    return mark();
  }
  switch (rune) {
    case '[':
      mark();
      emit(TokenKind::array_begin);
      state_ = State::array;
      return;
    case '{':
      mark();
      emit(TokenKind::map_begin);
      state_ = State::map;
      return;
    case '\'':
      mark();
      state_ = State::raw_body;
      return;
    case '"':
      mark();
      state_ = State::quoted_body;
      return;
    case '(':
      mark();
      state_ = State::block_body;
      return;
    case '-':
      return read_negative();
    case '.':
      return fail("Floats must start with a digit");
    default:
      break;
  }
  if (is_line_break(rune)) {
    return fail("Expected value but found new line");
  }
  if (is_digit(rune)) {
    state_ = State::number_body;
    return;
  }
  untake();
  state_ = State::string_body;
}

// ---- strings ------------------------------------------------------------------------------------

void ConfigLexer::finish_string(bool skip_quote) {
  emit(TokenKind::text);
  if (skip_quote) {
    take();
    mark();
  }
  pop();
}

void ConfigLexer::at_string() {
  while (true) {
    const std::uint32_t rune = take();
    if (rune == '\\') {
      if (!read_escape()) {
        return;
      }
      continue;
    }
    if (rune == '\'') {
      untake();
      return finish_string(true);
    }
    if (ends_number(rune) || rune == ']') {
      untake();
      break;
    }
  }
  const std::string_view word = input_.substr(start_, position_ - start_);
  if (!has_escape_ && is_boolean_word(word)) {
    emit(TokenKind::boolean);
    return pop();
  }
  if (!has_escape_ && start_ < input_.size() && input_[start_] == '$') {
    ++start_;
    emit(TokenKind::variable);
    return pop();
  }
  finish_string(false);
}

void ConfigLexer::at_quoted() {
  while (true) {
    const std::uint32_t rune = take();
    if (rune == '\\') {
      if (!read_escape()) {
        return;
      }
    } else if (rune == '"') {
      untake();
      return finish_string(true);
    } else if (rune == 0) {
      return end_or_error();
    }
  }
}

void ConfigLexer::at_raw() {
  while (true) {
    const std::uint32_t rune = take();
    if (rune == '\'') {
      untake();
      return finish_string(true);
    }
    if (rune == 0) {
      return end_or_error();
    }
  }
}

// The backslash has just been taken. False after an error.
bool ConfigLexer::read_escape() {
  decoded_ += input_.substr(start_, position_ - 1 - start_);
  has_escape_ = true;
  start_ = position_;
  const std::uint32_t rune = take();
  switch (rune) {
    case 'x':
      return read_hex_escape();
    case 't':
      decoded_ += '\t';
      break;
    case 'n':
      decoded_ += '\n';
      break;
    case 'r':
      decoded_ += '\r';
      break;
    case '"':
      decoded_ += '"';
      break;
    case '\\':
      decoded_ += '\\';
      break;
    default:
      fail("Invalid escape character '" + shown(rune) +
           "'. Only the following escape characters are allowed: \\xXX, \\t, \\n, \\r, \\\", "
           "\\\\.");
      return false;
  }
  start_ = position_;
  return true;
}

bool ConfigLexer::read_hex_escape() {
  for (int i = 0; i < 2; ++i) {
    if (is_line_break(take())) {
      fail("Expected two hexadecimal digits after '\\x', but hit end of line");
      return false;
    }
  }
  const std::string_view digits = input_.substr(position_ - 2, 2);
  const int high = hex_digit(digits[0]);
  const int low = hex_digit(digits[1]);
  if (high < 0 || low < 0) {
    fail("Expected two hexadecimal digits after '\\x', but got '" + std::string(digits) + "'");
    return false;
  }
  decoded_ += static_cast<char>(high * 16 + low);
  start_ = position_;
  return true;
}

// "(" has been taken. The text ends at a ")" that stands alone on its line.
void ConfigLexer::at_parenthesis() {
  while (true) {
    const std::uint32_t rune = take();
    if (rune == 0) {
      return fail("Unexpected EOF processing block.");
    }
    if (rune != ')') {
      continue;
    }
    const std::size_t parenthesis = position_ - 1;
    const bool at_line_start = parenthesis > 0 && input_[parenthesis - 1] == '\n';
    const bool at_end = position_ == input_.size();
    const bool at_line_end = at_end || input_[position_] == '\n' || input_[position_] == '\0';
    if (!at_line_start || !at_line_end) {
      continue;
    }
    // Why the distinction: at the very end of the text the reference keeps the parenthesis.
    if (!at_end) {
      untake();
    }
    emit(TokenKind::text);
    take();
    mark();
    return pop();
  }
}

// ---- numbers, dates, addresses ------------------------------------------------------------------

// At least one digit has been taken.
void ConfigLexer::at_number() {
  while (true) {
    const std::uint32_t rune = take();
    if (is_digit(rune)) {
      continue;
    }
    if (rune == '-') {
      constexpr std::size_t year_and_dash = 5;
      if (position_ - start_ != year_and_dash) {
        return fail("All ISO8601 dates must be in full Zulu form.");
      }
      return read_date();
    }
    if (rune == '.') {
      return read_fraction();
    }
    if (is_size_suffix(rune)) {
      state_ = State::number_units;
      return;
    }
    if (ends_number(rune)) {
      untake();
      emit(TokenKind::integer);
      return pop();
    }
    // "10s", "1a": a string after all. The rune is part of it even if it is a bracket.
    state_ = State::string_body;
    return;
  }
}

// Digits and one of k m g t p e have been taken.
void ConfigLexer::at_number_units() {
  while (true) {
    const std::uint32_t rune = take();
    if (rune == 'b' || rune == 'B' || rune == 'i' || rune == 'I') {
      continue;
    }
    untake();
    if (ends_number(rune)) {
      emit(TokenKind::integer);
      return pop();
    }
    state_ = State::string_body;
    return;
  }
}

void ConfigLexer::read_negative() {
  std::uint32_t rune = take();
  if (rune == '.') {
    return fail("Floats must start with a digit, not '.'.");
  }
  if (!is_digit(rune)) {
    return fail("Expected a digit but got '" + shown(rune) + "'.");
  }
  while (is_digit(rune)) {
    rune = take();
  }
  if (rune == '.') {
    return read_fraction();
  }
  if (is_size_suffix(rune)) {
    state_ = State::number_units;
    return;
  }
  untake();
  emit(TokenKind::integer);
  pop();
}

// The point has been taken.
void ConfigLexer::read_fraction() {
  std::uint32_t rune = take();
  if (!is_digit(rune)) {
    return fail("Floats must have a digit after the '.', but got '" + shown(rune) + "' instead.");
  }
  while (is_digit(rune)) {
    rune = take();
  }
  if (rune == '.') {
    return read_address();
  }
  untake();
  emit(TokenKind::floating);
  pop();
}

// Two points make an address: "127.0.0.1:4222".
void ConfigLexer::read_address() {
  std::uint32_t rune = take();
  while (is_digit(rune) || rune == '.' || rune == ':' || rune == '-') {
    rune = take();
  }
  untake();
  emit(TokenKind::text);
  pop();
}

// "2020-" has been taken.
void ConfigLexer::read_date() {
  for (const char expected : std::string_view("00-00T00:00:00Z")) {
    const std::uint32_t rune = take();
    if (expected == '0') {
      if (!is_digit(rune)) {
        return fail("Expected digit in ISO8601 datetime, but found '" + shown(rune) + "' instead.");
      }
    } else if (rune != static_cast<unsigned char>(expected)) {
      return fail(std::string("Expected '") + expected + "' in ISO8601 datetime, but found '" +
                  shown(rune) + "' instead.");
    }
  }
  emit(TokenKind::datetime);
  pop();
}

}  // namespace rubus::io
