// Statements, keys, arrays and maps. Values are in config_lexer_values.cc.
#include "io/config_lexer.h"

#include "io/config_text.h"

namespace rubus::io {

namespace {

bool is_separator(std::uint32_t rune) { return rune == '=' || rune == ':'; }
bool is_blank(std::uint32_t rune) { return rune == '\t' || rune == ' '; }
bool is_line_break(std::uint32_t rune) { return rune == '\n' || rune == '\r'; }

}  // namespace

std::string ConfigLexer::shown(std::uint32_t rune) {
  if (rune == '\n') {
    return "\\n";
  }
  std::string text;
  append_rune(text, rune);
  return text;
}

ConfigToken ConfigLexer::next() {
  while (!ready_) {
    step();
  }
  ConfigToken token = std::move(*ready_);
  ready_.reset();
  return token;
}

void ConfigLexer::step() {
  switch (state_) {
    case State::top:
    case State::top_after:
    case State::block:
    case State::block_after:
    case State::block_close:
    case State::key:
    case State::key_after:
    case State::array:
    case State::array_after:
    case State::map:
    case State::map_key_after:
    case State::map_value:
    case State::map_after:
      return step_container();
    case State::value:
      return at_value();
    case State::string_body:
      return at_string();
    case State::quoted_body:
      return at_quoted();
    case State::raw_body:
      return at_raw();
    case State::block_body:
      return at_parenthesis();
    case State::number_body:
      return at_number();
    case State::number_units:
      return at_number_units();
    case State::include_name:
      return at_include_name();
  }
}

void ConfigLexer::step_container() {
  switch (state_) {
    case State::top:
      return at_top();
    case State::top_after:
      return at_top_after();
    case State::block:
      return at_block();
    case State::block_after:
      return at_block_after();
    case State::block_close:
      return at_block_close();
    case State::key:
      return at_key();
    case State::key_after:
      return at_key_after();
    case State::array:
      return at_array();
    case State::array_after:
      return at_array_after();
    case State::map:
      return at_map();
    case State::map_key_after:
      return at_map_key_after();
    case State::map_value:
      return at_map_value();
    case State::map_after:
      return at_map_after();
    case State::value:
    case State::string_body:
    case State::quoted_body:
    case State::raw_body:
    case State::block_body:
    case State::number_body:
    case State::number_units:
    case State::include_name:
      return;
  }
}

// ---- runes and tokens ---------------------------------------------------------------------------

std::uint32_t ConfigLexer::take() {
  if (position_ >= input_.size()) {
    width_ = 0;
    return 0;
  }
  if (input_[position_] == '\n') {
    ++line_;
    line_start_ = position_;
  }
  const DecodedRune rune = decode_rune(input_.substr(position_));
  width_ = rune.width;
  position_ += width_;
  return rune.value;
}

void ConfigLexer::untake() {
  position_ -= width_;
  if (width_ > 0 && input_[position_] == '\n') {
    --line_;
  }
  width_ = 0;
}

std::uint32_t ConfigLexer::peek() {
  const std::uint32_t rune = take();
  untake();
  return rune;
}

void ConfigLexer::mark() {
  start_ = position_;
  mark_line_start_ = line_start_;
}

void ConfigLexer::emit(TokenKind kind) {
  ConfigToken token;
  token.kind = kind;
  token.text = std::move(decoded_);
  token.text += input_.substr(start_, position_ - start_);
  token.line = line_;
  token.column = static_cast<std::int64_t>(position_) -
                 static_cast<std::int64_t>(mark_line_start_ + token.text.size());
  decoded_.clear();
  has_escape_ = false;
  ready_ = std::move(token);
  mark();
}

void ConfigLexer::end_or_error() {
  if (position_ > start_) {
    return fail("Unexpected EOF.");
  }
  emit(TokenKind::end);
}

void ConfigLexer::fail(std::string reason) {
  ready_ = ConfigToken{TokenKind::error, std::move(reason), line_, 0};
}

void ConfigLexer::push(State state) {
  if (stack_.size() >= config_nesting_max) {
    fail("Maps and arrays are nested too deeply.");
  }
  stack_.push_back(state);
}

void ConfigLexer::pop() {
  state_ = stack_.empty() ? State::top : stack_.back();
  if (!stack_.empty()) {
    stack_.pop_back();
  }
}

// If `rune`, just taken, begins a comment: reads it and goes on at `then`.
bool ConfigLexer::skip_comment_after(std::uint32_t rune, State then) {
  if (rune == '/') {
    if (take() != '/') {
      untake();
      return false;
    }
  } else if (rune != '#') {
    return false;
  }
  while (true) {
    const std::uint32_t next = peek();
    if (is_line_break(next) || next == 0) {
      break;
    }
    take();
  }
  mark();
  state_ = then;
  return true;
}

// ---- the file and its outer braces --------------------------------------------------------------

void ConfigLexer::at_top() {
  const std::uint32_t rune = take();
  if (is_unicode_space(rune)) {
    return mark();
  }
  if (rune == '{') {
    push(State::top);
    mark();
    state_ = State::block;
    return;
  }
  if (skip_comment_after(rune, State::top)) {
    return;
  }
  if (rune == 0 || rune == '/') {
    return end_or_error();
  }
  untake();
  push(State::top_after);
  state_ = State::key;
}

void ConfigLexer::at_top_after() {
  const std::uint32_t rune = take();
  if (skip_comment_after(rune, State::top) || rune == '/' || is_blank(rune)) {
    return;
  }
  if (is_line_break(rune) || rune == 0 || rune == ';' || rune == ',' || rune == '}') {
    mark();
    state_ = State::top;
    return;
  }
  fail("Expected a top-level value to end with a new line, comment or EOF, but got '" +
       shown(rune) + "' instead.");
}

void ConfigLexer::at_block() {
  const std::uint32_t rune = take();
  if (is_unicode_space(rune)) {
    return mark();
  }
  if (rune == '{') {
    push(State::block_close);
    return mark();
  }
  if (rune == '}') {
    mark();
    return pop();
  }
  if (skip_comment_after(rune, State::block)) {
    return;
  }
  if (rune == 0 || rune == '/') {
    return end_or_error();
  }
  untake();
  push(State::block_after);
  state_ = State::key;
}

void ConfigLexer::at_block_after() {
  const std::uint32_t rune = take();
  if (skip_comment_after(rune, State::block_after) || rune == '/' || is_blank(rune)) {
    return;
  }
  if (is_line_break(rune) || rune == ';' || rune == ',') {
    mark();
    state_ = State::block;
    return;
  }
  if (rune == '}') {
    untake();
    state_ = State::block_close;
    return;
  }
  fail("Expected a block-level value to end with a new line, comment or EOF, but got '" +
       shown(rune) + "' instead.");
}

void ConfigLexer::at_block_close() {
  const std::uint32_t rune = take();
  if (skip_comment_after(rune, State::block) || rune == '/' || is_line_break(rune) ||
      is_blank(rune)) {
    return;
  }
  if (rune == ';' || rune == ',') {
    mark();
    state_ = State::block;
    return;
  }
  if (rune == '}') {
    mark();
    return pop();
  }
  fail("Expected a block-level to end with a '}', but got '" + shown(rune) + "' instead.");
}

// ---- keys ---------------------------------------------------------------------------------------

void ConfigLexer::at_key() {
  const std::uint32_t rune = peek();
  if (is_separator(rune)) {
    return fail("Unexpected key separator '" + shown(rune) + "'");
  }
  if (is_unicode_space(rune)) {
    take();
    return mark();
  }
  if (rune == '"' || rune == '\'') {
    take();
    mark();
    return read_quoted_key(static_cast<char>(rune), false);
  }
  mark();
  take();
  read_bare_key(false);
}

void ConfigLexer::read_bare_key(bool in_map) {
  while (true) {
    const std::uint32_t rune = peek();
    if (in_map && rune == 0) {
      return fail("Unexpected EOF processing map key.");
    }
    if (is_unicode_space(rune)) {
      return finish_bare_key(in_map);
    }
    if (is_separator(rune) || rune == 0) {
      emit(TokenKind::key);
      state_ = in_map ? State::map_key_after : State::key_after;
      return;
    }
    take();
  }
}

// A key followed by a blank may be the word "include".
void ConfigLexer::finish_bare_key(bool in_map) {
  if (lower_case(input_.substr(start_, position_ - start_)) == "include") {
    mark();
    if (in_map) {
      push(State::map_after);
    }
    while (is_blank(peek())) {
      take();
      mark();
    }
    state_ = State::include_name;
    return;
  }
  emit(TokenKind::key);
  state_ = in_map ? State::map_key_after : State::key_after;
}

void ConfigLexer::read_quoted_key(char quote, bool in_map) {
  while (true) {
    const std::uint32_t rune = peek();
    if (rune == 0) {
      if (!in_map) {
        return end_or_error();
      }
      return fail(quote == '"' ? "Unexpected EOF processing double quoted map key."
                               : "Unexpected EOF processing quoted map key.");
    }
    if (rune == static_cast<unsigned char>(quote)) {
      emit(TokenKind::key);
      take();
      mark();
      state_ = in_map ? State::map_key_after : State::key_after;
      return;
    }
    take();
  }
}

void ConfigLexer::at_key_after() {
  const std::uint32_t rune = take();
  if (is_unicode_space(rune)) {
    return mark();
  }
  if (is_separator(rune)) {
    mark();
    state_ = State::value;
    return;
  }
  if (rune == 0) {
    return emit(TokenKind::end);
  }
  untake();
  state_ = State::value;
}

void ConfigLexer::at_include_name() {
  const std::uint32_t first = take();
  if (first == '\'' || first == '"') {
    mark();
    while (true) {
      const std::uint32_t rune = take();
      if (rune == 0) {
        return fail(first == '"' ? "Unexpected EOF in double quoted include"
                                 : "Unexpected EOF in quoted include");
      }
      if (rune == first) {
        untake();
        emit(TokenKind::include);
        take();
        mark();
        return pop();
      }
    }
  }
  const auto refuse = [this](const char* what) {
    fail(std::string("Expected include value but found ") + what);
  };
  if (first == '[' || first == '{' || first == '(') {
    return refuse(first == '[' ? "start of an array"
                               : (first == '{' ? "start of a map" : "start of a block"));
  }
  if ((first >= '0' && first <= '9') || first == '-') {
    return refuse("start of a number");
  }
  if (first == '\\' || is_line_break(first)) {
    return refuse(first == '\\' ? "escape sequence" : "new line");
  }
  untake();
  while (true) {
    const std::uint32_t rune = take();
    const bool quote = rune == '\'';
    if (quote || is_line_break(rune) || rune == 0 || rune == ';' || rune == '}' || is_blank(rune)) {
      untake();
      emit(TokenKind::include);
      if (quote) {
        take();
        mark();
      }
      return pop();
    }
  }
}

// ---- arrays -------------------------------------------------------------------------------------

void ConfigLexer::at_array() {
  const std::uint32_t rune = take();
  if (is_unicode_space(rune)) {
    return mark();
  }
  if (skip_comment_after(rune, State::array)) {
    return;
  }
  if (rune == ',' || rune == '/') {
    return fail("Unexpected array value terminator ','.");
  }
  if (rune == ']') {
    mark();
    emit(TokenKind::array_end);
    return pop();
  }
  untake();
  push(State::array_after);
  state_ = State::value;
}

void ConfigLexer::at_array_after() {
  const std::uint32_t rune = take();
  if (is_blank(rune)) {
    return mark();
  }
  if (skip_comment_after(rune, State::array_after)) {
    return;
  }
  if (rune == ',' || rune == '/' || is_line_break(rune)) {
    mark();
    state_ = State::array;
    return;
  }
  if (rune == ']') {
    mark();
    emit(TokenKind::array_end);
    return pop();
  }
  fail("Expected an array value terminator \",\" or an array terminator \"]\", but got '" +
       shown(rune) + "' instead.");
}

// ---- maps ---------------------------------------------------------------------------------------

void ConfigLexer::at_map() {
  const std::uint32_t rune = peek();
  if (is_separator(rune)) {
    return fail("Unexpected key separator '" + shown(rune) + "'.");
  }
  if (rune == ']') {
    return fail("Unexpected array end ']' processing map.");
  }
  if (rune == 0) {
    return fail("Unexpected EOF processing map.");
  }
  if (rune == '#' || rune == '/') {
    take();
    if (skip_comment_after(rune, State::map)) {
      return;
    }
    // A single slash is dropped from the key, as in the reference.
    mark();
    take();
    return read_bare_key(true);
  }
  if (is_unicode_space(rune)) {
    take();
    return mark();
  }
  if (rune == '}') {
    take();
    mark();
    emit(TokenKind::map_end);
    return pop();
  }
  if (rune == '"' || rune == '\'') {
    take();
    mark();
    return read_quoted_key(static_cast<char>(rune), true);
  }
  mark();
  take();
  read_bare_key(true);
}

void ConfigLexer::at_map_key_after() {
  const std::uint32_t rune = take();
  if (is_unicode_space(rune)) {
    return mark();
  }
  if (!is_separator(rune)) {
    untake();
  } else {
    mark();
  }
  state_ = State::map_value;
}

void ConfigLexer::at_map_value() {
  const std::uint32_t rune = take();
  if (is_unicode_space(rune)) {
    return mark();
  }
  if (rune == ',') {
    return fail("Unexpected map value terminator \",\".");
  }
  if (rune == '}') {
    mark();
    emit(TokenKind::map_end);
    return pop();
  }
  untake();
  push(State::map_after);
  state_ = State::value;
}

void ConfigLexer::at_map_after() {
  const std::uint32_t rune = take();
  if (is_blank(rune)) {
    return mark();
  }
  if (skip_comment_after(rune, State::map_after)) {
    return;
  }
  if (rune == ';' || rune == ',' || rune == '/' || is_line_break(rune)) {
    mark();
    state_ = State::map;
    return;
  }
  if (rune == '}') {
    mark();
    emit(TokenKind::map_end);
    return pop();
  }
  fail("Expected a map value terminator \",\" or a map terminator \"}\", but got '" + shown(rune) +
       "' instead.");
}

}  // namespace rubus::io
